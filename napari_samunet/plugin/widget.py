"""The dock widget: lays out the panels, and carries wishes one way and values the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_samunet.errors import InputError
from napari_samunet.plugin import keys
from napari_samunet.plugin.canvas import canvas_of
from napari_samunet.plugin.controller import Controller
from napari_samunet.plugin.digits import DigitKeys
from napari_samunet.plugin.focus import FocusOnCanvas
from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.grouping import Grouping
from napari_samunet.plugin.layer_keys import LayerKeys
from napari_samunet.plugin.one_frame import OneFrame
from napari_samunet.plugin.own_context import OwnContext
from napari_samunet.plugin.panels.column import Column
from napari_samunet.plugin.panels.export import ExportPanel
from napari_samunet.plugin.panels.image import ImagePanel
from napari_samunet.plugin.panels.key_list import KeyList
from napari_samunet.plugin.panels.last_session import LastSessionPanel
from napari_samunet.plugin.panels.memory import MemoryPanel
from napari_samunet.plugin.panels.model import ModelPanel
from napari_samunet.plugin.panels.objects import ObjectsPanel
from napari_samunet.plugin.panels.prompts import PromptsPanel
from napari_samunet.plugin.panels.section import Section, literal
from napari_samunet.plugin.panels.slices import SlicesPanel
from napari_samunet.plugin.panels.status import StatusPanel
from napari_samunet.plugin.rest import ANSWER_MS, Rest
from napari_samunet.plugin.showing import show_state
from napari_samunet.plugin.side_letters import SideLetters
from napari_samunet.session.labelset import label_sets
from napari_samunet.session.shelf import Shelf

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QCloseEvent, QShowEvent

_SOON_MS = 50  # the window is painted first, then torch is imported


class SegmentationWidget(QWidget):
    """Click an image, get the mask.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer whose image layers are segmented.
    load : callable, optional
        ``load(name_or_path)`` makes the engine; the package's own by default.
    shelf : Shelf, optional
        Where journals lie; the user's own folder by default.

    Raises
    ------
    InputError
        The window has this panel already; two would both answer every click.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        load: Callable[[str], Any] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        # A proxy that napari may hand to plugins: layers that come out of it are never the same.
        viewer = getattr(viewer, "__wrapped__", viewer)
        _refuse_second(viewer)
        super().__init__()
        _docked[id(viewer)] = self
        self._viewer = viewer
        self._was_docked = False
        self.controller = Controller(viewer, load, shelf)
        self.destroyed.connect(self.controller.abandon)  # the whole window was closed
        self.status, self.last_session = StatusPanel(), LastSessionPanel()
        self.image, self.model = ImagePanel(), ModelPanel()
        self.prompts, self.objects = PromptsPanel(), ObjectsPanel(tuple(label_sets()))
        self.slices, self.export, self.memory = SlicesPanel(), ExportPanel(), MemoryPanel()
        self._digits: DigitKeys | None = None
        self._context: OwnContext | None = None
        self.side_letters: SideLetters | None = None
        self._key_list: KeyList | None = None
        self._lay_out()
        self._focus = FocusOnCanvas(self, viewer)
        self._connect_panels()
        self._connect_viewer()
        self._pending = Rest(self, 0, self._refresh)  # once for the many events of one action
        self._frame = OneFrame(self)
        self.controller.asking.asked.connect(self._frame.hold)
        self.controller.asking.glimpsed.connect(self._frame.release)
        self._refresh()

    def close_session(self) -> None:
        """Let go of the viewer; called when the widget or the window closes."""
        if self._viewer is None:
            return
        viewer, self._viewer = self._viewer, None
        _docked.pop(id(viewer), None)
        self._pending.stop()
        self._frame.release()
        for event in _shown_slice_events(viewer):
            event.disconnect(self.controller.look_elsewhere)
        keys.unbind(viewer)
        self._layer_keys.release()
        if self.side_letters is not None:
            self.side_letters.remove()
            self.side_letters = None
        self.controller.close()
        for part in (self._focus, self._digits, self._context):
            if part is not None:
                part.release()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Load the model once the widget is on the screen."""
        super().showEvent(event)
        QTimer.singleShot(_SOON_MS, self._start)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Let go of the viewer."""
        self.close_session()
        super().closeEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """Notice that napari let go: closing the dock takes the widget out without a word."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            QTimer.singleShot(0, self._close_if_orphan)
        return super().event(event)

    def _close_if_orphan(self) -> None:
        docked = self.parent() is not None
        if self._was_docked and not docked:
            self.close_session()
        self._was_docked = docked

    def _start(self) -> None:
        if self._viewer is None:
            return
        self.controller.start()
        if self._digits is None:
            self._digits = DigitKeys(self, self.controller.viewing.use_window)
        canvas = canvas_of(self)
        if self.side_letters is None and canvas is not None:
            self.side_letters = SideLetters(canvas, self._viewer, lambda: self.controller.work)
            self._context = OwnContext(canvas, self._viewer.layers)

    def _lay_out(self) -> None:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(6, 4, 6, 4)
        rows.setSpacing(3)
        for panel in self._panels():
            rows.addWidget(panel)
        for folded in (self.model, self.export, self.memory):
            folded.set_open(False)
        rows.addStretch(1)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(4, 6, 4, 4)
        outside.addWidget(self.status)
        outside.addWidget(self.last_session)
        outside.addWidget(Column(inside), 1)

    def _panels(self) -> tuple[Section, ...]:
        panels = self.image, self.model, self.prompts, self.objects, self.slices, self.export
        return (*panels, self.memory)

    def _connect_panels(self) -> None:
        act = self.controller
        self.last_session.continue_requested.connect(act.continue_last)
        self.last_session.refused.connect(act.start_afresh)
        self.image.image_requested.connect(self._choose)
        self.model.model_requested.connect(act.models.choose)
        self.model.system_requested.connect(act.models.read_as)
        self.model.offer_taken.connect(act.models.take_offer)
        self.model.cancel_requested.connect(act.models.cancel)
        self.prompts.tool_requested.connect(act.set_tool)
        self.prompts.brush_requested.connect(act.prompting.set_brush)
        self.prompts.undo_requested.connect(act.undo)
        self.prompts.redo_requested.connect(act.redo)
        self.prompts.discard_requested.connect(act.discard)
        self.objects.accept_requested.connect(act.accept)
        self.objects.next_requested.connect(act.next_object)
        self._connect_objects(act.grouping)
        self.prompts.ghost_requested.connect(act.viewing.toggle_ghost)
        self.prompts.suggest_requested.connect(act.suggestions.suggest)
        self.image.window_requested.connect(act.viewing.use_window)
        self.image.resample_requested.connect(act.resample)
        self.slices.propagate_requested.connect(act.through.propagate)
        self.slices.redo_requested.connect(act.through.redo_around)
        self.slices.doubt_requested.connect(act.through.next_doubt)
        self.export.export_requested.connect(act.sharing.export)
        self.export.import_requested.connect(act.sharing.import_masks)
        self.memory.budget_requested.connect(act.memory.set_budget)
        self.memory.empty_requested.connect(act.memory.empty)
        self.memory.folded.connect(self._later)
        act.changed.connect(self._later)
        act.said.connect(self._say)
        act.busy_changed.connect(self._show_busy)

    def _connect_objects(self, act: Grouping) -> None:
        panel, table = self.objects, self.objects.table
        table.select_requested.connect(act.select)
        table.rename_requested.connect(act.rename)
        table.lock_requested.connect(act.lock)
        table.show_requested.connect(act.show)
        panel.delete_requested.connect(act.delete)
        panel.merge_requested.connect(act.merge)
        panel.split_requested.connect(act.split)
        panel.fill_requested.connect(act.fill)
        panel.overlap_requested.connect(act.set_overlap)
        panel.preset_requested.connect(act.use_preset)
        panel.names_requested.connect(act.use_file)
        panel.log_requested.connect(act.save_log)

    def _connect_viewer(self) -> None:
        act = self.controller
        for event in _shown_slice_events(self._viewer):
            event.connect(act.look_elsewhere)
        tools = {tool.value: (lambda tool=tool: act.set_tool(tool)) for tool in Tool}
        actions = {
            "continue": act.continue_last,
            "accept": act.accept,
            "next_object": act.next_object,
            "candidate": act.next_candidate,
            "undo": act.undo,
            "redo": act.redo,
            "discard": act.discard,
            "hide": act.viewing.toggle_mask,
            "delete_prompt": act.prompting.delete_prompt,
            "ghost": act.viewing.toggle_ghost,
            "suggest": act.suggestions.suggest,
            "suggest_volume": act.suggestions.suggest_volume,
            "pick": act.grouping.pick,
            "lock": act.grouping.lock_current,
            "propagate": self.slices.propagate,
            "redo_around": act.through.redo_around,
            "next_doubt": act.through.next_doubt,
            "panel": self._focus.cross,
            "help": self._show_keys,
        }
        in_turn = act.prompting.in_turn(actions)
        keys.bind(self._viewer, {**tools, **in_turn})
        self._layer_keys = LayerKeys(self._viewer.layers, in_turn)

    def _choose(self, image: Any) -> None:
        self._viewer.layers.selection.active = image
        self.controller.choose(image)

    def _show_keys(self) -> None:
        """Show all keys in a window of their own; the same key closes it again."""
        if self._key_list is None:
            self._key_list = KeyList(self)
        self._key_list.setVisible(not self._key_list.isVisible())

    def _later(self, _event: object = None) -> None:
        # Panels that are painted while an answer is due would delay it.
        self._pending.start(ANSWER_MS if self.controller.waiting else 0)

    def _say(self, text: str) -> None:
        self._viewer.status = literal(text)

    def _show_busy(self, busy: bool) -> None:
        self.status.set_busy(busy)
        self._later()

    def _refresh(self) -> None:
        if self._viewer is None:
            return
        show_state(self, self.controller)
        if self.side_letters is not None:
            self.side_letters.show_sides()
        if not self.controller.waiting:
            self._frame.release()


_docked: WeakValueDictionary[int, SegmentationWidget] = WeakValueDictionary()
"""The panel of each viewer; it holds its viewer, so the number stays the viewer's own."""


def _refuse_second(viewer: napari.viewer.Viewer) -> None:
    first = _docked.get(id(viewer))
    if first is None:
        return
    with suppress(RuntimeError):  # Qt deleted it together with its window
        dock = first.parentWidget() or first
        dock.show()  # it may have been hidden, and is what the person looks for
        dock.raise_()
        raise InputError("This window has the segmentation panel already: use that one.")


def _shown_slice_events(viewer: napari.viewer.Viewer) -> tuple[Any, ...]:
    """What fires when another slice is shown; one of the slider's several events is enough."""
    events = viewer.dims.events
    return events.point, events.order, events.ndisplay
