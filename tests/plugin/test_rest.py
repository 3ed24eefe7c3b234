"""A pause ends where it should, and nowhere once its widget is gone."""

from __future__ import annotations

import gc

import pytest
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from napari_samunet.plugin.rest import Rest

pytestmark = pytest.mark.viewer


def test_a_pause_calls_back_once_after_the_latest_start(qtbot):
    called: list[None] = []
    pause = Rest(None, 20, lambda: called.append(None))
    pause.start()
    pause.start()
    qtbot.waitUntil(lambda: bool(called), timeout=60_000)
    QTest.qWait(100)
    assert len(called) == 1


def test_a_pause_may_outlive_the_widget_that_was_thrown_away(qapp):
    class Panel(QWidget):
        def __init__(self) -> None:
            super().__init__()
            self.pause = Rest(self, 0, lambda: self.setVisible(False))

    panel, passed = Panel(), []
    panel.pause.start()
    panel.deleteLater()  # Qt keeps it for a while, Python's collector empties it at once
    del panel
    gc.collect()
    later = Rest(None, 50, lambda: passed.append(True))
    later.start()
    while not passed:  # pytest-qt's waiting would delete the panel first
        qapp.processEvents()
