"""What the mouse does, and the steps that can be taken back."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QSpinBox

from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.panels.section import Section, button

_TITLES = {Tool.CLICK: "Click", Tool.BOX: "Box", Tool.PAINT: "Paint", Tool.ERASE: "Erase"}


class PromptsPanel(Section):
    """Tools, brush size, undo, redo and discard.

    Signals: ``tool_requested(Tool)``, ``brush_requested(int)`` in pixels, ``undo_requested()``,
    ``redo_requested()``, ``discard_requested()``.
    """

    tool_requested = Signal(object)
    brush_requested = Signal(int)
    undo_requested = Signal()
    redo_requested = Signal()
    discard_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Prompts")
        self._tools = {tool: self._tool_button(tool) for tool in Tool}
        self._group = QButtonGroup(self)
        tools = QHBoxLayout()
        tools.setSpacing(3)
        for made in self._tools.values():
            self._group.addButton(made)
            tools.addWidget(made)
        self.body.addLayout(tools)
        self.body.addLayout(self._brush_row())
        self._undo = button("Undo", "undo", self.undo_requested.emit)
        self._redo = button("Redo", "redo", self.redo_requested.emit)
        self._discard = button("Discard", "discard", self.discard_requested.emit)
        steps = QGridLayout()
        steps.setSpacing(3)
        for column, made in enumerate((self._undo, self._redo, self._discard)):
            steps.addWidget(made, 0, column)
        self.body.addLayout(steps)
        self.set_tool(Tool.CLICK)

    def set_tool(self, tool: Tool) -> None:
        """Show which tool the mouse has; the brush size counts for the brushes only."""
        self._tools[tool].setChecked(True)
        brushes = tool in (Tool.PAINT, Tool.ERASE)
        self._size.setEnabled(brushes)
        self._size_label.setEnabled(brushes)

    def set_enabled(self, tools: bool) -> None:
        """Tools can be chosen only where there is an image."""
        for made in self._tools.values():
            made.setEnabled(tools)

    def set_steps(self, undo: str, redo: str, discard: bool) -> None:
        """Name the steps that undo and redo would take ("" for none); allow to discard."""
        self._undo.setEnabled(bool(undo))
        self._redo.setEnabled(bool(redo))
        self._discard.setEnabled(discard)

    def _tool_button(self, tool: Tool):
        made = button(
            _TITLES[tool], tool.value, lambda: self.tool_requested.emit(tool), f"Tool {tool.value}"
        )
        made.setCheckable(True)
        return made

    def _brush_row(self) -> QHBoxLayout:
        self._size_label = QLabel("Brush")
        self._size = QSpinBox()
        self._size.setRange(1, 200)
        self._size.setValue(10)
        self._size.setSuffix(" pixels")
        self._size.setToolTip("Diameter of the brush of Paint and Erase")
        self._size.setAccessibleName("Brush diameter in pixels")
        self._size.valueChanged.connect(self.brush_requested.emit)
        row = QHBoxLayout()
        row.addWidget(self._size_label)
        row.addWidget(self._size, 1)
        return row
