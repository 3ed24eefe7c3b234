"""The table of objects: name and colour, lock, visible, slices done, volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

_ID = Qt.ItemDataRole.UserRole
_VISIBLE_ROWS = 3
_NAME, _LOCKED, _VISIBLE, _SLICES, _VOLUME = range(5)
_COLUMNS = {
    "Name": "Click: go on with it; double click: rename; Ctrl+click: mark several",
    "Lock": "A locked object is never painted over",
    "Show": "Whether its mask is seen",
    "Slices": "Slices that have a mask, along the first axis",
    "ml": "Volume in millilitres",
}


@dataclass(frozen=True)
class ObjectRow:
    """One object of the table.

    Attributes
    ----------
    id : int
        Its number in the labels.
    name : str
    color : (red, green, blue)
        0 to 1.
    slices : int
        With an accepted mask.
    millilitres : float
    locked, visible : bool
    """

    id: int
    name: str
    color: tuple[float, float, float]
    slices: int
    millilitres: float
    locked: bool = False
    visible: bool = True


class ObjectTable(QTableWidget):
    """One row an object.

    Signals: ``select_requested(int)``, ``rename_requested(int, str)``,
    ``lock_requested(int, bool)``, ``show_requested(int, bool)``.
    """

    select_requested = Signal(int)
    rename_requested = Signal(int, str)
    lock_requested = Signal(int, bool)
    show_requested = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__(0, len(_COLUMNS))
        self.setAccessibleName("Objects")
        for column, (title, what) in enumerate(_COLUMNS.items()):
            heading = QTableWidgetItem(title)
            heading.setToolTip(what)
            self.setHorizontalHeaderItem(column, heading)
        header = QHeaderView(Qt.Orientation.Horizontal)
        self.setHorizontalHeader(header)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(24)
        height = self.fontMetrics().lineSpacing() + 6
        numbers = QHeaderView(Qt.Orientation.Vertical)
        numbers.setDefaultSectionSize(height)
        self.setVerticalHeader(numbers)
        numbers.hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight((_VISIBLE_ROWS + 1) * height + 6)
        self._rows: list[ObjectRow] = []
        self._current: int | None = None
        self.cellClicked.connect(self._on_click)
        self.itemChanged.connect(self._on_change)

    def show_rows(self, rows: Sequence[ObjectRow], current: int | None) -> None:
        """Show these objects; ``current`` is the id of the one that clicks go to."""
        if list(rows) == self._rows and current == self._current:
            return  # a name that is being written, and marked rows, stay
        self.blockSignals(True)
        self.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, item in enumerate(_cells(row)):
                self.setItem(number, column, item)
        self._rows, self._current = list(rows), current
        self.clearSelection()
        place = next((n for n, row in enumerate(rows) if row.id == current), None)
        if place is not None:
            self.selectRow(place)
            self.scrollToItem(self.item(place, _NAME))
        self.blockSignals(False)

    def marked(self) -> list[int]:
        """Numbers of the marked objects, the current one first."""
        places = sorted({index.row() for index in self.selectedIndexes()})
        numbers = [self._rows[place].id for place in places if place < len(self._rows)]
        return sorted(numbers, key=lambda number: number != self._current)

    def _on_click(self, place: int, column: int) -> None:
        if column in (_LOCKED, _VISIBLE) or len(self.marked()) > 1:
            return
        self.select_requested.emit(self._rows[place].id)

    def _on_change(self, item: QTableWidgetItem) -> None:
        number = item.data(_ID)
        ticked = item.checkState() == Qt.CheckState.Checked
        if item.column() == _NAME:
            self.rename_requested.emit(number, item.text())
        elif item.column() == _LOCKED:
            self.lock_requested.emit(number, ticked)
        elif item.column() == _VISIBLE:
            self.show_requested.emit(number, ticked)


def _cells(row: ObjectRow) -> list[QTableWidgetItem]:
    texts = (row.name, "", "", str(row.slices), f"{row.millilitres:.1f}")
    items = [QTableWidgetItem(text) for text in texts]
    for column, item in enumerate(items):
        item.setData(_ID, row.id)
        if column != _NAME:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
    items[_NAME].setIcon(_swatch(row.color))
    items[_NAME].setToolTip(f"Label {row.id}: {row.name}")
    for column, ticked, what in (
        (_LOCKED, row.locked, "Locked"),
        (_VISIBLE, row.visible, "Visible"),
    ):
        items[column].setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        items[column].setData(Qt.ItemDataRole.AccessibleTextRole, f"{what}: {row.name}")
    return items


def _swatch(color: tuple[float, float, float]) -> QIcon:
    pixels = QPixmap(14, 14)
    pixels.fill(QColor.fromRgbF(*color))
    icon = QIcon(pixels)
    icon.addPixmap(pixels, QIcon.Mode.Selected)  # Qt would tint it, and it is not the mask's then
    return icon
