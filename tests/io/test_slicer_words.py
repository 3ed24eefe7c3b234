"""Segments of 3D Slicer keep their names, whichever version wrote them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.io.masks import read_masks
from napari_samunet.io.volume import Volume

SHAPE = (3, 6, 7)
VOLUME = Volume.from_array(np.zeros(SHAPE))


def block(start: int) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    mask[1, start : start + 3, 2:5] = 1
    return mask


def saved(path: Path, layers: list[np.ndarray], words: dict[str, str]) -> Path:
    image = sitk.GetImageFromArray(layers[0])
    if len(layers) > 1:
        image = sitk.GetImageFromArray(np.stack(layers, axis=-1), isVector=True)
    for word, value in words.items():
        image.SetMetaData(word, value)
    sitk.WriteImage(image, str(path))
    return path


def old(*places: int) -> dict[str, str]:
    """What a version before 4.11 says: neither numbers nor layers."""
    words = {}
    for n in places:
        words |= {f"Segment{n}_ID": f"Segment_{n + 1}", f"Segment{n}_Name": f"part {n}"}
        words[f"Segment{n}_Color"] = f"0.5 0.2 0.{n}"
    return words


@pytest.mark.parametrize("count", [2, 12])
def test_segments_of_an_old_version_keep_names_and_colours(tmp_path: Path, count: int) -> None:
    layers = [block(n % 4) for n in range(count)]
    path = saved(tmp_path / "a.seg.nrrd", layers, old(*range(count)))
    found = read_masks(path, VOLUME).segments
    assert [(s.number, s.name) for s in found] == [(n + 1, f"part {n}") for n in range(count)]
    assert [s.color for s in found] == [(0.5, 0.2, float(f"0.{n}")) for n in range(count)]
    for segment, layer in zip(found, layers, strict=True):
        assert np.array_equal(segment.mask(SHAPE), layer)


@pytest.mark.parametrize("place", [0, 3])
def test_the_only_segment_of_an_old_version_keeps_its_name(tmp_path: Path, place: int) -> None:
    (found,) = read_masks(saved(tmp_path / "a.seg.nrrd", [block(0)], old(place)), VOLUME).segments
    assert (found.number, found.name) == (1, f"part {place}")


def test_names_without_numbers_in_one_layer_are_given_to_none(tmp_path: Path) -> None:
    labels = block(0) + 2 * block(3)
    found = read_masks(saved(tmp_path / "a.seg.nrrd", [labels], old(0, 1)), VOLUME).segments
    assert [segment.name for segment in found] == ["object 1", "object 2"]


def test_a_segment_without_a_number_takes_no_name_of_one_that_has_it(tmp_path: Path) -> None:
    words = old(0, 1) | {"Segment0_LabelValue": "1", "Segment0_Layer": "0"}
    (found,) = read_masks(saved(tmp_path / "a.seg.nrrd", [block(0)], words), VOLUME).segments
    assert found.name == "part 0"


def test_objects_that_nobody_named_are_called_by_the_numbers_they_get(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.seg.nrrd", [block(0), block(2)], {})
    found = read_masks(path, VOLUME).segments
    assert [(s.number, s.name) for s in found] == [(1, "object 1"), (2, "object 2")]
