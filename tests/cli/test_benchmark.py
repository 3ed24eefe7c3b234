"""One command tells how fast this machine is, and leaves the numbers behind."""

import json
import os

import pytest

from napari_samunet.cli.main import main
from napari_samunet.errors import SamUNetError
from napari_samunet.evaluation.growth import Curve
from napari_samunet.evaluation.timing import Row


def _name_process(*_arguments):
    return [Row(f"a click, in process {os.getpid()}", "ours", (5.0,))]


def _die(*_arguments):
    os.abort()


def test_the_built_in_model_is_measured_beside_its_plain_form(tmp_path, capsys):
    path, text = tmp_path / "times.json", tmp_path / "times.md"
    command = ["benchmark", "--only", "model", "--repeat", "2", "--device", "cpu"]
    assert main([*command, "--json", str(path), "--markdown", str(text)]) == 0
    rows = json.loads(path.read_text())["rows"]
    encoded = {row["name"]: row["values"] for row in rows if row["section"].startswith("encode")}
    assert {"plain PyTorch", "ours"} <= set(encoded)  # and OpenVINO where it is installed
    assert all(len(values) == 2 and min(values) > 0 for values in encoded.values())
    assert "encode, builtin at 128 px" in capsys.readouterr().out
    assert " ms " not in text.read_text()


@pytest.mark.parametrize("options", [["--repeat", "0"], ["--json", "nowhere/times.json"]])
def test_a_wrong_option_is_told_before_anything_is_measured(options, capsys):
    assert main(["benchmark", *options]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_growth_alone_is_told_in_ratios_too(tmp_path, monkeypatch):
    curve = Curve("further click", "clicks so far", (1, 2), (10.0, 30.0))
    monkeypatch.setattr("napari_samunet.evaluation.growth.growth", lambda _model: [curve])
    text = tmp_path / "growth.md"
    assert main(["benchmark", "--only", "growth", "--device", "cpu", "--markdown", str(text)]) == 0
    told = [line.split("|")[3].strip() for line in text.read_text().splitlines() if "ours" in line]
    assert told[-2:] == ["1", "3"]


def _stop(*_arguments):
    raise KeyboardInterrupt


@pytest.mark.parametrize("stopped", ["rows", "growth"])
def test_what_was_measured_before_ctrl_c_is_told_and_written(
    stopped, tmp_path, monkeypatch, capsys
):
    def window(*_arguments):
        yield Row("a click in the window", "ours", (5.0,))
        if stopped == "rows":
            _stop()

    begun = []
    monkeypatch.setattr("napari_samunet.cli.benchmark._in_a_window", window)
    monkeypatch.setattr("napari_samunet.cli.benchmark.need_window", lambda: None)
    monkeypatch.setattr(
        "napari_samunet.evaluation.growth.growth", lambda model: _stop(begun.append(model))
    )
    text = tmp_path / "times.md"
    command = ["benchmark", "--only", "window", "--only", "growth", "--device", "cpu"]
    assert main([*command, "--markdown", str(text)]) == 0
    assert "a click in the window" in capsys.readouterr().out
    assert "a click in the window" in text.read_text()
    assert bool(begun) == (stopped == "growth")


def test_a_table_without_any_time_is_written_all_the_same(tmp_path, monkeypatch):
    rows = [Row("a click in the window", "ours", note="left out: no frame was drawn")]
    monkeypatch.setattr("napari_samunet.cli.benchmark._in_a_window", lambda _args: rows)
    monkeypatch.setattr("napari_samunet.cli.benchmark.need_window", lambda: None)
    text = tmp_path / "times.md"
    command = ["benchmark", "--only", "window", "--device", "cpu", "--markdown", str(text)]
    assert main(command) == 0
    assert "no frame was drawn" in text.read_text()


def test_a_window_that_fails_takes_no_other_figure_along(monkeypatch, capsys):
    def fail(*_arguments):
        raise SamUNetError("no frame was drawn")

    monkeypatch.setattr("napari_samunet.cli.benchmark._alone", fail)
    monkeypatch.setattr("napari_samunet.cli.benchmark.need_window", lambda: None)
    command = ["benchmark", "--only", "window", "--only", "model", "--repeat", "1"]
    assert main([*command, "--device", "cpu"]) == 0
    told = capsys.readouterr().out
    assert "no frame was drawn" in told
    assert "encode, builtin" in told


@pytest.mark.parametrize(("work", "told"), [(_name_process, "a click"), (_die, "left out")])
def test_the_window_is_measured_in_a_process_that_may_even_die(work, told, monkeypatch, capsys):
    monkeypatch.setattr("napari_samunet.cli.benchmark._time_window", work)
    monkeypatch.setattr("napari_samunet.cli.benchmark.need_window", lambda: None)
    assert main(["benchmark", "--only", "window", "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert told in printed
    assert f"process {os.getpid()}" not in printed
