"""`samunet segment` does headless what a click in the window does, and spoils nothing."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from dicom_series import save_series
from disc_engine import DiscEngine

from napari_samunet.cli.main import main
from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume
from napari_samunet.models import load


def _segment(image: Path, model: Path, output: Path, *arguments: str) -> int:
    command = ["segment", str(image), "--model", str(model), "-o", str(output)]
    return main([*command, *arguments])


def test_labels_lie_exactly_on_the_image(oblique_image, untrained, tmp_path, capsys):
    output = tmp_path / "labels.nii.gz"
    assert _segment(oblique_image, untrained, output, "--slice", "6", "--box", "9,5,27,23") == 0
    source, written = nibabel.load(oblique_image), nibabel.load(output)
    assert written.shape == source.shape
    assert np.array_equal(written.get_sform(), source.get_sform())
    assert np.array_equal(written.get_qform(), source.get_qform())
    assert written.get_data_dtype() == np.uint8
    assert "labels.nii.gz" in capsys.readouterr().out


def test_only_the_slice_that_was_prompted_is_labelled(oblique_image, untrained, tmp_path):
    output = tmp_path / "labels.nii.gz"
    prompts = ["--slice", "20", "--axis", "1", "--box", "3,8,9,20", "--point", "6,14"]
    assert _segment(oblique_image, untrained, output, *prompts, "--label", "7") == 0
    labels = np.asarray(nibabel.load(output).dataobj)  # (i, j, k): axis 1 of (z, y, x) is j
    assert set(np.unique(labels)) <= {0, 7}
    assert np.delete(labels, 20, axis=1).sum() == 0


def test_the_same_command_gives_the_same_labels(oblique_image, untrained, tmp_path):
    first, second = tmp_path / "a.nii", tmp_path / "b.nii"
    for output in (first, second):
        _segment(oblique_image, untrained, output, "--slice", "6", "--point", "18,14")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    "prompts",
    [
        ["--slice", "12", "--point", "3,4"],
        ["--slice", "-1", "--point", "3,4"],
        ["--slice", "6", "--point", "40,4"],
        ["--slice", "6", "--point=-1,4"],
        ["--slice", "6", "--box", "0,0,99,5"],
        ["--slice", "6", "--point", "3,4", "--propagate", "6:12"],
        ["--slice", "6", "--point", "3,4", "--device", "abacus"],
        ["--slice", "6", "--point", "3,4,-"],
    ],
    ids=" ".join,
)
def test_nothing_is_written_over_when_the_prompt_is_bad(
    prompts, oblique_image, untrained, tmp_path, capsys
):
    output = tmp_path / "labels.nii.gz"
    output.write_bytes(b"hours of work")
    assert _segment(oblique_image, untrained, output, *prompts) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("samunet")
    assert output.read_bytes() == b"hours of work"
    assert {path.name for path in tmp_path.iterdir()} == {"labels.nii.gz", "image.nii.gz"}


def test_a_file_that_is_no_checkpoint_is_refused(oblique_image, tmp_path, capsys):
    prompts = ["--slice", "6", "--point", "3,4"]
    assert _segment(oblique_image, oblique_image, tmp_path / "x.nii", *prompts) == 2
    assert "heckpoint" in capsys.readouterr().err
    assert not (tmp_path / "x.nii").exists()


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b cut", b"hello"], ids=["empty", "cut", "text"])
def test_an_image_that_is_none_is_refused(content, untrained, tmp_path, capsys):
    image = tmp_path / "broken.nii.gz"
    image.write_bytes(content)
    assert _segment(image, untrained, tmp_path / "x.nii", "--slice", "0", "--point", "3,4") == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "broken.nii.gz" in line


def test_the_image_itself_is_never_written_over(oblique_image, untrained):
    before = oblique_image.read_bytes()
    prompts = ["--slice", "6", "--point", "18,14"]
    assert _segment(oblique_image, untrained, oblique_image, *prompts) == 2
    assert oblique_image.read_bytes() == before


@pytest.mark.parametrize(("given", "labelled"), [("5:7", [5, 6, 7]), ("6:7", [6, 7])])
def test_propagation_labels_every_slice_of_the_range_and_no_other(
    given, labelled, oblique_image, untrained, tmp_path, monkeypatch
):
    # What an untrained model finds is chance; one that fills the box finds something everywhere.
    monkeypatch.setattr(load, "load_model", lambda *_, **__: DiscEngine())
    output = tmp_path / "labels.nii.gz"
    prompts = ["--slice", "6", "--box", "9,5,27,23", "--propagate", given]
    assert _segment(oblique_image, untrained, output, *prompts) == 0
    labels = np.asarray(nibabel.load(output).dataobj)
    assert list(np.flatnonzero(labels.any(axis=(0, 1)))) == labelled


def test_info_tells_what_is_odd_about_an_image(oblique_image, capsys):
    assert main(["info", str(oblique_image)]) == 0
    printed = capsys.readouterr().out
    assert "12 x 40 x 30 (z, y, x)" in printed
    assert "oblique by" in printed
    assert "-100 to 200" in printed


def test_an_evaluation_writes_its_report_and_prints_plain_geometry(untrained, tmp_path, capsys):
    mask = np.zeros((40, 50), bool)
    mask[10:30, 10:40] = True
    parts = {"modality": "CT", "structure": "liver", "human": True, "source": "one"}
    np.savez(
        tmp_path / "case.npz",
        image=mask.astype(np.float32),
        mask=mask,
        spacing=np.ones(2),
        window=np.array([0, 1]),
        **parts,
    )
    report = tmp_path / "report.json"
    command = ["evaluate", str(tmp_path), "--model", str(untrained), "--clicks", "2"]
    assert main([*command, "--json", str(report)]) == 0
    printed = capsys.readouterr().out
    assert "untrained.safetensors" in printed
    assert "inscribed ellipse" in printed
    assert json.loads(report.read_text())["counts"] == {"cases": 1, "human": 1}


@pytest.mark.shared
def test_a_box_and_a_click_find_the_liver_of_a_real_ct(shared_data: Path, tmp_path: Path):
    folder = shared_data / "totalsegmentator"
    truth = np.asarray(nibabel.load(folder / "example_seg_fast_force_split.nii.gz").dataobj) == 5
    index = int(truth.sum(axis=(0, 1)).argmax())
    slice_yx = truth[:, :, index].T
    box = ",".join(map(str, _tight_box(slice_yx)))
    row, column = _middle(slice_yx)
    output = tmp_path / "liver.nii.gz"
    prompts = ["--slice", str(index), "--box", box, "--point", f"{row},{column}"]
    image = folder / "example_ct.nii.gz"
    assert main(["segment", str(image), *prompts, "-o", str(output)]) == 0
    found = np.asarray(nibabel.load(output).dataobj)[:, :, index].T > 0
    dice = 2 * (found & slice_yx).sum() / (found.sum() + slice_yx.sum())
    assert dice >= 0.8


def _tight_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return rows.min(), columns.min(), rows.max(), columns.max()


def _middle(mask: np.ndarray) -> tuple[int, int]:
    from napari_samunet.prompts.simulate import first_click

    return first_click(mask)


def test_a_dicom_series_gets_dicom_with_the_masks_and_their_names(untrained, tmp_path, capsys):
    series = save_series(tmp_path / "ct", (4, 32, 32))
    labels = np.zeros((4, 32, 32), np.uint8)
    labels[1:3, 8:20, 9:21] = 3
    names = {3: "Liver"}
    masks = export_labels(labels, open_volume(series), tmp_path / "m.nrrd", names=names)
    for kind in ("dicom-seg", "rtstruct"):
        output = tmp_path / f"{kind}.dcm"
        prompts = ["--slice", "2", "--box", "6,6,9,9", "--masks", str(masks), "--format", kind]
        assert _segment(series, untrained, output, *prompts) == 0
        liver = next(s for s in read_masks(output, open_volume(series)).segments if s.number <= 3)
        assert liver.name == "Liver"
        assert np.array_equal(liver.mask(labels.shape), labels == 3)
    assert "rtstruct.dcm: label 1" in capsys.readouterr().out


def test_dicom_of_slices_that_lie_askew_leaves_with_a_warning(untrained, tmp_path, capsys):
    series = save_series(tmp_path / "ct", (4, 32, 32))
    for file in series.iterdir():
        image = pydicom.dcmread(file)
        image.ImagePositionPatient[0] += float(image.InstanceNumber)
        image.save_as(file)
    prompts = ["--keep-tilt", "--slice", "2", "--box", "6,6,9,9"]
    assert _segment(series, untrained, tmp_path / "labels.dcm", *prompts) == 0
    assert "samunet: the slices lie askew by 18.4°" in capsys.readouterr().err


def test_dicom_of_an_image_that_is_none_is_refused_in_one_line(
    oblique_image, untrained, tmp_path, capsys
):
    output = tmp_path / "labels.dcm"
    assert _segment(oblique_image, untrained, output, "--slice", "6", "--box", "9,5,27,23") == 2
    error = capsys.readouterr().err
    assert "DICOM SEG refers to the DICOM series of the image" in error
    assert error.count("\n") == 1
    assert not output.exists()


def test_masks_that_exist_already_are_corrected_and_the_others_kept(
    oblique_image, untrained, tmp_path
):
    labels = np.zeros((30, 40, 12), np.uint8)
    labels[5:15, 6:20, 4:8] = 3
    source = nibabel.load(oblique_image)
    nibabel.save(nibabel.Nifti1Image(labels, None, source.header), tmp_path / "a.nii.gz")
    output = tmp_path / "b.nii.gz"
    more = ["--slice", "2", "--box", "4,5,12,14", "--masks", str(tmp_path / "a.nii.gz")]
    assert _segment(oblique_image, untrained, output, *more, "--label", "5") == 0
    after = np.asarray(nibabel.load(output).dataobj)
    assert np.array_equal(after == 3, (labels == 3) & (after != 5))
    assert _segment(oblique_image, untrained, output, *more, "--label", "3") == 0
    assert (np.asarray(nibabel.load(output).dataobj)[..., 4:8] == labels[..., 4:8]).all()


@pytest.mark.parametrize(
    ("label", "overlap", "neighbour", "drawn"),
    [
        ("7", [], 100, 95),
        ("1", [], 100, 96),
        ("7", ["--overlap", "replace"], 51, 144),
        ("1", ["--overlap", "replace"], 51, 145),
        ("7", ["--overlap", "both"], 51, 144),
        ("1", ["--overlap", "both"], 100, 96),
    ],
)
def test_masks_that_exist_lose_nothing_unless_asked_and_what_is_printed_is_in_the_file(
    label, overlap, neighbour, drawn, oblique_image, untrained, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(load, "load_model", lambda *_, **__: DiscEngine())
    labels = np.zeros((30, 40, 12), np.uint8)
    labels[0, 0, 2] = 1
    labels[5:15, 5:15, 6] = 2  # the box below takes 144 voxels, 49 of these among them
    source = nibabel.load(oblique_image)
    nibabel.save(nibabel.Nifti1Image(labels, None, source.header), tmp_path / "a.nii.gz")
    output = tmp_path / "b.nii.gz"
    more = ["--slice", "6", "--box", "8,8,19,19", "--masks", str(tmp_path / "a.nii.gz")]
    assert _segment(oblique_image, untrained, output, *more, "--label", label, *overlap) == 0
    after = np.asarray(nibabel.load(output).dataobj)
    assert ((after == 2).sum(), (after == int(label)).sum()) == (neighbour, drawn)
    told = capsys.readouterr()
    assert f"{drawn} voxels" in told.out or f"shows {drawn} of them" in told.out
    wanted = {"": "add --overlap replace", "both": "overlap in 49 voxels", "replace": ""}
    assert wanted["".join(overlap[1:])] in told.err
    assert ("49 voxels" in told.err) == (overlap[1:] != ["replace"])


def test_neighbours_do_not_change_how_an_object_is_carried_on(
    oblique_image, untrained, tmp_path, monkeypatch
):
    monkeypatch.setattr(load, "load_model", lambda *_, **__: DiscEngine())
    labels = np.zeros((30, 40, 12), np.uint8)
    labels[5:15, 5:15, 6] = 2
    source = nibabel.load(oblique_image)
    nibabel.save(nibabel.Nifti1Image(labels, None, source.header), tmp_path / "a.nii.gz")
    found = []
    for masks in ([], ["--masks", str(tmp_path / "a.nii.gz")]):
        output = tmp_path / "b.nii.gz"
        more = ["--slice", "6", "--box", "8,8,19,19", "--propagate", "5:7", *masks]
        assert _segment(oblique_image, untrained, output, *more) == 0
        found.append(np.asarray(nibabel.load(output).dataobj) == 1)
    alone, beside = found
    assert np.array_equal(beside, alone & (labels == 0))


def test_what_is_not_found_replaces_no_file(
    oblique_image, untrained, tmp_path, monkeypatch, capsys
):
    engine = DiscEngine()
    engine.gone = {6}
    monkeypatch.setattr(load, "load_model", lambda *_, **__: engine)
    output = tmp_path / "b.nii.gz"
    output.write_bytes(b"hours of work")
    assert _segment(oblique_image, untrained, output, "--slice", "6", "--box", "8,8,19,19") == 2
    assert "The model found nothing there" in capsys.readouterr().err
    assert output.read_bytes() == b"hours of work"
