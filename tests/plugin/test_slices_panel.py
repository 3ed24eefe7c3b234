"""The range that a person sets stays until that person changes it, wherever they look meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_samunet.plugin.panels.slices import SlicesPanel

pytestmark = pytest.mark.viewer


class _Session:
    pass


def _range(panel: SlicesPanel) -> tuple[int, int]:
    return panel._first.value(), panel._last.value()


def _set(panel: SlicesPanel, first: int, last: int) -> None:
    panel._first.setValue(first)
    panel._last.setValue(last)


def test_a_look_at_3_d_leaves_the_range_alone(screen):
    _set(screen.widget.slices, 2, 5)
    screen.viewer.dims.ndisplay = 3
    screen.settle(0.1)
    assert _range(screen.widget.slices) == (2, 5)
    screen.viewer.dims.ndisplay = 2
    screen.settle(0.1)
    assert _range(screen.widget.slices) == (2, 5)


def test_each_plane_has_a_range_of_its_own(screen):
    panel = screen.widget.slices
    _set(panel, 2, 5)
    screen.viewer.dims.order = (1, 0, 2)
    screen.settle(0.1)
    assert _range(panel) == (1, 60)
    _set(panel, 10, 20)
    screen.viewer.dims.order = (0, 1, 2)
    screen.settle(0.1)
    assert _range(panel) == (2, 5)
    screen.viewer.dims.order = (1, 0, 2)
    screen.settle(0.1)
    assert _range(panel) == (10, 20)


def test_each_image_has_a_range_of_its_own(screen):
    panel, first, second = screen.widget.slices, _Session(), _Session()
    panel.set_slices(first, 0, 30)
    _set(panel, 5, 20)
    panel.set_slices(second, 0, 30)
    assert _range(panel) == (1, 30)
    panel.set_slices(first, 0, 30)
    assert _range(panel) == (5, 20)


def test_out_of_3_d_the_first_doubtful_slice_is_shown(screen):
    from napari_samunet.inference.painted import painted_prediction

    screen.click(30, 40)
    answer = screen.engine.predict

    def sees_half(volume, ref, *rest, **named):
        found = answer(volume, ref, *rest, **named)
        mask = found.mask.copy()
        mask[:30] = False
        return painted_prediction(mask) if ref.index == 6 else found

    screen.engine.predict = sees_half
    screen.press(Qt.Key.Key_S, "shift")
    screen.until(lambda: not screen.controller.through.running)
    screen.viewer.dims.ndisplay = 3
    screen.settle(0.1)
    screen.press(Qt.Key.Key_D, "shift")
    assert screen.viewer.dims.ndisplay == 2
    assert screen.controller.shown_ref().index == 6
    assert "Slice 7 is doubtful" in screen.widget.status.text


def test_no_empty_field_stands_beside_the_image(screen):
    from napari_samunet.plugin.summary import about_image

    work = screen.controller.work
    assert "Slice 4 of 7  ·  level" in about_image(work, screen.viewer)
    screen.viewer.dims.ndisplay = 3
    lines = about_image(work, screen.viewer).splitlines()
    assert lines[1].startswith("level")
    coloured = screen.add_image(np.zeros((7, 60, 80, 3), np.uint8), rgb=True)
    screen.controller.choose(coloured)
    assert all(about_image(screen.controller.work, screen.viewer).splitlines())
