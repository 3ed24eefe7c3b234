"""Through the slices: the range, the propagation, the doubts."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QSpinBox

from napari_samunet.plugin.panels.section import Section, button


class SlicesPanel(Section):
    """A visible range, and what carries the current object through it.

    Signals: ``propagate_requested(first, last)`` with indices from 0, ``redo_requested()``,
    ``doubt_requested()``.
    """

    propagate_requested = Signal(int, int)
    redo_requested = Signal()
    doubt_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Slices")
        self._first, self._last = self._spin("First slice"), self._spin("Last slice")
        self._count = 0
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

    def set_count(self, count: int) -> None:
        """How many slices there are; another number starts with the whole range."""
        if count == self._count:
            return
        self._count = count
        for spin, value in ((self._first, 1), (self._last, count)):
            spin.setRange(1, max(count, 1))
            spin.setValue(value)

    def set_running(self, running: bool, done: int, total: int) -> None:
        """Show how far it is; the button stops it meanwhile."""
        self._propagate.setText("Stop" if running else "Propagate")
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done if running else 0)

    def set_enabled(self, can_propagate: bool, doubts: int) -> None:
        """Which buttons can work now."""
        self._propagate.setEnabled(can_propagate)
        self._redo.setEnabled(can_propagate)
        self._doubt.setEnabled(bool(doubts))
        self._doubt.setText(f"Doubtful ({doubts})" if doubts else "Doubtful")

    def _spin(self, name: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(1, 1)
        spin.setAccessibleName(name)
        spin.setToolTip(f"{name} of the propagation; it also ends where the object does")
        return spin
