"""A model that answers at once, and a small volume, for commands that need both."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the built-in member as they are before training: any answer, but a real one."""
    import torch

    from napari_samunet.models.samunet import MEMBERS, build
    from napari_samunet.training.weights import save_weights

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_weights(build(MEMBERS["builtin"]), path, {})
    return path


@pytest.fixture
def oblique_image(tmp_path: Path) -> Path:
    """A flipped, tilted, anisotropic NIfTI with a bright ball, shape (30, 40, 12) as stored."""
    i, j, k = np.ogrid[:30, :40, :12]
    ball = (i - 14) ** 2 + (j - 18) ** 2 + ((k - 6) * 3) ** 2 < 9**2
    affine = np.array(
        [[-0.8, 0.1, 0, 30], [0.08, 0.99, -0.3, -20], [0, 0.1, 2.9, 5], [0, 0, 0, 1]], float
    )
    image = nibabel.Nifti1Image((ball * 300 - 100).astype(np.int16), affine)
    image.set_sform(affine, code=2)
    image.set_qform(affine, code=1, strip_shears=True)
    path = tmp_path / "image.nii.gz"
    nibabel.save(image, path)
    return path
