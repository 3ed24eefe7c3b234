"""The keyboard belongs to the canvas: what was clicked in the panel does not keep it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollArea,
    QWidget,
)

from napari_samunet.plugin.canvas import canvas_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

# The frame takes no room: where it is a border, napari's padding gives way.
_FRAMED = """
QPushButton:focus, QCheckBox:focus { outline: 1px solid COLOR; }
QTableView:focus { border: 1px solid COLOR; }
QToolButton:focus { border: 1px solid COLOR; padding: 0px; }
QComboBox:focus { border: 1px solid COLOR; padding: 2px 9px 2px 7px; }
QAbstractSpinBox:focus { border: 1px solid COLOR; padding: 0px 9px; }
"""


class FocusOnCanvas(QObject):
    """Hands the keyboard back once a button, a list or a number box was used.

    A control that kept it would take keys for itself: a number box every letter, a button Space.
    What was reached with Tab keeps it, and so does a number that is being typed until Enter; a
    frame shows where it is.

    Parameters
    ----------
    panel : QWidget
        What it holds by now is watched; also the parent.
    viewer : napari.Viewer
        Whose theme colours the frame.
    """

    def __init__(self, panel: QWidget, viewer: ViewerModel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._viewer = viewer
        viewer.events.theme.connect(self._frame)
        self._frame()
        for kind in (QAbstractButton, QComboBox):
            for control in panel.findChildren(kind):
                control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                control.installEventFilter(self)
        for box in panel.findChildren(QAbstractSpinBox):
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # by a click and Tab, not by the wheel
            box.installEventFilter(self)  # hears its arrows; the text is another widget inside
            box.editingFinished.connect(partial(self._on_entered, box))

    def release(self) -> None:
        """Let go of the viewer."""
        self._viewer.events.theme.disconnect(self._frame)

    def cross(self) -> None:
        """Move the keyboard from the panel to the image, or to the first control that works."""
        if self._panel.isAncestorOf(QApplication.focusWidget()):
            self._hand_back()
            return
        control = self._panel.nextInFocusChain()
        while control is not None and not self._is_reached(control):
            control = None if control is self._panel else control.nextInFocusChain()
        if control is None:
            return
        control.setFocus(Qt.FocusReason.TabFocusReason)
        for column in self._panel.findChildren(QScrollArea):
            column.ensureWidgetVisible(control)

    def _frame(self, _event: object = None) -> None:
        """Frame with the colour of the words, which every theme makes stand out."""
        color = get_theme(self._viewer.theme).text.as_hex()
        self._panel.setStyleSheet(_FRAMED.replace("COLOR", color))

    def _is_reached(self, control: QWidget) -> bool:
        """Whether Tab leads to a control of the panel."""
        by_tab = bool(control.focusPolicy() & Qt.FocusPolicy.TabFocus)
        return (
            self._panel.isAncestorOf(control)
            and control.isVisible()
            and control.isEnabled()
            and by_tab
        )

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
