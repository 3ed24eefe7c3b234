"""What makes two embeddings equal: the pixels shown, the region, the network and its precision."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from napari_samunet.preprocess.roi import Roi
from napari_samunet.types import AnyArray, Window


@dataclass(frozen=True)
class EmbeddingKey:
    """Identity of an embedding; never the name of a file.

    Attributes
    ----------
    content
        Digest of the slice's pixels with their shape and type.
    window
        (low, high) that they are shown with; None of a colour image.
    roi
        The region shown; None: the whole slice.
    model
        Digest of the weights.
    precision
        Name of the floating-point type that encoded.
    """

    content: str
    window: Window | None
    roi: Roi | None
    model: str
    precision: str = "float32"


def content_digest(slice_yx: AnyArray) -> str:
    """Return a 128-bit digest of a plane (H, W, …): its bytes, shape and type."""
    digest = blake2b(digest_size=16)
    digest.update(f"{slice_yx.shape}{slice_yx.dtype.str}".encode())
    digest.update(np.ascontiguousarray(slice_yx).data)
    return digest.hexdigest()
