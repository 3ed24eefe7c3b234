"""A propagation takes its time: what a person does meanwhile, or did before, does not spoil it."""

from __future__ import annotations

import pytest

from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef


def _places(session: Session) -> list[int]:
    return sorted(ref.index for ref in session.previews)


def test_who_went_on_to_another_object_stays_there(session):
    session.add_point((10, 12), index=2)
    liver = session.current
    plan = session.plan_propagation(0, 5)
    found = plan.run(session.engine)
    tumour = session.new_object("tumour")
    assert session.apply_propagation(plan, found, as_preview=True)
    assert session.current == tumour
    session.select(liver)
    assert _places(session) == [0, 1, 2, 3, 4, 5]


def test_an_accepted_object_that_is_carried_on_becomes_the_current_one(session):
    session.add_point((10, 12), index=2)
    liver = session.accept()
    plan = session.plan_propagation(0, 5)
    assert session.apply_propagation(plan, plan.run(session.engine), as_preview=True)
    assert session.current == liver


@pytest.mark.parametrize(
    "change",
    [
        lambda session, item: session.rename_object(item, "liver"),
        lambda session, item: session.show_object(item, False),
        lambda session, item: session.accept(),
        lambda session, item: (session.rename_object(item, "liver"), session.accept()),
    ],
    ids=["renamed", "hidden", "accepted", "both"],
)
def test_what_leaves_the_key_slices_alone_does_not_throw_the_run_away(session, change):
    session.add_point((10, 12), index=2)
    item = session.current
    plan = session.plan_propagation(0, 5)
    found = plan.run(session.engine)
    change(session, item)
    assert session.apply_propagation(plan, found, as_preview=True)
    session.select(item)
    session.accept()
    assert item.slices == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    "change",
    [
        lambda session, item: session.add_point((20, 20), index=2),
        lambda session, item: session.add_point((20, 20), index=4),
        lambda session, item: session.discard(),
        lambda session, item: session.lock_object(item),
        lambda session, item: session.delete_object(item),
        lambda session, item: session.set_labels(session.labels),
    ],
    ids=["corrected", "clicked", "discarded", "locked", "deleted", "replaced"],
)
def test_what_was_found_of_another_object_than_it_is_now_is_not_taken(session, change):
    session.add_point((10, 12), index=2)
    session.add_point((10, 12), index=3)
    item = session.current
    plan = session.plan_propagation(0, 5)
    found = plan.run(session.engine)
    change(session, item)
    assert not session.apply_propagation(plan, found, as_preview=True)


@pytest.mark.parametrize(
    "change",
    [lambda session: session.lock_object(1), lambda session: session.undo()],
    ids=["locked", "undone"],
)
def test_slices_that_were_not_written_are_not_told_as_found(session, change):
    session.add_point((10, 12), index=2)
    session.accept()
    before = session.objects[0].slices

    def changing_once(index: int) -> None:
        if index == 4:
            change(session)

    assert session.propagate(0, 5, progress=changing_once) == ()
    assert all(item.slices in ((), before) for item in session.objects)


def test_an_accept_that_was_cut_by_another_object_ends_the_run(session, draw):
    session.overlap = "keep"
    session.paint(draw((40, 50), 8, 8), index=2)
    session.accept()
    session.add_point((10, 12), index=2)
    plan = session.plan_propagation(0, 5)
    session.accept()
    assert not plan.fits(session._state), "the key slice is not the one that it began with"


def test_a_second_run_leaves_nothing_of_the_first_where_the_object_is_not_found_any_more(
    session, engine
):
    session.add_point((10, 12), index=1)
    session.propagate(0, 5)
    engine.gone = {4, 5}
    session.add_point((11, 12), index=2)
    session.propagate(0, 5)
    assert _places(session) == [0, 1, 2, 3]


def test_a_second_run_leaves_alone_what_lies_outside_its_range(session, engine):
    session.add_point((10, 12), index=1)
    session.propagate(0, 5)
    engine.gone = {3, 4, 5}
    session.propagate(0, 4)
    assert _places(session) == [0, 1, 2, 5]


@pytest.mark.parametrize(("stop", "left"), [(1, [0, 1, 2, 3, 4, 5]), (4, [1, 2, 3, 4, 5])])
def test_a_run_that_was_stopped_leaves_alone_what_it_did_not_reach(session, engine, stop, left):
    """The order: 1, then 0, where it is not found any more, then 3 and on."""
    session.add_point((10, 12), index=2)
    session.propagate(0, 5)
    engine.gone = {0}
    session.propagate(0, 5, progress=lambda index: index != stop)
    assert _places(session) == left
    assert session.previews[SliceRef(0, 5)].mask.any()
