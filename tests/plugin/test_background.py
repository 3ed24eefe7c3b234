"""A job that was forgotten or replaced is never told, however near its end it was."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QApplication

from napari_samunet.plugin.background import Background

pytestmark = pytest.mark.viewer


@pytest.fixture
def background(qapp):
    made = Background()
    yield made
    made.close(wait_s=60)


def done_but_untold(background, work, told) -> None:
    """A job that the thread is done with, while its result waits among Qt's events."""
    background.run("key", work, told.append, told.append)
    assert background._worker.wait(60)


def fail():
    raise ValueError("no")


def test_what_is_done_is_told_once(background):
    told: list[object] = []
    done_but_untold(background, lambda: 1, told)
    assert not told
    QApplication.processEvents()
    QApplication.processEvents()
    assert told == [1]


@pytest.mark.parametrize("work", [lambda: 1, fail])
def test_what_is_forgotten_is_not_told_though_it_was_done(background, work):
    told: list[object] = []
    done_but_untold(background, work, told)
    background.cancel("key")
    QApplication.processEvents()
    assert not told


@pytest.mark.parametrize("work", [lambda: 1, fail])
def test_what_is_replaced_is_not_told_though_it_was_done(background, work):
    told: list[object] = []
    done_but_untold(background, work, told)
    done_but_untold(background, lambda: 2, told)
    QApplication.processEvents()
    assert told == [2]
