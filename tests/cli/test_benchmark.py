"""One command tells how fast this machine is, and leaves the numbers behind."""

import json

import pytest

from napari_samunet.cli.main import main


def test_the_built_in_model_is_measured_beside_its_plain_form(tmp_path, capsys):
    path, text = tmp_path / "times.json", tmp_path / "times.md"
    command = ["benchmark", "--only", "model", "--repeat", "2", "--device", "cpu"]
    assert main([*command, "--json", str(path), "--markdown", str(text)]) == 0
    rows = json.loads(path.read_text())["rows"]
    encoded = {row["name"]: row["values"] for row in rows if row["section"].startswith("encode")}
    assert set(encoded) == {"plain PyTorch", "ours"}
    assert all(len(values) == 2 and min(values) > 0 for values in encoded.values())
    assert "encode, builtin at 128 px" in capsys.readouterr().out
    assert " ms " not in text.read_text()


@pytest.mark.parametrize("options", [["--repeat", "0"], ["--json", "nowhere/times.json"]])
def test_a_wrong_option_is_told_before_anything_is_measured(options, capsys):
    assert main(["benchmark", *options]) == 2
    assert "Traceback" not in capsys.readouterr().err
