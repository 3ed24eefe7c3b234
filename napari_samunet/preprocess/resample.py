"""The ways in which systems bring pixels into their frame; ``InputContract`` names them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from skimage.transform import resize, resize_local_mean

from napari_samunet.errors import InputError
from napari_samunet.types import AnyArray

Size = tuple[int, int]


def resample(image: AnyArray, size: Size, kind: str) -> AnyArray:
    """Resample an image (H, W) or (H, W, 3) of 0–255 to ``size`` (rows, columns).

    ``kind`` is one of those of ``InputContract.resample``.

    Raises
    ------
    InputError
        If ``kind`` is not known.
    """
    try:
        return _WAYS[kind](image, size)
    except KeyError:
        raise InputError(f"Resampling is one of {', '.join(_WAYS)}, but {kind!r} came.") from None


def _pil_bilinear(image: AnyArray, size: Size) -> AnyArray:
    picture = Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.BILINEAR))


def _nearest(image: AnyArray, size: Size) -> AnyArray:
    rows = np.arange(size[0]) * image.shape[0] // size[0]
    columns = np.arange(size[1]) * image.shape[1] // size[1]
    return image[rows][:, columns]


def _interpolated(antialias: bool) -> Callable[[AnyArray, Size], AnyArray]:
    def interpolate(image: AnyArray, size: Size) -> AnyArray:
        planes = torch.as_tensor(np.atleast_3d(image).astype(np.float32)).permute(2, 0, 1)[None]
        out = F.interpolate(
            planes, size=size, mode="bilinear", align_corners=False, antialias=antialias
        )
        return out[0].permute(1, 2, 0).numpy().reshape(*size, *image.shape[2:])

    return interpolate


def _bicubic(image: AnyArray, size: Size) -> AnyArray:
    out = resize(image, size, order=3, preserve_range=True, anti_aliasing=True)
    return np.asarray(out).astype(np.uint8)


def _area(image: AnyArray, size: Size) -> AnyArray:
    channel_axis = 2 if image.ndim == 3 else None
    out = resize_local_mean(image, size, preserve_range=True, channel_axis=channel_axis)
    return np.rint(out).astype(np.uint8)


_WAYS: dict[str, Callable[[AnyArray, Size], AnyArray]] = {
    "pil-bilinear": _pil_bilinear,
    "nearest": _nearest,
    "bilinear": _interpolated(antialias=False),
    "antialias": _interpolated(antialias=True),
    "bicubic": _bicubic,
    "area": _area,
}
