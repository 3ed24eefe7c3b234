"""How much memory the encoded slices may take, what they take, and a button that deletes them."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QLabel, QSpinBox

from napari_samunet.embedding.budget import Budget
from napari_samunet.plugin.panels.passage import Passage
from napari_samunet.plugin.panels.section import Section, button

_MOST_MB = 2**20
_STEP_MB = 256
_ROWS = {"device_mb": "GPU", "ram_mb": "RAM", "disk_mb": "Disk"}


@dataclass(frozen=True)
class MemoryView:
    """What the section shows: the budgets in force, whether there is a GPU, and what is taken."""

    budget: Budget
    has_gpu: bool
    taken: str


class MemoryPanel(Section):
    """Three budgets in megabytes, a box for work ahead, and a button that empties the cache.

    Signals: ``budget_requested(Budget)`` with None for every number that a person left as it was
    shown, ``empty_requested()``.
    """

    budget_requested = Signal(object)
    empty_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Memory")
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        self._boxes = {name: _box(label) for name, label in _ROWS.items()}
        self._labels = {name: QLabel(label) for name, label in _ROWS.items()}
        self._shown = dict.fromkeys(_ROWS, 0)
        for name, box in self._boxes.items():
            form.addRow(self._labels[name], box)
            box.editingFinished.connect(self._ask)
        self.body.addLayout(form)
        self._idle = QCheckBox("Encode slices ahead while idle")
        self._idle.setToolTip("The neighbours of the shown slice are ready before you go there")
        self._idle.setAccessibleName(self._idle.text())
        self._idle.clicked.connect(self._ask)
        self.body.addWidget(self._idle)
        self._taken = Passage()
        self.body.addWidget(self._taken)
        empty = button("Delete encoded slices", "", self.empty_requested.emit)
        empty.setToolTip("Delete all encoded slices, here and on the disk; masks stay")
        self.body.addWidget(empty)

    def show_memory(self, view: MemoryView) -> None:
        """Show budgets and what is taken; a number that is being typed is left alone."""
        for name, box in self._boxes.items():
            if not box.hasFocus():
                box.setValue(getattr(view.budget, name) or 0)
                self._shown[name] = box.value()
        for part in (self._labels["device_mb"], self._boxes["device_mb"]):
            part.setVisible(view.has_gpu)
        self._idle.setChecked(view.budget.idle)
        self._taken.setText(view.taken)

    def _ask(self) -> None:
        before = self._shown
        self._shown = {name: box.value() for name, box in self._boxes.items()}
        changed = {name: n for name, n in self._shown.items() if n != before[name]}
        self.budget_requested.emit(Budget(**changed, idle=self._idle.isChecked()))


def _box(label: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(0, _MOST_MB)
    made.setSingleStep(_STEP_MB)
    made.setSuffix(" MB")
    made.setAccessibleName(f"Encoded slices: {label}")
    made.setToolTip(f"Most that encoded slices may take: {label}")
    return made
