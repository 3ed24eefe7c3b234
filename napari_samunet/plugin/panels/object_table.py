"""The table of objects: name and colour, lock, visible, slices done, volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QKeyEvent, QMouseEvent, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QTableWidgetSelectionRange,
)

from napari_samunet.plugin.keys import CTRL
from napari_samunet.plugin.panels.section import literal

_ID = Qt.ItemDataRole.UserRole
_FEWEST_ROWS, _MOST_ROWS = 3, 8
_NAME, _LOCKED, _VISIBLE, _SLICES, _VOLUME = range(5)
_TICKS = _LOCKED, _VISIBLE
_OWN_KEYS = (
    *(Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter),
)
_DELETING_KEYS = Qt.Key.Key_Delete, Qt.Key.Key_Backspace
_ALONE = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
# The style's own empty box can hardly be told from a row of the dark theme; this one stands out
# from rows of both themes, marked or not.
_EMPTY_BOX = """QTableView::indicator:unchecked {
    border: 1px solid #909090; background: rgba(255, 255, 255, 90);
}"""
_COLUMNS = {
    "Name": f"Click: go on with it; double click: rename; {CTRL}+click: mark several",
    "Lock": "A locked object is never painted over",
    "Show": "Whether its mask is seen",
    "Slices": "Slices of the shown plane that have a mask",
    "ml": "Volume in millilitres, where the size of a voxel is known",
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
    millilitres : float or None
        None where nobody knows how large a voxel is.
    locked, visible : bool
    """

    id: int
    name: str
    color: tuple[float, float, float]
    slices: int
    millilitres: float | None
    locked: bool = False
    visible: bool = True


class ObjectTable(QTableWidget):
    """One row an object; the current one is always marked.

    Signals: ``select_requested(int)``, ``rename_requested(int, str)``,
    ``lock_requested(int, bool)``, ``show_requested(int, bool)``, ``delete_requested()``.
    """

    select_requested = Signal(int)
    rename_requested = Signal(int, str)
    lock_requested = Signal(int, bool)
    show_requested = Signal(int, bool)
    delete_requested = Signal()

    def __init__(self) -> None:
        super().__init__(0, len(_COLUMNS))
        self.setAccessibleName("Objects")
        for column, (title, what) in enumerate(_COLUMNS.items()):
            heading = QTableWidgetItem(title)
            heading.setToolTip(what)
            self.setHorizontalHeaderItem(column, heading)
        header = QHeaderView(Qt.Orientation.Horizontal)
        self.setHorizontalHeader(header)
        header.setMinimumSectionSize(24)
        self._row_height = height = self.fontMetrics().lineSpacing() + 6
        numbers = QHeaderView(Qt.Orientation.Vertical)
        numbers.setDefaultSectionSize(height)
        self.setVerticalHeader(numbers)
        numbers.hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setStyleSheet(_EMPTY_BOX)
        self._rows: list[ObjectRow] = []  # as the cells show them, but for those
        self._edited: set[int] = set()  # in which a person wrote or ticked since
        self._current: int | None = None
        self._write([])
        self._fit()
        self.itemSelectionChanged.connect(self._on_marks)
        self.cellClicked.connect(self._turn)
        self.cellDoubleClicked.connect(self._turn)  # the second of two quick clicks
        self.itemChanged.connect(self._on_change)

    def show_rows(self, rows: Sequence[ObjectRow], current: int | None) -> None:
        """Show these objects; ``current`` is the id of the one that clicks go to."""
        if list(rows) == self._rows and current == self._current and not self._edited:
            return  # a name that is being written, and marked rows, stay
        self.blockSignals(True)
        self._write(rows)
        moved, self._current = current != self._current, current
        self._fit()
        self._mark_current(moved)
        self.blockSignals(False)

    def marked(self) -> list[int]:
        """Numbers of the marked objects, the current one first."""
        places = sorted({index.row() for index in self.selectedIndexes()})
        numbers = [self._rows[place].id for place in places if place < len(self._rows)]
        return sorted(numbers, key=lambda number: number != self._current)

    def selectionCommand(  # noqa: N802 - Qt's name
        self, index: QModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """A tick is set in any row, while another object stays the current one."""
        if isinstance(event, QMouseEvent) and index.column() in _TICKS:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave all keys but a few to the window, where they do what they do everywhere."""
        if event is None:
            return
        if event.key() in _DELETING_KEYS and event.modifiers() in _ALONE:
            self.delete_requested.emit()
        elif event.key() == Qt.Key.Key_Space and self.currentColumn() in _TICKS:
            self._turn(self.currentRow(), self.currentColumn())
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._step_aside(event)
        elif event.key() in _OWN_KEYS:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def _step_aside(self, event: QKeyEvent) -> None:
        """Go through name and ticks of the row, then leave the key for the next control."""
        column = self.currentColumn() + (1 if event.key() == Qt.Key.Key_Tab else -1)
        if column in (_NAME, *_TICKS):
            self.setCurrentCell(self.currentRow(), column)
        else:
            event.ignore()

    def _write(self, rows: Sequence[ObjectRow]) -> None:
        header, modes = self.horizontalHeader(), QHeaderView.ResizeMode
        assert header is not None
        # Columns that fit their contents would measure all rows again at every cell.
        header.setSectionResizeMode(modes.Fixed)
        self.setRowCount(len(rows))
        for place, row in enumerate(rows):
            if place in self._edited or row not in self._rows[place : place + 1]:
                for column, item in enumerate(_cells(row)):
                    self.setItem(place, column, item)
        header.setSectionResizeMode(modes.ResizeToContents)
        header.setSectionResizeMode(_NAME, modes.Stretch)
        self._rows, self._edited = list(rows), set()

    def _fit(self) -> None:
        rows = min(max(len(self._rows), _FEWEST_ROWS), _MOST_ROWS)
        self.setFixedHeight((rows + 1) * self._row_height + 6)

    def _mark_current(self, moved: bool) -> None:
        self.clearSelection()
        place = next((n for n, row in enumerate(self._rows) if row.id == self._current), None)
        if place is None:
            return
        if moved and self.currentRow() != place:  # else it stays where a person is in it
            self.setCurrentCell(place, _NAME)
            self.scrollToItem(self.item(place, _NAME))
        # Not `selectRow`, which heeds the Shift and Ctrl that are held for something else.
        whole_row = QTableWidgetSelectionRange(place, 0, place, len(_COLUMNS) - 1)
        self.setRangeSelected(whole_row, True)

    def _on_marks(self) -> None:
        marked = self.marked()
        if not marked:
            self.blockSignals(True)
            self._mark_current(moved=False)
            self.blockSignals(False)
        elif self._current not in marked:
            self.select_requested.emit(marked[0])

    def _turn(self, place: int, column: int) -> None:
        item = self.item(place, column)
        if column in _TICKS and item is not None:
            ticked = item.checkState() == Qt.CheckState.Checked
            item.setCheckState(Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked)

    def _on_change(self, item: QTableWidgetItem) -> None:
        number = item.data(_ID)
        self._edited.add(item.row())  # its words follow, and what is refused goes back
        ticked = item.checkState() == Qt.CheckState.Checked
        if item.column() == _NAME and not item.text().strip():
            self.blockSignals(True)
            item.setText(self._rows[item.row()].name)  # an object is never without a name
            self.blockSignals(False)
        elif item.column() == _NAME:
            self.rename_requested.emit(number, item.text())
        elif item.column() == _LOCKED:
            self.lock_requested.emit(number, ticked)
        elif item.column() == _VISIBLE:
            self.show_requested.emit(number, ticked)


def _cells(row: ObjectRow) -> list[QTableWidgetItem]:
    volume = "" if row.millilitres is None else f"{row.millilitres:.1f}"
    texts = (row.name, "", "", str(row.slices), volume)
    items = [QTableWidgetItem(text) for text in texts]
    for column, item in enumerate(items):
        item.setData(_ID, row.id)
        flags = item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable  # the table turns a whole cell
        item.setFlags(flags if column == _NAME else flags & ~Qt.ItemFlag.ItemIsEditable)
    items[_NAME].setIcon(_swatch(row.color))
    items[_NAME].setToolTip(literal(f"Label {row.id}: {row.name}"))
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
