"""A slice case is read whole or refused with a line that says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.evaluation.cases import find_cases, human_cases, read_case


def _parts(**changes: object) -> dict:
    mask = np.zeros((8, 9), bool)
    mask[2:5, 3:7] = True
    parts = {
        "image": np.arange(72, dtype=np.float32).reshape(8, 9),
        "mask": mask,
        "spacing": np.array([1.5, 0.5], np.float32),
        "window": np.array([0, 72], np.float32),
        "modality": "CT",
        "structure": "liver_000",
        "human": True,
        "source": "patient 1",
    }
    return {key: value for key, value in (parts | changes).items() if value is not None}


def _saved(path: Path, **changes: object) -> Path:
    np.savez(path, **_parts(**changes))
    return path


def test_a_case_keeps_all_that_was_stored(tmp_path: Path):
    case = read_case(_saved(tmp_path / "liver.npz"))
    assert case.name == "liver"
    assert case.spacing == (1.5, 0.5)
    assert case.window == (0, 72)
    assert case.mask.sum() == 12
    assert (case.modality, case.structure_name, case.source) == ("CT", "liver", "patient 1")
    assert case.human is True


@pytest.mark.parametrize(
    ("structure", "name"),
    [("aorta:52", "aorta"), ("rib_left_9_000", "rib_left_9"), ("label:1", "patient 1 label:1")],
)
def test_structures_of_several_data_sets_share_a_name(tmp_path: Path, structure: str, name: str):
    assert read_case(_saved(tmp_path / "x.npz", structure=structure)).structure_name == name


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"broken\.npz"):
        read_case(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(UnreadableFile, match=r"nowhere\.npz"):
        read_case(tmp_path / "nowhere.npz")


def test_missing_parts_are_listed(tmp_path: Path):
    with pytest.raises(UnreadableFile, match="lacks spacing, source"):
        read_case(_saved(tmp_path / "x.npz", spacing=None, source=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"mask": np.zeros((8, 9), bool)},
        {"mask": np.ones((9, 8), bool)},
        {"image": np.ones((2, 8, 9), np.float32)},
        {"spacing": np.array([1.0, 0.0])},
        {"spacing": np.array([1.0, 1.0, 1.0])},
        {"window": np.array([5.0, 5.0])},
        {"window": np.array([-np.inf, np.inf])},
        {"spacing": np.array(["a", "b"])},
        {"image": np.full((8, 9), "x")},
        {"image": np.ones((8, 9), complex)},
        {"image": np.full((8, 9), np.nan)},
        {"human": np.array([True, False])},
        {"human": "False"},
        {"human": 2},
        {"modality": np.array(["CT", "MR"])},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, changes: dict):
    with pytest.raises(InputError, match=rf"{next(iter(changes))}.*x\.npz"):
        read_case(_saved(tmp_path / "x.npz", **changes))


def test_several_structures_are_not_measured_as_one(tmp_path: Path):
    mask = _parts()["mask"].astype(np.uint8)
    mask[7] = 3
    with pytest.raises(InputError, match=r"x\.npz has 2 values beside 0 \(1 to 3\)"):
        read_case(_saved(tmp_path / "x.npz", mask=mask))


def test_a_background_of_nan_is_not_taken_for_the_structure(tmp_path: Path):
    mask = np.where(_parts()["mask"], 1, np.nan)
    with pytest.raises(InputError, match="NaN"):
        read_case(_saved(tmp_path / "x.npz", mask=mask))


def test_texts_and_answers_may_be_stored_in_other_ways(tmp_path: Path):
    case = read_case(_saved(tmp_path / "x.npz", modality=b"CT", source=7, human=np.uint8([0])))
    assert (case.modality, case.source, case.human) == ("CT", "7", False)


def test_a_case_as_a_volume_has_its_spacing_and_modality(tmp_path: Path):
    volume = read_case(_saved(tmp_path / "x.npz")).volume
    assert volume.shape == (1, 8, 9)
    assert tuple(volume.spacing[1:]) == (1.5, 0.5)
    assert volume.modality == "CT"


def test_cases_are_found_in_order_thinned_and_limited(tmp_path: Path):
    for name in "cabde":
        _saved(tmp_path / f"{name}.npz")
    assert [path.stem for path in find_cases(tmp_path)] == list("abcde")
    assert [path.stem for path in find_cases(tmp_path, every=2)] == list("ace")
    assert [path.stem for path in find_cases(tmp_path, every=2, limit=2)] == list("ac")


def test_masks_that_a_model_made_may_be_left_out(tmp_path: Path):
    for name, human in {"a": True, "b": False}.items():
        _saved(tmp_path / f"{name}.npz", human=human)
    assert [case.name for case in human_cases(tmp_path)] == ["a"]


def test_a_folder_without_cases_is_refused(tmp_path: Path):
    with pytest.raises(UnreadableFile, match="none lies there"):
        find_cases(tmp_path)
    with pytest.raises(UnreadableFile, match="is none"):
        find_cases(tmp_path / "missing")
    with pytest.raises(InputError, match="count from 1"):
        find_cases(tmp_path, every=0)


@pytest.mark.shared
def test_the_shared_slices_are_all_readable(shared_data: Path):
    cases = [read_case(path) for path in find_cases(shared_data / "slices")]
    assert len(cases) == 196
    assert {case.modality for case in cases} == {"CT", "MR", "US", "X-ray"}
