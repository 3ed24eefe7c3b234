"""Who gets the voxels that two objects claim holds however a mask comes about."""

from __future__ import annotations

import pytest

from napari_samunet.errors import InputError
from napari_samunet.session.session import Session

SIZE = (40, 50)


def _neighbours(session: Session, draw, rule: str):
    """A liver, and a vein that begins beside it on the slice before."""
    session.overlap = rule
    session.paint(draw(SIZE, 5, 5, 20), index=3)
    liver = session.accept()
    session.paint(draw(SIZE, 8, 8, 10), index=2)
    return liver, session.accept()


@pytest.mark.parametrize(
    ("rule", "voxels"), [("both", (400, 200)), ("keep", (400, 100)), ("replace", (300, 200))]
)
def test_where_an_accepted_object_is_carried_on_into_another(session, draw, rule, voxels):
    liver, vein = _neighbours(session, draw, rule)
    assert session.propagate(2, 3) == (3,)
    assert (liver.voxels, vein.voxels) == voxels
    session.undo()
    assert (liver.voxels, vein.voxels) == (400, 100)


def test_where_an_accepted_object_is_carried_on_into_a_locked_one(session, draw):
    liver, vein = _neighbours(session, draw, "replace")
    session.lock_object(liver)
    session.propagate(2, 3)
    assert (liver.voxels, vein.voxels) == (400, 100)


@pytest.mark.parametrize(
    ("rule", "voxels"), [("both", (16, 144)), ("keep", (16, 128)), ("replace", (0, 144))]
)
def test_where_another_object_lies_in_a_hole_that_is_filled(session, draw, rule, voxels):
    session.overlap = rule
    session.paint(draw(SIZE, 12, 12, 4), index=2)
    core = session.accept()
    session.paint(draw(SIZE, 8, 8, 12) & ~draw(SIZE, 11, 11, 6), index=2)
    ring = session.accept()
    assert session.fill_holes(ring) == voxels[1] - 108
    assert (core.voxels, ring.voxels) == voxels


def test_a_rule_that_is_misspelt_is_told_before_anything_is_written(session, draw):
    session.paint(draw(SIZE, 5, 5), index=2)
    session.overlap = "Replace"
    with pytest.raises(InputError, match="replace"):
        session.accept()
    assert session.preview is not None
    assert not session.labels.any()


def test_filling_holes_takes_only_what_it_fills(session, draw):
    session.paint(draw(SIZE, 5, 5, 10), index=2)
    kidney = session.accept()
    session.paint(draw(SIZE, 10, 10, 10), index=2)
    tumour = session.accept()
    session.overlap = "replace"
    session.fill_holes(tumour)
    assert kidney.voxels == 100, "they shared voxels before, and there was no hole"
