"""The objects of an image: names, colours, sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from napari_samunet.plugin.panels.section import Section, button

_NUMBER = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class ObjectRow:
    """One object as it is listed: ``number`` in the labels, colour 0 to 1, and a few words."""

    number: int
    name: str
    color: tuple[float, float, float]
    size: str


class ObjectsPanel(Section):
    """Lists the objects.

    Emits ``next_requested``, ``object_requested(number)`` (to go on with it),
    ``rename_requested(number, name)`` and ``delete_requested(number)``.
    """

    next_requested = Signal()
    object_requested = Signal(int)
    rename_requested = Signal(int, str)
    delete_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Objects", parent)
        self._shown: tuple[tuple[ObjectRow, ...], int | None] = ((), None)
        self.list = QListWidget(self)
        self.list.setIconSize(QSize(14, 14))
        self.list.setMinimumHeight(58)
        self.list.setToolTip("Click to go on with an object, double click to rename it")
        self.list.setAccessibleName("Objects")
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemChanged.connect(self._on_changed)
        self.rows.addWidget(self.list, 1)
        self.next = button("Next object", "next")
        self.delete = button("Delete", "", "Delete the selected object; Undo brings it back")
        self.next.clicked.connect(self.next_requested)
        self.delete.clicked.connect(self._on_delete)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.next)
        row.addWidget(self.delete)
        self.rows.addLayout(row)
        self.set_objects((), None, can_go_on=False)

    def set_objects(
        self, objects: Sequence[ObjectRow], current: int | None, can_go_on: bool
    ) -> None:
        """Show the objects, which one prompts go to, and whether a next one can be started."""
        self.next.setEnabled(can_go_on)
        self.delete.setEnabled(current is not None)
        if (tuple(objects), current) == self._shown:
            return
        self._shown = (tuple(objects), current)
        self.list.blockSignals(True)
        self.list.clear()
        for row in objects:
            self.list.addItem(_item(row))
            if row.number == current:
                self.list.setCurrentRow(self.list.count() - 1)
        self.list.blockSignals(False)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.object_requested.emit(item.data(_NUMBER))

    def _on_changed(self, item: QListWidgetItem) -> None:
        self.rename_requested.emit(item.data(_NUMBER), item.text().strip())

    def _on_delete(self) -> None:
        if self._shown[1] is not None:
            self.delete_requested.emit(self._shown[1])


def _item(row: ObjectRow) -> QListWidgetItem:
    swatch = QPixmap(14, 14)
    swatch.fill(QColor.fromRgbF(*row.color))
    item = QListWidgetItem(QIcon(swatch), row.name)
    item.setData(_NUMBER, row.number)
    item.setToolTip(f"{row.name}: {row.size}" if row.size else row.name)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    return item
