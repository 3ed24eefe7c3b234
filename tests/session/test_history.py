"""Every step can be taken back and made again, exactly, a hundred times and without much memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import pytest
from disc_engine import DiscEngine, make_session
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_samunet.io.volume import Volume
from napari_samunet.session.history import MAX_STEPS, MIN_STEPS, History
from napari_samunet.session.session import Session
from napari_samunet.session.state import settled_bytes


@dataclass(eq=False)
class Seen:
    """All that a person can see of a session."""

    labels: np.ndarray
    preview: object
    previews: dict
    prompts: tuple
    objects: list
    current: object
    masks: list = field(default_factory=list)

    @classmethod
    def of(cls, session: Session) -> Seen:
        return cls(
            session.labels.copy(),
            session.preview,
            session.previews,
            session.prompts,
            [(item.id, item.name, item.color, item.keys) for item in session.objects],
            session.current,
            [item.mask for item in session.objects],
        )

    def check(self, session: Session) -> None:
        """Compare with what is seen now; answers must be the very same ones."""
        now = Seen.of(session)
        np.testing.assert_array_equal(now.labels, self.labels)
        assert now.preview is self.preview
        assert now.previews == self.previews
        assert now.prompts == self.prompts
        assert now.objects == self.objects
        assert now.current == self.current
        for mask, earlier in zip(now.masks, self.masks, strict=True):
            np.testing.assert_array_equal(mask, earlier)


def _paint(session: Session) -> None:
    mask = np.zeros((40, 50), bool)
    mask[2:9, 3:30] = True
    session.paint(mask, index=4)


def _labels(session: Session) -> None:
    array = session.labels.copy()
    array[5, :4, :4] = 9
    session.set_labels(array)


def _scribble(session: Session) -> None:
    mask = np.zeros((40, 50), bool)
    mask[20, 5:25] = True
    session.add_scribble(mask, index=2)


def _remove(session: Session) -> None:
    session.remove_prompt(session.prompts[-1])


def _accept(session: Session) -> None:
    if not session.previews:
        session.add_point((7, 7), index=1)
    session.accept()


def _correct_first(session: Session) -> None:
    session.select(session.objects[0])
    session.add_point((8, 9), positive=False, index=2)


STEPS = {
    "point": lambda s: s.add_point((10, 12), index=2),
    "negative": lambda s: s.add_point((11, 14), positive=False, index=2),
    "box": lambda s: s.add_box((15, 15, 25, 30), index=3),
    "side": lambda s: s.add_point((2, 20), index=11, axis=1),
    "window": lambda s: s.add_point((12, 12), index=2, window=(0, 70)),
    "scribble": _scribble,
    "paint": _paint,
    "remove": lambda s: _remove(s) if s.prompts else s.add_point((5, 5), index=0),
    "accept": _accept,
    "new": lambda s: s.new_object("another"),
    "rename": lambda s: s.rename_object(s.objects[-1], "renamed") if s.objects else None,
    "delete": lambda s: s.delete_object(s.objects[-1]) if s.objects else None,
    "discard": lambda s: s.discard(),
    "labels": _labels,
    "propagate": lambda s: s.propagate(1, 4, axis=0) if _can_propagate(s) else None,
    "correct": lambda s: _correct_first(s) if s.objects else None,
}


def _can_propagate(session: Session) -> bool:
    try:
        return bool(session.plan_propagation(1, 4, axis=0))
    except ValueError:
        return False


@pytest.mark.parametrize("name", STEPS)
def test_each_action_is_taken_back_and_made_again(session: Session, name: str):
    session.add_point((10, 12), index=2)
    session.accept()
    session.add_point((20, 22), index=2)
    if name in ("propagate", "remove", "discard"):
        session.add_point((30, 22), index=3)
    before, depth = Seen.of(session), len(session._history)
    STEPS[name](session)
    steps = len(session._history) - depth
    assert steps >= 1
    after = Seen.of(session)
    for _ in range(steps):
        assert session.undo()
    before.labels = before.labels.copy()
    if name == "correct":  # which object is current is not a step of its own
        session.select(before.current)
    before.check(session)
    if name == "correct":
        return
    for _ in range(steps):
        assert session.redo()
    after.check(session)


@settings(max_examples=25, deadline=None)
@given(names=st.lists(st.sampled_from(sorted(set(STEPS) - {"correct"})), max_size=14))
def test_any_order_of_actions_goes_back_to_the_start_and_forward_again(names: list[str]):
    session = make_session()
    seen = [Seen.of(session)]
    for name in names:
        depth = len(session._history)
        STEPS[name](session)
        # An action of several steps is seen as a whole: only its end is compared.
        seen += [None] * (len(session._history) - depth - 1)
        if len(session._history) > depth:
            seen.append(Seen.of(session))
    for earlier in reversed(seen[:-1]):
        assert session.undo()
        if earlier is not None:
            earlier.check(session)
    assert not session.undo()
    for later in seen[1:]:
        assert session.redo()
        if later is not None:
            later.check(session)
    assert not session.redo()


def test_the_click_after_an_undo_corrects_the_answer_that_is_shown(session: Session, engine):
    session.add_point((10, 12), index=2)
    shown = session.preview
    session.add_point((30, 30), index=2)
    session.undo()
    session.add_point((11, 12), index=2)
    assert engine.asked[-1].previous is shown
    np.testing.assert_array_equal(engine.asked[-1].prompts.points, [(10, 12), (11, 12)])
    assert not session.can_redo


def test_undo_asks_no_model(session: Session, engine):
    session.add_point((10, 12), index=2)
    session.add_point((30, 30), index=2)
    session.undo()
    session.redo()
    assert len(engine.asked) == 2


def test_undo_and_redo_say_what_they_do(session: Session):
    assert (session.undo(), session.redo()) == (False, False)
    session.add_point((10, 12), index=2)
    session.accept()
    assert session.undo_name == "accept"
    session.undo()
    assert (session.undo_name, session.redo_name) == ("point", "accept")


def test_a_hundred_and_fifty_clicks_are_taken_back(session: Session):
    seen = [Seen.of(session)]
    for number in range(150):
        session.add_point((number % 40, number % 50), index=number % 6)
        if number % 10 == 9:
            session.accept()
        seen.append(Seen.of(session))
    for earlier in reversed(seen[:-1]):
        session.undo()
        if session.undo_name != "point" or session.redo_name != "accept":
            earlier.check(session)
        if session.redo_name == "accept":
            session.undo()
            earlier.check(session)
    assert not session.can_undo


def test_old_steps_are_forgotten_when_they_take_too_much_memory():
    history: History[bytes] = History(size_of=lambda value: 10 * 2**20)
    for number in range(MIN_STEPS + 80):
        history.record("step", bytes([number]))
    assert len(history) == MIN_STEPS
    cheap: History[int] = History()
    for number in range(MAX_STEPS + 80):
        cheap.record("step", number)
    assert len(cheap) == MAX_STEPS
    assert cheap.undo(-1) == MAX_STEPS + 79


def test_what_is_kept_for_good_leaves_less_to_the_steps():
    history: History[int] = History(lambda value: 2**20, lambda value: 400 * 2**20)
    for number in range(MIN_STEPS + 80):
        history.record("step", number)
    assert len(history) == 112, "together they keep 512 MB"


def test_an_accepted_slice_counts_with_what_its_correction_needs(session: Session):
    session.add_point((10, 12), index=2)
    kept = session.preview.chosen.nbytes
    assert settled_bytes(session._state) == 0
    session.accept()
    assert settled_bytes(session._state) == kept
    assert session._history._held_by is settled_bytes


def test_steps_on_a_large_volume_copy_none_of_it():
    volume = Volume.from_array(np.zeros((150, 64, 64), np.int16))
    session = Session(volume, DiscEngine())
    session.set_labels(np.ones(volume.shape, np.uint16))
    tracemalloc.start()
    for number in range(100):
        mask = np.zeros((64, 64), bool)
        mask[:3, :3] = True
        session.paint(mask, index=number)
        session.accept()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 100 whole masks would be 61 MB at one byte a voxel, 8 MB packed.
    assert kept < 16 * 2**20
    while session.undo():
        pass
    assert session.objects == ()
