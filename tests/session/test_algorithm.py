"""What leaves a session says truly whether a model had a part in it, and which."""

from __future__ import annotations

from dataclasses import dataclass

from disc_engine import SHAPE, DiscEngine, square

from napari_samunet.io.origin import Algorithm
from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session

PAINTED = square(SHAPE[1:], 10, 10, 20)


@dataclass(frozen=True)
class System:
    """What tells a network."""

    name: str = "builtin"
    model_hash: str = "builtin-0b"


class LentEngine(DiscEngine):
    """The engine of a window, which several sessions share."""

    system = System()


def algorithms(session: Session) -> list[Algorithm | None]:
    return [segment.algorithm for segment in session.handout().segments()]


def test_the_model_of_a_window_which_answers_beside_the_session_is_named(volume: Volume):
    engine = LentEngine()
    session = Session(volume, engine)
    session.add_point((20, 20), index=3, predict=False)
    request = session.request()
    session.apply(request, request.answer(engine))
    session.accept()
    (algorithm,) = algorithms(session)
    assert (algorithm.name, algorithm.digest) == ("builtin", "builtin-0b")


def test_what_a_person_painted_is_no_models(volume: Volume):
    session = Session(volume, LentEngine())
    session.paint(PAINTED, index=2)
    session.accept()
    assert algorithms(session) == [None]


def test_what_was_carried_on_from_paint_is(volume: Volume):
    session = Session(volume, LentEngine())
    session.paint(PAINTED, index=2)
    session.accept()
    session.select(1)
    session.propagate(0, 5)
    (algorithm,) = algorithms(session)
    assert algorithm.name == "builtin"


def test_masks_from_a_file_that_a_person_corrected_with_a_brush_are_no_models(volume: Volume):
    session = Session(volume, LentEngine())
    labels = session.labels.copy()
    labels[1:4, 5:15, 5:15] = 1
    session.set_labels(labels)
    labels[2, 15:20, 5:15] = 1
    session.repaint(labels, [2])
    assert algorithms(session) == [None]
