"""What `samunet benchmark` says of opening is measured on the same CT in every format."""

import numpy as np

from napari_samunet.evaluation import opening
from napari_samunet.io.open import open_volume


def test_every_format_is_timed_and_its_memory_compared_with_the_voxels():
    rows = opening.opening(2, count=40, side=128)
    for time, memory, name in zip(rows[::2], rows[1::2], ("DICOM", ".nii", ".nii.gz"), strict=True):
        assert name in time.section
        assert len(time.values) == 2
        assert memory.unit == "%"


def test_the_formats_hold_the_same_voxels(tmp_path):
    voxels = opening._noise(4, 32)
    files = opening._written(tmp_path, voxels)
    for name, path in files.items():
        offset = -1024 if name == "DICOM" else 0
        assert np.array_equal(open_volume(path).array, voxels + offset)
