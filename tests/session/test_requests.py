"""A window asks in another thread: the newest prompts are answered, stale answers never shown."""

from __future__ import annotations

import numpy as np
import pytest
from disc_engine import DiscEngine, make_session

from napari_samunet.errors import InputError
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.worker import Worker
from napari_samunet.session.session import Session
from napari_samunet.types import SliceRef


def test_a_click_can_wait_for_its_answer(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2, predict=False)
    assert session.preview is None
    assert not engine.asked
    request = session.request()
    assert (request.object_id, request.ref) == (1, SliceRef(0, 2))
    assert session.apply(request, request.answer(engine))
    assert session.preview.mask[10, 12]
    assert session.request() is None, "nothing waits any more"


def test_an_answer_to_an_earlier_click_is_dropped(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2, predict=False)
    first = session.request()
    session.add_point((30, 30), index=2, predict=False)
    assert not session.apply(first, first.answer(engine))
    assert session.preview is None
    second = session.request()
    np.testing.assert_array_equal(second.prompts.points, [(10, 12), (30, 30)])
    assert session.apply(second, second.answer(engine))
    assert not session.apply(second, second.answer(engine)), "it is shown once"


def test_the_earlier_preview_stays_until_the_answer_comes(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2)
    shown = session.preview
    session.add_point((30, 30), index=2, predict=False)
    assert session.preview is shown
    assert session.request().previous is shown


def test_no_answer_reaches_another_object_or_an_accepted_one(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2, predict=False)
    request = session.request()
    session.accept()  # answers what waits
    assert session.labels[2, 10, 12] == 1
    session.add_point((30, 30), index=2, predict=False)
    assert not session.apply(request, request.answer(engine))
    assert session.request().previous is None
    assert session.preview is None


def test_an_answer_about_another_image_is_never_shown(session: Session, engine: DiscEngine):
    other = make_session()
    for each in (session, other):
        each.add_point((10, 12), index=2, predict=False)
    request = other.request()
    assert not session.apply(request, request.answer(engine))
    assert session.preview is None
    assert session.request() is not None, "its own answer is still waited for"


@pytest.mark.parametrize(
    ("answer", "came"),
    [(None, "NoneType"), (painted_prediction(np.ones((30, 30), bool)), r"\(30, 30\)")],
    ids=["nothing", "another shape"],
)
def test_a_model_that_gives_no_mask_of_the_plane_is_told_of_and_writes_nothing(
    session: Session, engine: DiscEngine, monkeypatch, answer, came
):
    session.add_point((10, 12), index=2, predict=False)
    request = session.request()
    with pytest.raises(InputError, match=came):
        session.apply(request, answer)
    monkeypatch.setattr(engine, "predict", lambda *_, **__: answer)
    with pytest.raises(InputError, match=came):
        session.add_point((12, 12), index=2)
    with pytest.raises(InputError, match=came):
        session.accept()
    assert not session.labels.any()
    assert len(session.prompts) == 1


def test_undo_drops_what_was_asked(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2, predict=False)
    request = session.request()
    session.undo()
    assert session.request() is None
    assert not session.apply(request, request.answer(engine))
    session.redo()
    again = session.request()
    assert session.apply(again, again.answer(engine))


def test_two_slices_in_quick_succession_are_both_answered(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2, predict=False)
    session.add_point((10, 12), index=3, predict=False)
    order = []
    while (request := session.request()) is not None:
        order.append(request.ref.index)
        session.apply(request, request.answer(engine))
    assert order == [3, 2], "what is looked at comes first"
    assert session.accept().slices == (2, 3)


def test_removing_a_click_can_wait_too(session: Session, engine: DiscEngine):
    session.add_point((10, 12), index=2)
    wrong = session.add_point((30, 30), index=2)
    session.remove_prompt(wrong, predict=False)
    request = session.request()
    assert request.previous is None
    assert session.apply(request, request.answer(engine))
    assert not session.preview.mask[30, 30]


def test_quick_clicks_through_the_worker_end_with_all_of_them_in_the_preview(
    session: Session, engine: DiscEngine
):
    worker = Worker()
    for number in range(20):
        session.add_point((2 * number, 10), index=2, predict=False)
        request = session.request()
        worker.submit(
            lambda request=request: request.answer(engine),
            lambda answer, request=request: session.apply(request, answer),
            key=request.object_id,
        )
    assert worker.wait(10)
    assert worker.close(10)
    assert session.preview.mask[::2, 10].all()
    assert session.request() is None


def test_an_answer_to_a_click_that_was_removed_meanwhile_is_not_shown(
    session: Session, engine: DiscEngine
):
    session.add_point((10, 12), index=2, predict=False)
    wrong = session.add_point((30, 30), index=2, predict=False)
    asked = session.request()
    session.remove_prompt(wrong, predict=False)
    assert not session.apply(asked, asked.answer(engine))
    assert session.preview is None
    request = session.request()
    assert session.apply(request, request.answer(engine))
    assert not session.preview.mask[30, 30]
