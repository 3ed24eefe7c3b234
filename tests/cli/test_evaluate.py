"""An evaluation of a night is refused at dusk, or runs through."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from held_files import files_no_longer_than

from napari_samunet.cli.main import main
from napari_samunet.errors import ExportRefused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two slice cases, of a modality that macro knows and of one that it does not."""
    mask = np.zeros((48, 48), bool)
    mask[10:30, 12:30] = True
    facts = {"structure": "liver", "human": True, "source": "p"}
    parts = {"image": mask.astype(np.float32), "mask": mask, "spacing": np.ones(2)}
    for name, modality in {"a": "CT", "b": "MRI"}.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, window=np.array([0, 1]), modality=modality, **parts, **facts)
    return tmp_path


def test_cases_that_cannot_be_read_are_told_before_any_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_arguments: object) -> None:
        raise AssertionError("this case was measured in vain")

    monkeypatch.setattr("napari_samunet.evaluation.protocol.measure_case", measure)
    for name in ("y", "z"):
        (folder / f"{name}.npz").write_text("no case")
    assert main(["evaluate", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "y.npz is unreadable" in line
    assert "1 more cases cannot be measured" in line


def test_a_modality_that_macro_leaves_out_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(folder), "--clicks", "1"]) == 0
    told = capsys.readouterr().err
    assert "those of 'MRI' are measured, but not counted" in told


@pytest.mark.parametrize("option", ["--pictures", "--plots"])
@pytest.mark.parametrize("made", [True, False])
def test_a_disk_that_is_full_costs_the_pictures_and_nothing_else(
    folder: Path,
    untrained: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    made: bool,
) -> None:
    drawn = folder / "drawn"
    command = ["evaluate", str(folder), "--model", str(untrained), option, str(drawn)]
    if made:
        drawn.mkdir()
    else:
        monkeypatch.setattr(Path, "mkdir", _full)
    with files_no_longer_than(1000):
        assert main([*command, "--clicks", "1"]) == 2
    told = capsys.readouterr()
    assert "macro" in told.out.lower()
    assert re.search(r"drawn\S* cannot be (written|made) .*make room", told.err.splitlines()[-1])
    assert not made or list(drawn.iterdir()) == []


def test_a_report_that_cannot_be_written_costs_no_picture(
    folder: Path, untrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, text: str) -> None:
        raise ExportRefused("no room")

    monkeypatch.setattr("napari_samunet.cli.evaluate.replace_text", refused)
    options = ["--json", str(folder / "out.json"), "--pictures", str(folder), "--clicks", "1"]
    assert main(["evaluate", str(folder), "--model", str(untrained), *options]) == 2
    assert (folder / "sheet.png").is_file()


def test_all_that_could_not_be_written_is_named(
    folder: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "drawn").mkdir()
    options = ["--json", str(folder / "out.json"), "--pictures", str(folder / "drawn")]
    with files_no_longer_than(1000):
        assert main(["evaluate", str(folder), "--model", str(untrained), *options]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert "out.json cannot be written" in told
    assert ".png cannot be written" in told


def _full(*_arguments: object, **_options: object) -> None:
    raise OSError(28, "No space left on device")
