"""The keyboard belongs to the canvas: what was clicked in the panel does not keep it."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from napari_samunet.plugin.canvas import canvas_of


class FocusOnCanvas(QObject):
    """Hands the keyboard back once a button, a list or a number box was used.

    A control that kept it would take keys for itself: a number box every letter, a button Space.
    What was reached with Tab keeps it, and so does a number that is being typed until Enter.

    Parameters
    ----------
    panel : QWidget
        What it holds by now is watched; also the parent.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        for kind in (QAbstractButton, QComboBox):
            for control in panel.findChildren(kind):
                control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                control.installEventFilter(self)
        for box in panel.findChildren(QAbstractSpinBox):
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # by a click and Tab, not by the wheel
            box.installEventFilter(self)  # hears its arrows; the text is another widget inside
            box.editingFinished.connect(partial(self._on_entered, box))

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """Hand back before the click acts, so that a name that is being written is taken first."""
        if event is not None and event.type() == QEvent.Type.MouseButtonPress:
            self._hand_back()
        return super().eventFilter(watched, event)

    def _on_entered(self, box: QAbstractSpinBox) -> None:
        if box.hasFocus():  # else a person is elsewhere already
            self._hand_back()

    def _hand_back(self) -> None:
        canvas = canvas_of(self._panel)
        if canvas is not None:
            canvas.setFocus()
