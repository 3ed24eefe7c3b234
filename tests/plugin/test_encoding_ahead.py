"""The slice on which the slider rests is encoded before anybody clicks on it."""

from __future__ import annotations

import pytest

from napari_samunet.plugin.gestures import Tool
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _encoded(screen):
    return [ref for ref, _calls in screen.engine.encoded]


def test_the_slice_that_is_shown_is_encoded_ahead(screen):
    screen.until(lambda: SliceRef(0, 3) in _encoded(screen))
    screen.viewer.dims.set_point(0, 5)
    screen.until(lambda: SliceRef(0, 5) in _encoded(screen))
    assert not screen.controller.is_busy
    assert not screen.engine.calls


def test_slices_that_are_scrolled_over_are_not(screen):
    for index in (4, 5, 6, 1):
        screen.viewer.dims.set_point(0, index)
        screen.settle(0.01)
    screen.until(lambda: SliceRef(0, 1) in _encoded(screen))
    assert not {SliceRef(0, 4), SliceRef(0, 5), SliceRef(0, 6)} & set(_encoded(screen))


def test_a_click_goes_before_a_slice_that_waits(screen):
    screen.until(lambda: screen.engine.encoded)
    screen.engine.go.clear()
    screen.viewer.dims.set_point(0, 4)
    screen.settle(0.2)  # 4 is being encoded
    screen.viewer.dims.set_point(0, 5)
    screen.settle(0.2)  # 5 waits
    screen.click(30, 40, wait=False)
    screen.engine.go.set()
    screen.answered()
    assert screen.session.preview.mask[30, 40]
    screen.until(lambda: (SliceRef(0, 5), 1) in screen.engine.encoded)
    assert (SliceRef(0, 5), 0) not in screen.engine.encoded


def test_nothing_is_encoded_for_a_brush(screen):
    screen.controller.set_tool(Tool.PAINT)
    screen.viewer.dims.set_point(0, 6)
    screen.settle(0.25)
    assert SliceRef(0, 6) not in _encoded(screen)
