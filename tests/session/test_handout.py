"""What is handed out are the objects as they are, each cut out by its own box."""

from __future__ import annotations

import numpy as np

from napari_samunet.io.segments import Segment
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.session import Session


def test_objects_are_handed_out_whole_without_a_volume_for_each(session: Session, monkeypatch):
    rng = np.random.default_rng(6)
    labels = np.zeros(session.volume.shape, int)
    for number in range(1, 6):
        z, y, x = rng.integers(0, (3, 20, 25))
        labels[z : z + 3, y : y + 20, x : x + 25][rng.random((3, 20, 25)) < 0.1] = number
    labels[0, 0, 0], labels[-1, -1, -1], labels[3, 4, 5] = 6, 6, 7
    session.set_labels(labels)
    session.new_object("nothing yet")
    monkeypatch.delattr(ObjectState, "mask")
    segments = session.handout().segments()
    assert [segment.number for segment in segments] == list(range(1, 8))
    for segment in segments:
        wanted = Segment.of(segment.number, segment.name, labels == segment.number)
        assert segment.corner == wanted.corner
        np.testing.assert_array_equal(segment.crop, wanted.crop)
