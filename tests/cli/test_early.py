"""A slip is told at once: before torch and a model load, and before anything is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from held_files import refuse_files

from napari_samunet.cli import evaluate
from napari_samunet.cli.main import main
from napari_samunet.models import load


def _line(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("output", "prompts", "said"),
    [
        ("o.nii.gz", "--slice 12 --point 3,4", "slice 12"),
        ("o.nii.gz", "--slice 6 --point 40,4", "(40, 4) was prompted"),
        ("o.nii.gz", "--slice 6 --box 0,0,99,5", "(99, 5) was prompted"),
        ("o.nii.gz", "--slice 6 --point 3,4 --propagate 6:12", "slice 12"),
        ("o.xyz", "--slice 6 --point 3,4", ".dcm, of .seg.nrrd, or of .csv .png .json for"),
        ("o.nii.gz", "--slice 6 --point 3,4 --format rtstruct", "written as nifti"),
        ("o.dcm", "--slice 6 --point 3,4", "DICOM SEG refers to the DICOM series"),
        ("image.nii.gz", "--slice 6 --point 3,4", "image.nii.gz is the image itself"),
    ],
)
def test_what_the_image_alone_tells_is_refused_before_a_model_loads(
    output, prompts, said, oblique_image: Path, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setattr(load, "load_model", _never)
    command = ["segment", str(oblique_image), "-o", str(tmp_path / output)]
    assert main([*command, *prompts.split()]) == 2
    assert said in _line(capsys)


def _never(*_arguments, **_options):
    raise AssertionError("this was to be refused before")


@pytest.mark.parametrize("ending", ["csv", "json", "seg.nrrd"])
def test_what_is_no_label_file_passes_the_check(ending, oblique_image, untrained, tmp_path):
    output = tmp_path / f"o.{ending}"
    command = ["segment", str(oblique_image), "--model", str(untrained), "-o", str(output)]
    assert main([*command, "--slice", "6", "--box", "9,5,27,23"]) == 0
    assert output.is_file()


@pytest.mark.parametrize("option", ["--plots", "--pictures"])
@pytest.mark.parametrize("way", ["file", "read-only"])
def test_a_folder_for_pictures_is_refused_before_anything_is_measured(
    option, way, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setattr("napari_samunet.evaluation.cases.find_cases", _never)
    monkeypatch.setattr("napari_samunet.evaluation.plots.check_plotting", lambda: None)
    folder = tmp_path / "there" / "pictures"
    if way == "file":
        folder.parent.touch()
    else:
        refuse_files(monkeypatch, tmp_path)
    assert main(["evaluate", str(tmp_path), option, str(folder)]) == 2
    assert ("is a file" if way == "file" else "Permission denied") in _line(capsys)


@pytest.mark.parametrize("step", ["replace_text", "say"])
def test_what_a_night_measured_is_there_though_report_or_table_cannot_be_written(
    step, untrained, tmp_path: Path, monkeypatch, capsys
):
    def full(*_arguments) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evaluate, step, full)
    mask = np.zeros((40, 50), bool)
    mask[10:30, 10:40] = True
    facts = {"modality": "CT", "structure": "liver", "human": True, "source": "one"}
    image, window = mask.astype(np.float32), np.array([0, 1])
    np.savez(tmp_path / "c.npz", image=image, mask=mask, spacing=np.ones(2), window=window, **facts)
    command = ["evaluate", str(tmp_path), "--model", str(untrained), "--clicks", "1"]
    with pytest.raises(OSError, match="No space"):
        main([*command, "--json", str(tmp_path / "report.json")])
    assert ("inscribed ellipse" in capsys.readouterr().out) == (step != "say")
    assert (tmp_path / "report.json").exists() == (step != "replace_text")


@pytest.mark.parametrize(
    ("model", "hinted"), [("nosuch", True), ("nosuch.pth", False), ("a/nosuch", False)]
)
def test_a_mistyped_name_of_a_model_leads_to_the_list(model, hinted, capsys):
    assert main(["models", "show", model]) == 2
    line = _line(capsys)
    assert "does not exist" in line
    assert ("take a name that `samunet models` lists" in line) == hinted


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Found no driver on your system. See http://www.example.org/a/b.aspx", "on your system"),
        ("CUDA error: invalid device ordinal\nMore.", "CUDA error: invalid device ordinal"),
    ],
)
def test_a_device_that_is_missing_is_told_in_a_whole_sentence(said, reason, monkeypatch, capsys):
    import torch

    from napari_samunet.errors import BadUsage

    def fail(*_shape, **_options):
        raise RuntimeError(said)

    monkeypatch.setattr(torch, "empty", fail)
    with pytest.raises(BadUsage, match=rf"{reason}\); choose auto or cpu"):
        load.choose_device("cuda")
