"""The objects that were segmented, and the one that clicks go to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QMenu, QPushButton

from napari_samunet.plugin.keys import CTRL
from napari_samunet.plugin.panels.object_table import ObjectRow, ObjectTable
from napari_samunet.plugin.panels.section import Section, button, side_by_side

_OVERLAPS = {
    "keep": ("Overlap: keep earlier", "Voxels of another object stay with it"),
    "replace": ("Overlap: replace", "The new mask takes voxels from unlocked objects"),
    "both": ("Overlap: both", "Both keep the voxels; labels show the later object"),
}

_SCORES = {
    "iou": ("Quality", "How well the model expects its mask to fit"),
    "stability": (
        "Steady",
        "How little the mask changes with its threshold; this model does not judge it",
    ),
    "agreement": ("Agrees", "How far the model agrees with the shape of the slices around"),
}


class ObjectsPanel(Section):
    """Accept and next object, the table, and what is done with whole objects.

    Signals: ``accept_requested()``, ``next_requested()``, those of the table, ``delete_requested``,
    ``merge_requested``, ``fill_requested`` (numbers), ``split_requested(int)``,
    ``overlap_requested(rule)``, ``preset_requested(name)``, ``names_requested(path)``,
    ``log_requested(path)``.
    """

    accept_requested = Signal()
    next_requested = Signal()
    delete_requested = Signal(object)
    split_requested = Signal(int)
    fill_requested = Signal(object)
    merge_requested = Signal(object)
    overlap_requested = Signal(str)
    preset_requested = Signal(str)
    names_requested = Signal(str)
    log_requested = Signal(str)

    def __init__(self, presets: Sequence[str] = ()) -> None:
        super().__init__("Objects")
        self.table = ObjectTable()
        self._score = QLabel()
        self._accept = button("Accept", "accept", self.accept_requested.emit)
        font = self._accept.font()
        font.setBold(True)
        self._accept.setFont(font)
        self._next = button("Next object", "next_object", self.next_requested.emit)
        self.body.addLayout(side_by_side(self._accept, self._next, self._score))
        self.body.addWidget(self.table)
        delete = self._of_marked(self.delete_requested)
        self._delete = button("Delete", "", delete, "Delete objects")
        self._delete.setToolTip("Remove the marked objects with their masks; Undo brings them back")
        self.table.delete_requested.connect(self._delete.click)
        self._more = self._more_button(presets)
        self._overlap = self._overlap_box()
        self.body.addLayout(side_by_side(self._overlap, self._delete, self._more))
        self.table.itemSelectionChanged.connect(self._enable)
        self.set_score(None)
        self._enable()

    def set_score(self, score: float | None, kind: str = "iou") -> None:
        """Show how good the mask may be, 0 to 1; ``kind`` as `Prediction.score_kind`."""
        title, what = _SCORES[kind]
        self._score.setText(f"{title} ?" if score is None else f"{title} {round(100 * score)} %")
        self._score.setToolTip(what)

    def set_enabled(self, accept: bool, next_object: bool) -> None:
        """Which of the two buttons can work now."""
        self._accept.setEnabled(accept)
        self._next.setEnabled(next_object)

    def set_objects(self, rows: Sequence[ObjectRow], current: int | None) -> None:
        """List the objects; ``current`` is the id of the one that clicks go to."""
        self.table.show_rows(rows, current)
        self._enable()

    def set_overlap(self, rule: str) -> None:
        """Show which rule holds where objects meet."""
        self._overlap.setCurrentIndex(list(_OVERLAPS).index(rule))

    def _overlap_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("Where objects overlap")
        box.setToolTip("What Accept and napari's brush do where objects overlap; locked stay")
        for number, (title, what) in enumerate(_OVERLAPS.values()):
            box.addItem(title)
            box.setItemData(number, what, Qt.ItemDataRole.ToolTipRole)
        rules = list(_OVERLAPS)
        box.activated.connect(lambda index: self.overlap_requested.emit(rules[index]))
        return box

    def _more_button(self, presets: Sequence[str]) -> QPushButton:
        more = QPushButton("More")
        more.setToolTip("Merge, split, fill holes; lists of names")
        more.setAccessibleName("More for objects")
        menu = QMenu(more)
        menu.setToolTipsVisible(True)
        self._merge = _entry(menu, "Merge marked objects", self._of_marked(self.merge_requested))
        self._merge.setToolTip(f"Join all marked objects ({CTRL}+click marks several)")
        self._split = _entry(menu, "Split off islands", self._split_marked)
        self._fill = _entry(menu, "Fill holes", self._of_marked(self.fill_requested))
        self._fill.setToolTip("Of the marked objects, slice by slice")
        log = _entry(menu, "Save log…", self._ask_log)
        log.setToolTip("Time, prompts and edits of each object, as a table (CSV)")
        names = QMenu("Add names", menu)
        menu.addMenu(names)
        for name in presets:
            _entry(names, name, partial(self.preset_requested.emit, name))
        names.addSeparator()
        _entry(names, "From a file…", self._ask_names)
        more.setMenu(menu)
        return more

    def _of_marked(self, signal: Any) -> Callable[[], None]:
        return lambda: signal.emit(self.table.marked())

    def _split_marked(self) -> None:
        self.split_requested.emit(self.table.marked()[0])

    def _enable(self) -> None:
        count = len(self.table.marked())
        self._delete.setEnabled(count > 0)
        self._split.setEnabled(count == 1)
        alone = "mark this one alone" if count > 1 else "every island becomes an object"
        self._split.setToolTip(f"Of one marked object: {alone}")
        self._fill.setEnabled(count > 0)
        self._merge.setEnabled(count > 1)

    def _ask_names(self) -> None:
        wanted = "Names, one a line (*.txt *.label *.csv);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Names of objects", "", wanted)
        if path:
            self.names_requested.emit(path)

    def _ask_log(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save log", "effort.csv", "Table (*.csv)")
        if path:
            self.log_requested.emit(path)


def _entry(menu: QMenu, text: str, chosen: Callable[[], object]) -> QAction:
    entry = QAction(text, menu)
    entry.triggered.connect(lambda _checked=False: chosen())
    menu.addAction(entry)
    return entry
