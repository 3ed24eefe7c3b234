"""What the mouse does, and the steps that can be taken back."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox

from napari_samunet.plugin.gestures import BRUSHES, Tool
from napari_samunet.plugin.panels.section import Section, button, side_by_side

_TITLES = {
    Tool.CLICK: "Click",
    Tool.BOX: "Box",
    Tool.LASSO: "Lasso",
    Tool.SCRIBBLE: "Scribble",
    Tool.PAINT: "Paint",
    Tool.ERASE: "Erase",
}
_COLUMNS = 3


class PromptsPanel(Section):
    """Tools, brush size, ghost and suggestions, undo, redo and discard.

    Signals: ``tool_requested(Tool)``, ``brush_requested(int)`` in pixels, ``ghost_requested()``,
    ``suggest_requested()``, ``undo_requested()``, ``redo_requested()``, ``discard_requested()``.
    """

    tool_requested = Signal(object)
    brush_requested = Signal(int)
    ghost_requested = Signal()
    suggest_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    discard_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Prompts")
        self._tools = {tool: self._tool_button(tool) for tool in Tool}
        self._group = QButtonGroup(self)
        for made in self._tools.values():
            self._group.addButton(made)
        self._ghost = button("Ghost", "ghost", self.ghost_requested.emit, "Ghost contours")
        self._ghost.setCheckable(True)
        self._suggest = button("Suggest", "suggest", self.suggest_requested.emit)
        self._undo = button("Undo", "undo", self.undo_requested.emit)
        self._redo = button("Redo", "redo", self.redo_requested.emit)
        self._discard = button("Discard", "discard", self.discard_requested.emit)
        self.body.addLayout(_grid(list(self._tools.values())))
        self.body.addLayout(self._brush_row())
        self.body.addLayout(_grid([self._undo, self._redo, self._discard]))
        self.set_tool(Tool.CLICK)

    def set_tool(self, tool: Tool) -> None:
        """Show which tool the mouse has; the brush size counts for the brushes only."""
        self._tools[tool].setChecked(True)
        self._size.setEnabled(tool in BRUSHES)
        self._size_label.setEnabled(tool in BRUSHES)

    def set_enabled(self, tools: bool) -> None:
        """Tools can be chosen only where there is an image."""
        for made in (*self._tools.values(), self._ghost, self._suggest):
            made.setEnabled(tools)

    def set_looking(self, ghost: bool, suggesting: bool) -> None:
        """Show whether ghosts are on, and whether suggestions are looked for."""
        self._ghost.setChecked(ghost)
        self._suggest.setText("Stop" if suggesting else "Suggest")

    def set_steps(self, undo: str, redo: str, discard: bool) -> None:
        """Name the steps that undo and redo would take ("" for none); allow to discard."""
        self._undo.setEnabled(bool(undo))
        self._redo.setEnabled(bool(redo))
        self._discard.setEnabled(discard)

    def _tool_button(self, tool: Tool) -> QPushButton:
        made = button(
            _TITLES[tool], tool.value, lambda: self.tool_requested.emit(tool), f"Tool {tool.value}"
        )
        made.setCheckable(True)
        return made

    def _brush_row(self) -> QHBoxLayout:
        self._size_label = QLabel("Brush px")
        self._size = QSpinBox()
        self._size.setRange(1, 200)
        self._size.setValue(10)
        self._size.setToolTip("Diameter of the brush of Scribble, Paint and Erase, in pixels")
        self._size.setAccessibleName("Brush diameter in pixels")
        self._size.valueChanged.connect(self.brush_requested.emit)
        controls = self._size_label, self._size, self._ghost, self._suggest
        return side_by_side(*controls, stretch=(0, 1, 1, 1))


def _grid(buttons: list[QPushButton]) -> QGridLayout:
    grid = QGridLayout()
    grid.setSpacing(3)
    for number, made in enumerate(buttons):
        grid.addWidget(made, *divmod(number, _COLUMNS))
    return grid
