"""What is told of an image is read to its end."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_samunet.plugin.panels.image import ImagePanel


def test_long_notes_are_not_cut(qtbot):
    column, panel = QWidget(), ImagePanel()
    rows = QVBoxLayout(column)
    rows.addWidget(panel)
    rows.addStretch(1)
    qtbot.addWidget(column)
    column.resize(260, 500)
    panel.set_about("Low values are shown bright. " * 8)
    column.show()
    about = panel._about
    qtbot.waitUntil(lambda: about.height() >= about.heightForWidth(about.width()))
