"""Accepted labels stay with the person when the panel is closed; a new panel goes on with them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ReferenceType, WeakKeyDictionary, ref

import numpy as np
from napari.layers import Image, Labels

from napari_samunet.plugin.volumes import stored_data
from napari_samunet.types import UInt16Array

if TYPE_CHECKING:
    from napari.components.layerlist import LayerList

_left: WeakKeyDictionary[Image, ReferenceType[Labels]] = WeakKeyDictionary()


def leave(image: Image, labels: Labels | None) -> None:
    """Remember the accepted labels, if any, of an image that nobody segments any more."""
    if labels is not None:
        _left[image] = ref(labels)


def left_behind(image: Image, layers: LayerList, labels_zyx: UInt16Array) -> Labels | None:
    """Return what was left of an image, if it is still there and shows just these labels."""
    known = _left.get(image)
    layer = None if known is None else known()
    if layer is None or layer not in layers:
        return None
    shown = stored_data(layer)
    same = np.array_equal(shown if layer.ndim == 3 else shown[None], labels_zyx)
    return layer if same else None
