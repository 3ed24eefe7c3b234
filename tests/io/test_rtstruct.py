"""Structure sets go between this program and one that rounds to whole pixels, rt-utils."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rt_utils
from dicom_series import save_series

from napari_samunet.io.export import export_labels
from napari_samunet.io.masks import read_masks
from napari_samunet.io.open import open_volume

pytestmark = pytest.mark.filterwarnings("ignore:'FileDataset:DeprecationWarning")


@pytest.mark.parametrize("shape_yx", [(150, 150), (150, 190), (190, 150)])
@pytest.mark.parametrize("radius", [18, 30, 60])
def test_a_reader_that_rounds_to_whole_pixels_finds_nearly_the_same(
    tmp_path: Path, radius: int, shape_yx: tuple[int, int]
) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (3, *shape_yx), spacing=(3.0, 0.8, 0.8)))
    disc = _disc(volume.shape, radius)
    path = export_labels(disc, volume, tmp_path / "a.dcm", "rtstruct", names={1: "disc"})
    loaded = rt_utils.RTStructBuilder.create_from(str(tmp_path / "ct"), str(path))
    order = np.argsort([float(image.ImagePositionPatient[2]) for image in loaded.series_data])
    found = np.moveaxis(loaded.get_roi_mask_by_name("disc"), 2, 0)[order].astype(bool)
    # Of an oblong image it gives a mask of columns × rows, filled as if it were rows × columns:
    # what lies in the square that both share is right, and the disc does.
    square = (slice(None), slice(min(shape_yx)), slice(min(shape_yx)))
    assert found.sum() == found[square].sum()
    assert _dice(found[square], disc[square]) >= 0.95


@pytest.mark.parametrize("shape_yx", [(150, 150), (150, 190), (190, 150)])
def test_a_structure_set_of_another_program_lies_where_that_program_drew_it(
    tmp_path: Path, shape_yx: tuple[int, int]
) -> None:
    volume = open_volume(save_series(tmp_path / "ct", (3, *shape_yx), spacing=(3.0, 0.8, 0.8)))
    disc = _disc(volume.shape, 60)
    made = rt_utils.RTStructBuilder.create_new(str(tmp_path / "ct"))
    made.add_roi(mask=np.moveaxis(disc, 0, 2), name="disc")
    made.save(str(tmp_path / "theirs.dcm"))
    (segment,) = read_masks(tmp_path / "theirs.dcm", volume).segments
    assert _dice(segment.mask(volume.shape), disc) >= 0.95


def _disc(shape: tuple[int, int, int], radius: int) -> np.ndarray:
    z, y, x = np.indices(shape)
    return ((y - 70) ** 2 + (x - 81) ** 2 <= radius**2) & (z > 0)


def _dice(found: np.ndarray, wanted: np.ndarray) -> float:
    return 2 * (found & wanted).sum() / (found.sum() + wanted.sum())
