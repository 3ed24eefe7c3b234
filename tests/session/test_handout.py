"""What is handed out are the objects as they are, each cut out by its own box."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.errors import ExportRefused
from napari_samunet.io.segments import Segment
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.session import Session


def test_a_name_without_a_known_ending_is_refused_with_all_that_a_session_writes(
    session: Session, tmp_path
):
    with pytest.raises(ExportRefused, match=r"\.nii\.gz .*\.dcm, of \.seg\.nrrd.*\.csv \.png"):
        session.export(tmp_path / "labels.txt")
    assert not list(tmp_path.iterdir())


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
