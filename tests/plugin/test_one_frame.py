"""What a click changes is drawn with its answer, but nobody waits for it before a still window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from napari_samunet.inference.painted import painted_prediction

pytestmark = pytest.mark.viewer


@pytest.fixture
def slow(screen) -> Iterator:
    """A model that answers when it is told to."""
    screen.hold_model()
    yield screen
    screen.engine.go.set()


def _points(screen):
    layer = screen.controller.work.shown.find("points")
    return 0 if layer is None else len(layer.data)


def test_a_click_whose_answer_takes_long_is_drawn_without_it(slow):
    slow.click(30, 40, wait=False)
    slow.until(lambda: _points(slow) == 1 and slow.viewer.window._qt_window.updatesEnabled())
    assert slow.controller.waiting


def test_the_window_is_drawn_again_when_the_answer_is_there(screen):
    for col in (40, 44, 48):
        screen.click(30, col)
        screen.settle(0.05)
        assert screen.viewer.window._qt_window.updatesEnabled()
    assert _points(screen) == 3


def test_a_closed_panel_leaves_a_window_that_is_drawn(slow):
    slow.controller.asking.asked.emit()
    assert not slow.viewer.window._qt_window.updatesEnabled()
    slow.widget.close_session()
    assert slow.viewer.window._qt_window.updatesEnabled()


def test_the_first_look_is_shown_while_closer_ones_are_due(slow, monkeypatch):
    mask = np.zeros((60, 80), bool)
    mask[25:35, 35:45] = True
    glimpse = lambda *_question: painted_prediction(mask)  # noqa: E731
    monkeypatch.setattr(slow.engine, "glimpse", glimpse, raising=False)
    slow.click(30, 40, wait=False)
    preview = slow.controller.work.shown.find("preview")
    slow.until(lambda: preview.data.any())
    np.testing.assert_array_equal(preview.data[3] > 0, mask)
    assert slow.session.preview is None  # nothing that could be accepted yet
    slow.engine.go.set()
    slow.answered()
    np.testing.assert_array_equal(preview.data[3] > 0, slow.session.preview.mask)
    assert not np.array_equal(slow.session.preview.mask, mask)


def test_closer_looks_wait_until_the_first_one_is_drawn(screen, monkeypatch):
    screen.click(30, 40)  # the layer of the mask is there
    screen.controller.discard()
    preview, shown = screen.controller.work.shown.find("preview"), []
    glimpse = lambda *_question: painted_prediction(np.ones((60, 80), bool))  # noqa: E731
    predict = screen.engine.predict

    def closer(*question, **named):
        shown.append(bool(preview.data[3].all()))
        return predict(*question, **named)

    monkeypatch.setattr(screen.engine, "glimpse", glimpse, raising=False)
    monkeypatch.setattr(screen.engine, "predict", closer)
    screen.click(30, 40)
    assert shown == [True]


def test_a_first_look_that_fails_does_not_keep_the_answer_waiting(screen, monkeypatch):
    def glimpse(*_question):
        raise ValueError("no look")

    monkeypatch.setattr(screen.engine, "glimpse", glimpse, raising=False)
    screen.click(30, 40)
    assert screen.session.preview is not None


def test_the_first_look_of_a_click_that_was_taken_back_is_not_shown(slow, monkeypatch):
    def glimpse(*_question):
        slow.engine.go.wait(20)
        return painted_prediction(np.ones((60, 80), bool))

    monkeypatch.setattr(slow.engine, "glimpse", glimpse, raising=False)
    slow.click(30, 40, wait=False)
    slow.controller.undo()
    slow.engine.go.set()
    slow.settle(0.3)
    preview = slow.controller.work.shown.find("preview")
    assert preview is None or not preview.data.any()
