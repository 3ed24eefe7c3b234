"""The objects that were segmented, and the one that clicks go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem

from napari_samunet.plugin.panels.section import Section, button

_ID = Qt.ItemDataRole.UserRole
_VISIBLE_ROWS = 4


@dataclass(frozen=True)
class ObjectRow:
    """One object of the list.

    Attributes
    ----------
    id : int
        Its number in the labels.
    name : str
    color : (red, green, blue)
        0 to 1.
    detail : str
        E.g. "3 slices, 120.4 ml"; for the tooltip.
    """

    id: int
    name: str
    color: tuple[float, float, float]
    detail: str


class ObjectsPanel(Section):
    """Accept, next object, delete; a list to go back to an object or rename it.

    Signals: ``accept_requested()``, ``next_requested()``, ``select_requested(int)``,
    ``rename_requested(int, str)``, ``delete_requested(int)``.
    """

    accept_requested = Signal()
    next_requested = Signal()
    select_requested = Signal(int)
    rename_requested = Signal(int, str)
    delete_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__("Objects")
        self._score = QLabel()
        self._score.setToolTip("How well the model expects its mask to fit")
        self.body.addWidget(self._score)
        self._accept = button("Accept", "accept", self.accept_requested.emit)
        font = self._accept.font()
        font.setBold(True)
        self._accept.setFont(font)
        self._next = button("Next object", "next_object", self.next_requested.emit)
        row = QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(self._accept)
        row.addWidget(self._next)
        self.body.addLayout(row)
        self.body.addWidget(self._make_list())
        self._delete = button("Delete object", "", self._delete_chosen)
        self._delete.setToolTip("Remove the chosen object with its mask; Undo brings it back")
        self.body.addWidget(self._delete)
        self.set_score(None)

    def set_score(self, score: float | None) -> None:
        """Show the model's own estimate of its mask, 0 to 1; None: there is none."""
        if score is None:
            self._score.setText("Expected quality: not known")
        else:
            self._score.setText(f"Expected quality: {round(100 * score)} %")

    def set_enabled(self, accept: bool, next_object: bool) -> None:
        """Which of the two buttons can work now."""
        self._accept.setEnabled(accept)
        self._next.setEnabled(next_object)

    def set_objects(self, rows: Sequence[ObjectRow], current: int | None) -> None:
        """List the objects; ``current`` is the id of the one that clicks go to."""
        self._list.blockSignals(True)
        self._list.clear()
        for row in rows:
            item = QListWidgetItem(_swatch(row.color), row.name)
            item.setData(_ID, row.id)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(f"{row.detail}. Click: go on with it; double click: rename")
            self._list.addItem(item)
            if row.id == current:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._delete.setEnabled(current is not None)

    def _make_list(self) -> QListWidget:
        self._list = QListWidget()
        self._list.setAccessibleName("Objects")
        height = self._list.fontMetrics().lineSpacing() + 6
        self._list.setFixedHeight(_VISIBLE_ROWS * height)
        self._list.currentItemChanged.connect(self._selected)
        self._list.itemChanged.connect(self._renamed)
        return self._list

    def _selected(self, item: QListWidgetItem | None, _before: object) -> None:
        if item is not None:
            self.select_requested.emit(item.data(_ID))

    def _renamed(self, item: QListWidgetItem) -> None:
        self.rename_requested.emit(item.data(_ID), item.text())

    def _delete_chosen(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.delete_requested.emit(item.data(_ID))


def _swatch(color: tuple[float, float, float]) -> QIcon:
    pixels = QPixmap(14, 14)
    pixels.fill(QColor.fromRgbF(*color))
    icon = QIcon(pixels)
    icon.addPixmap(pixels, QIcon.Mode.Selected)  # Qt would tint it, and it is not the mask's then
    return icon
