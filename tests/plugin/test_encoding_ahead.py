"""The slice on which the slider rests is encoded before anybody clicks on it."""

from __future__ import annotations

import gc
from weakref import ref as weak

import pytest
from qtpy.QtCore import Qt
from torch import nn

from napari_samunet.models.contract import InputContract
from napari_samunet.models.system import System
from napari_samunet.plugin.gestures import Tool
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.viewer


def _encoded(screen):
    return [ref for ref, _calls in screen.engine.encoded]


@pytest.fixture
def resting(screen):
    """Neighbours are left alone, and what was encoded while the window was made is forgotten."""
    screen.controller.ahead.beyond_shown = False
    screen.until(lambda: _encoded(screen))
    screen.settle(0.2)  # one that was on its way
    screen.controller.ahead.forget()
    screen.engine.encoded.clear()
    screen.engine.begun.clear()
    return screen


def test_the_slice_that_is_shown_is_encoded_ahead(screen):
    screen.until(lambda: SliceRef(0, 3) in _encoded(screen))
    screen.viewer.dims.set_point(0, 5)
    screen.until(lambda: SliceRef(0, 5) in _encoded(screen))
    assert not screen.controller.is_busy
    assert not screen.engine.calls


def test_slices_that_are_scrolled_over_are_not(resting, monkeypatch):
    screen = resting
    # Longer than a busy machine takes from one slice to the next.
    monkeypatch.setattr("napari_samunet.plugin.ahead._REST_MS", 2000)
    for index in (4, 5, 6, 1):
        screen.viewer.dims.set_point(0, index)
        screen.settle(0.01)
    screen.until(lambda: SliceRef(0, 1) in _encoded(screen))
    assert not {SliceRef(0, 4), SliceRef(0, 5), SliceRef(0, 6)} & set(_encoded(screen))


def test_a_click_goes_before_a_slice_that_waits(resting):
    screen = resting
    screen.engine.go.clear()
    screen.viewer.dims.set_point(0, 4)
    screen.until(lambda: SliceRef(0, 4) in screen.engine.begun)
    screen.viewer.dims.set_point(0, 5)
    screen.settle(0.2)  # 5 waits
    screen.click(30, 40, wait=False)
    screen.engine.go.set()
    screen.answered()
    assert screen.session.preview.mask[30, 40]
    screen.until(lambda: (SliceRef(0, 5), 1) in screen.engine.encoded)
    assert (SliceRef(0, 5), 0) not in screen.engine.encoded


def test_nothing_is_encoded_for_a_brush(resting):
    screen = resting
    screen.controller.set_tool(Tool.PAINT)
    screen.viewer.dims.set_point(0, 6)
    screen.settle(0.25)
    assert SliceRef(0, 6) not in _encoded(screen)


def test_while_nobody_asks_the_neighbours_follow_first_where_one_scrolls_to(resting):
    screen = resting
    screen.viewer.dims.set_point(0, 2)
    screen.settle(0.2)
    screen.engine.encoded.clear()
    screen.controller.ahead.beyond_shown = True
    screen.viewer.dims.set_point(0, 3)
    screen.until(lambda: len({ref.index for ref in _encoded(screen)}) >= 4)
    assert [ref.index for ref in _encoded(screen)][:3] == [3, 4, 5]
    screen.until(lambda: {ref.index for ref in _encoded(screen)} >= {0, 1, 4, 5, 6})
    assert not screen.controller.is_busy


def test_where_the_object_is_expected_on_the_slices_beside_is_encoded_before_a_click(screen):
    zooming = InputContract(side=64, zoom=True)
    screen.controller.engine.system = System("discs", zooming, nn.Identity(), "hash")
    screen.viewer.dims.set_point(0, 3)
    screen.settle()
    screen.click(30, 40)
    screen.until(lambda: {index for index, _roi in screen.engine.regions} == {2, 4})
    for _index, roi in screen.engine.regions:
        assert roi.row0 < 30 < roi.row0 + roi.side
        assert roi.col0 < 40 < roi.col0 + roi.side
    assert not screen.controller.is_busy


def test_a_model_that_sees_whole_slices_only_has_no_such_regions(screen):
    screen.until(lambda: SliceRef(0, 3) in _encoded(screen))
    screen.click(30, 40)
    screen.settle(0.3)
    assert not screen.engine.regions


@pytest.mark.parametrize("emptied", [False, True])
def test_the_last_image_gives_its_memory_back_when_it_is_closed(screen, emptied):
    screen.until(lambda: _encoded(screen))
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    screen.settle(0.3)  # the slices around are encoded
    if emptied:
        screen.controller.ahead.forget()
    work = screen.controller.work
    kept = [weak(part) for part in (work, work.session, work.volume)]
    del work
    screen.viewer.layers.clear()
    screen.settle(0.3)
    gc.collect()
    assert not [part() for part in kept if part() is not None]
