"""Of what a person settled, only what is asked for is cut out of the masks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.session.objects import ObjectState
from napari_samunet.session.session import Session
from napari_samunet.session.settled import settled_around
from napari_samunet.types import SliceRef


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_click_beside_masks_of_a_file_looks_at_the_nearest_of_them_alone(
    session: Session, axis: int, monkeypatch
):
    session.set_labels(np.ones(session.volume.shape, int))
    cut: list[SliceRef] = []
    mask_at = ObjectState.mask_at

    def counted(item: ObjectState, ref: SliceRef):
        cut.append(ref)
        return mask_at(item, ref)

    monkeypatch.setattr(ObjectState, "mask_at", counted)
    request = session.imagine((1, 1), index=3, axis=axis)
    cut.clear()
    item = session._state.objects[0]
    assert set(settled_around(item, {}, request.ref)) == {2, 4}
    assert len(cut) == 2
