"""Through the slices: the range, the propagation, the doubts."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QSpinBox

from napari_samunet.plugin.panels.section import Section, button

_Ranges = dict[int, tuple[int, int]]
"""Axis to the first and the last slice, counted from 1."""


class SlicesPanel(Section):
    """A visible range, and what carries the current object through it.

    Each axis of each image has a range of its own, which is there again when a person comes back.

    Signals: ``propagate_requested(first, last)`` with indices from 0, ``redo_requested()``,
    ``doubt_requested()``.
    """

    propagate_requested = Signal(int, int)
    redo_requested = Signal()
    doubt_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Slices")
        self._first, self._last = self._spin("First slice"), self._spin("Last slice")
        self._ranges: WeakKeyDictionary[object, _Ranges] = WeakKeyDictionary()
        self._shown: _Ranges = {}
        self._axis = 0
        self._running = False
        ends = QHBoxLayout()
        for widget in (QLabel("From"), self._first, QLabel("to"), self._last):
            ends.addWidget(widget, int(isinstance(widget, QSpinBox)))
        self._propagate = button("Propagate", "propagate", self.propagate)
        self._redo = button("Redo around", "redo_around", self.redo_requested.emit)
        self._doubt = button("Next doubtful", "next_doubt", self.doubt_requested.emit)
        buttons = QGridLayout()
        buttons.setSpacing(3)
        for column, made in enumerate((self._propagate, self._redo, self._doubt)):
            buttons.addWidget(made, 0, column)
        self._bar = QProgressBar()
        self._bar.setFixedHeight(6)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Slices found")
        self.body.addLayout(ends)
        self.body.addLayout(buttons)
        self.body.addWidget(self._bar)

    def propagate(self) -> None:
        """Ask for the propagation over the range; while one runs, this stops it."""
        self.propagate_requested.emit(self._first.value() - 1, self._last.value() - 1)

    def set_slices(self, session: object, axis: int, count: int) -> None:
        """Show the range along an axis: as it was left, at first the whole.

        Parameters
        ----------
        session : Session
            Of the image whose slices they are.
        axis, count : int
            Along which axis, and how many.
        """
        ranges = self._ranges.setdefault(session, {})
        if ranges is self._shown and axis == self._axis:
            return
        self._shown[self._axis] = self._first.value(), self._last.value()
        self._shown, self._axis = ranges, axis
        values = ranges.get(axis, (1, count))
        for spin, value in zip((self._first, self._last), values, strict=True):
            spin.setRange(1, count)
            spin.setValue(value)

    def set_running(self, running: bool, done: int, total: int) -> None:
        """Show how far it is; the button stops it meanwhile."""
        self._running = running
        self._propagate.setText("Stop" if running else "Propagate")
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done if running else 0)

    def set_enabled(self, can_propagate: bool, doubts: int) -> None:
        """Which buttons can work now; what runs can be stopped at any time."""
        self._propagate.setEnabled(can_propagate or self._running)
        self._redo.setEnabled(can_propagate)
        self._doubt.setEnabled(bool(doubts))
        self._doubt.setText(f"Doubtful ({doubts})" if doubts else "Doubtful")

    def _spin(self, name: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(1, 1)
        spin.setAccessibleName(name)
        spin.setToolTip(f"{name} of the propagation; it also ends where the object does")
        return spin
