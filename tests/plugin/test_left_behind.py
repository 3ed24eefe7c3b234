"""Accepted labels stay in the window when the panel is closed, and are shown once, not twice."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import Qt


def _reopen(screen):
    """Close the panel and open it again in the same window."""
    screen.viewer.window.remove_dock_widget(screen.widget)
    screen.settle()
    screen.widget.close_session()
    screen.widget.deleteLater()
    screen.dock()


def _continue(screen):
    keeping = screen.controller.keeping
    screen.until(lambda: keeping.offer_for(screen.controller.work) is not None)
    screen.press(Qt.Key.Key_C, "shift")
    screen.until(lambda: screen.session.objects)
    screen.settle()


def _labels(screen):
    return [
        layer
        for layer in screen.viewer.layers
        if isinstance(layer, Labels) and "labels" in layer.name
    ]


def _left(screen):
    screen.click(30, 40)
    screen.press(Qt.Key.Key_G)
    (layer,) = _labels(screen)
    layer.name = "labels of mine"
    _reopen(screen)
    assert _labels(screen) == [layer], "they stay with the person"
    return layer


def test_a_session_that_goes_on_goes_on_in_the_labels_that_were_left(screen):
    layer = _left(screen)
    _continue(screen)
    assert _labels(screen) == [layer]
    screen.session.delete_object(1)
    screen.settle()
    assert not layer.data.any(), "what is deleted is not seen any more"
    screen.session.undo()
    screen.click(10, 10)
    screen.press(Qt.Key.Key_G)
    np.testing.assert_array_equal(layer.data, screen.session.labels)


def test_labels_that_a_person_changed_meanwhile_are_left_to_them(screen):
    layer = _left(screen)
    layer.data[0, :5, :5] = 1
    _continue(screen)
    assert len(_labels(screen)) == 2
    assert layer.data[0, :5, :5].all()
    assert not screen.session.labels[0].any()


def test_who_begins_afresh_gets_labels_of_their_own(screen):
    layer = _left(screen)
    before = layer.data.copy()
    screen.click(10, 10)
    screen.press(Qt.Key.Key_G)
    assert len(_labels(screen)) == 2
    np.testing.assert_array_equal(layer.data, before)
