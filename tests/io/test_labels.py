"""Labels lie on the image that they were drawn on, as far as both say where they lie."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from napari_samunet.io.export import export_labels
from napari_samunet.io.labels import read_labels
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume


@pytest.mark.parametrize("picture", ["labels", "image"])
def test_a_picture_says_no_place_so_labels_of_its_size_fit(tmp_path: Path, picture: str) -> None:
    drawn = np.zeros((1, 8, 9), np.uint8)
    drawn[0, 2:5, 3:7] = 3
    placed = Volume.from_array(np.zeros(drawn.shape), spacing=(5, 0.7, 0.7))
    imageio.imwrite(tmp_path / "a.png", drawn[0])
    if picture == "labels":
        found = read_labels(tmp_path / "a.png", placed)
    else:
        path = export_labels(drawn, placed, tmp_path / "a.nii.gz")
        found = read_labels(path, open_volume(tmp_path / "a.png"))
    np.testing.assert_array_equal(found, drawn)
