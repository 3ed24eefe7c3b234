"""Tools, and what happens with the preview they make."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QSlider, QWidget

from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.panels.section import Section, button, line

_TOOLS = (
    (Tool.CLICK, "Click", "Left click adds, right click (or Ctrl+click) removes"),
    (Tool.BOX, "Box", "Drag a box around the object"),
    (Tool.PAINT, "Brush", "Draw on the mask itself"),
    (Tool.ERASE, "Eraser", "Take away from the mask itself"),
)


class PromptsPanel(Section):
    """Chooses the tool, shows the predicted quality, accepts or discards.

    Emits ``tool_requested(Tool)``, ``brush_requested(int)`` (diameter in pixels),
    ``accept_requested``, ``discard_requested``, ``undo_requested`` and ``redo_requested``.
    """

    tool_requested = Signal(object)
    brush_requested = Signal(int)
    accept_requested = Signal()
    discard_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Prompts", parent)
        self._make_tools()
        self._make_brush()
        self.quality = line()
        self.rows.addWidget(self.quality)
        self._make_actions()

    def set_tool(self, tool: Tool) -> None:
        """Show which tool is on."""
        self.tools[tool].setChecked(True)
        self.brush.setVisible(tool in (Tool.PAINT, Tool.ERASE))

    def set_tools_enabled(self, enabled: bool) -> None:
        """Tools need an image."""
        for made in self.tools.values():
            made.setEnabled(enabled)

    def set_quality(self, score: float | None, note: str = "") -> None:
        """Show the predicted quality (0 to 1) of the mask on the slice that is shown."""
        self.quality.setText(
            "Predicted quality: –" if score is None else f"Predicted quality: {score:.0%}"
        )
        self.quality.setToolTip(note or "How well the model expects its mask to fit")

    def set_actions(self, accept: bool, discard: bool, undo: str | None, redo: str | None) -> None:
        """Enable what can be done; ``undo`` and ``redo`` are the names of the steps, or None."""
        self.accept.setEnabled(accept)
        self.discard.setEnabled(discard)
        self.undo.setEnabled(undo is not None)
        self.redo.setEnabled(redo is not None)

    def _make_tools(self) -> None:
        self.tools = {}
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for tool, text, tip in _TOOLS:
            made = button(text, tool.value, tip)
            made.setCheckable(True)
            made.setEnabled(False)
            made.clicked.connect(lambda _=False, tool=tool: self.tool_requested.emit(tool))
            group.addButton(made)
            row.addWidget(made)
            self.tools[tool] = made
        self.tools[Tool.CLICK].setChecked(True)
        self.rows.addLayout(row)

    def _make_brush(self) -> None:
        self.brush = QWidget(self)
        self.size = QSlider(Qt.Orientation.Horizontal)
        self.size.setRange(1, 60)
        self.size.setValue(10)
        self.size.setToolTip("Diameter of the brush in pixels of the slice")
        self.size.valueChanged.connect(self.brush_requested)
        row = QHBoxLayout(self.brush)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Brush size"))
        row.addWidget(self.size, 1)
        self.brush.setVisible(False)
        self.rows.addWidget(self.brush)

    def _make_actions(self) -> None:
        self.accept = button("Accept", "accept")
        self.discard = button("Discard", "discard")
        self.undo = button("Undo", "undo")
        self.redo = button("Redo", "redo")
        wishes = (
            self.accept_requested,
            self.discard_requested,
            self.undo_requested,
            self.redo_requested,
        )
        grid = QGridLayout()
        grid.setSpacing(4)
        for number, (made, wish) in enumerate(
            zip((self.accept, self.discard, self.undo, self.redo), wishes, strict=True)
        ):
            made.setEnabled(False)
            made.clicked.connect(wish)
            grid.addWidget(made, number // 2, number % 2)
        self.rows.addLayout(grid)
