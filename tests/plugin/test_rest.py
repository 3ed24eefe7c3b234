"""A pause ends where it should, and nowhere once its widget is gone."""

from __future__ import annotations

import gc
import time

import pytest
from qtpy.QtTest import QTest

from napari_samunet.plugin.panels.status import StatusPanel
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
    panel = StatusPanel()
    panel.set_busy(True)
    panel.deleteLater()  # Qt keeps it for a while, Python's collector empties it at once
    del panel
    gc.collect()
    end = time.monotonic() + 0.4
    while time.monotonic() < end:  # QTest.qWait would delete the panel first
        qapp.processEvents()
