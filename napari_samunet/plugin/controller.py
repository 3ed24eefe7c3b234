"""What the dock widget does, without its buttons: one session an image, one model for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal

from napari_samunet.errors import SamUNetError
from napari_samunet.plugin import sharing
from napari_samunet.plugin.ahead import EncodingAhead
from napari_samunet.plugin.choice import ImageChoice
from napari_samunet.plugin.coordinates import show_plane, shown_slice
from napari_samunet.plugin.engine import SharedEngine
from napari_samunet.plugin.fetching import reason_of
from napari_samunet.plugin.gestures import Gestures, Tool
from napari_samunet.plugin.keeping import Keeping
from napari_samunet.plugin.model_choice import ModelChoice
from napari_samunet.plugin.prompting import Prompting
from napari_samunet.plugin.work import ImageWork, ref_of
from napari_samunet.session.request import Request
from napari_samunet.session.shelf import Shelf
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image



class Controller(ImageChoice):
    """Connects viewer, sessions and the inference thread.

    Parameters
    ----------
    viewer : napari.Viewer
    load : callable, optional
        ``load(name_or_path)`` makes the engine, in the inference thread; the package's own by
        default.
    shelf : Shelf, optional
        Where journals lie; the user's own folder by default.

    Notes
    -----
    Signals: those of `ImageChoice`, and ``busy_changed(bool)``.
    """

    busy_changed = Signal(bool)

    def __init__(
        self,
        viewer: ViewerModel,
        load: Callable[[str], Any] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        super().__init__(viewer, SharedEngine(load))
        self.keeping = Keeping(shelf or Shelf(), self)
        self.keeping.changed.connect(self.changed)
        self.keeping.said.connect(self.say)
        self.keeping.continued.connect(self._on_continued)
        self.models = ModelChoice(self.engine, self._bridge, self)
        self.models.changed.connect(self.changed)
        self.models.loaded.connect(self._on_model)
        self.models.refused.connect(self._on_model_refused)
        self._afterwards: Callable[[], None] | None = None  # waits for the answer
        self._closed = False
        self._bridge.busy_changed.connect(self.busy_changed)
        # Not with a brush, which asks no model, nor with the box, which asks for its own region.
        self._ahead = EncodingAhead(viewer, self.engine, self._bridge, self._to_encode)
        for something_else in (self.changed, self.busy_changed):
            something_else.connect(self._ahead.soon)
        self.prompting = Prompting(viewer, lambda: self.work, self._prompted, self.say)
        self._gestures = Gestures(viewer, self.prompting)
        self._gestures.attach()
        self._on_selected()

    @property
    def model_ready(self) -> bool:
        """Whether a model is loaded."""
        return self.models.ready

    @property
    def waiting(self) -> bool:
        """Whether the answer to the latest prompt is due."""
        return self.work is not None and self.work.session.request() is not None

    @property
    def is_busy(self) -> bool:
        """Whether the inference thread has something to do."""
        return self._bridge.is_busy

    def start(self) -> None:
        """Begin to load the model; to be called once the window is painted."""
        if not (self.model_ready or self._bridge.is_busy):
            self.models.use(self.engine.name)

    def set_tool(self, tool: Tool) -> None:
        """Give the left mouse button another tool."""
        self.prompting.tool = tool
        self.notice = ""
        self.changed.emit()

    def set_brush(self, diameter: int) -> None:
        """Set the diameter of brush and eraser, in pixels of the slice."""
        self.prompting.brush = diameter

    def ask(self) -> None:
        """Let the model answer the latest prompts, if they wait for it."""
        work = self.work
        if work is None:
            return
        request = work.session.request()
        self._ahead.give_way()
        if request is None:
            self._bridge.cancel(work)
        else:
            answer = lambda: request.answer(self.engine)  # noqa: E731 - the request stays with it
            self._bridge.run(
                work,
                answer,
                lambda prediction: self._on_answer(work, request, prediction),
                lambda error: self._on_failed(work, request, error),
            )
        self.changed.emit()

    def accept(self) -> None:
        """Put the previews of the current object into the labels, and stay with it."""
        work = self.work
        if work is None:
            return
        if self.waiting:
            self._afterwards = self.accept
        elif work.session.previews:
            self._act(work.accept)

    def next_object(self) -> None:
        """Accept what is shown; the next prompt begins another object."""
        work = self.work
        if work is None:
            return
        if self.waiting:
            self._afterwards = self.next_object
            return
        self.accept()
        current = work.session.current
        if current is not None and current.voxels:
            self._act(work.session.new_object)

    def next_candidate(self) -> None:
        """Show another reading of the click on the shown slice."""
        work = self.work
        if work is None or self.waiting:
            return

        def pick() -> None:
            ref = shown_slice(work.image, self.viewer.layers, self.viewer.dims)
            work.session.next_candidate(ref.index, ref.axis)

        self._act(pick)

    def undo(self) -> None:
        """Take the latest step back."""
        self._step(lambda session: session.undo())

    def redo(self) -> None:
        """Make the latest undone step again."""
        self._step(lambda session: session.redo())

    def discard(self) -> None:
        """Drop prompts and previews of the current object that are not accepted."""
        self._step(lambda session: session.discard() if session.prompts else None)

    def select_object(self, number: int) -> None:
        """Go on with an object."""
        self._step(lambda session: session.select(number))

    def rename_object(self, number: int, name: str) -> None:
        """Give an object another name; an empty one changes nothing."""
        self._step(lambda session: session.rename_object(number, name) if name else None)

    def delete_object(self, number: int) -> None:
        """Remove an object; undo brings it back."""
        self._step(lambda session: session.delete_object(number))

    def toggle_mask(self) -> None:
        """Hide or show preview, prompts and labels."""
        if self.work is not None:
            self.work.shown.toggle()

    def export(self, path: str | Path, format: str = "") -> None:  # noqa: A002 - as in the session
        """Write the objects beside the window's work; says what was written, or why not."""
        if self.work is not None:
            sharing.export(self.work, path, format, self._bridge, self.say, self._on_error)

    def import_masks(self, path: str | Path) -> None:
        """Add the masks of a file to the objects, to be corrected."""
        if self.work is not None:
            sharing.import_masks(self.work, path, self._bridge, self.say, self._on_error)

    def abandon(self) -> None:
        """End the threads; for when the viewer is gone already."""
        self._bridge.close()
        self.models.cancel()
        self.keeping.close()

    def close(self, wait_s: float = 0.0) -> None:
        """Let go of viewer and thread; labels stay. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        self._gestures.detach()
        self._bridge.close(wait_s)
        self.models.cancel()
        self._let_go()
        self.keeping.close()

    def continue_last(self) -> None:
        """Continue the last session of this image."""
        if self.work is not None:
            self.keeping.go_on(self.work)

    def start_afresh(self) -> None:
        """Leave the last session of this image where it is."""
        if self.work is not None:
            self.keeping.refuse(self.work)

    def look_elsewhere(self, event: object = None) -> None:
        """Another slice or plane is shown: remember it."""
        ref = self.shown_ref()
        if ref is not None:
            self.keeping.note_position(self.work, ref)
        super().look_elsewhere(event)

    def shown_ref(self) -> SliceRef | None:
        """Return the plane of the image that is shown, or None where there is none."""
        return None if self.work is None else ref_of(self.work, self.viewer)

    def _work_on(self, image: Image) -> ImageWork | None:
        is_new = image not in self._works
        work = super()._work_on(image)
        if work is not None and is_new:
            self.keeping.begin(work)
        return work

    def _forget(self, image: Image) -> None:
        self.keeping.end(self._works[image])
        super()._forget(image)

    def _on_continued(self, work: ImageWork, ref: SliceRef | None) -> None:
        """Show what an earlier session had, where it stopped."""
        if work is self.work and ref is not None:
            show_plane(self.viewer, work.image, ref)
        self.say("Your last session goes on: nothing of it is lost, Undo included.")
        self.ask()

    def _to_encode(self) -> ImageWork | None:
        return self.work if self.model_ready and self.prompting.tool is Tool.CLICK else None

    def _step(self, action: Callable[[Any], Any]) -> None:
        if self.work is not None:
            self.work.take_hand_edits()
            session = self.work.session
            self._act(lambda: action(session))

    def _prompted(self) -> None:
        self.notice = ""
        self._afterwards = None
        if self.work is not None:
            self.work.shown.reveal()
        self.ask()

    def _act(self, action: Callable[[], Any]) -> None:
        self.notice = ""
        self._afterwards = None
        try:
            action()
        except SamUNetError as error:
            self.say(str(error))
        self.ask()

    def _on_answer(self, work: ImageWork, request: Request, prediction: Any) -> None:
        self.models.ready = True
        if work not in self._works.values():
            return  # its image was removed while the model worked
        work.session.apply(request, prediction)
        afterwards, self._afterwards = self._afterwards, None
        if afterwards is not None and work is self.work:
            afterwards()
        self.ask()

    def _on_failed(self, work: ImageWork, request: Request, error: BaseException) -> None:
        self._afterwards = None
        latest = work.session.request()
        if latest is not None and latest.generation == request.generation:
            work.session.undo()  # a prompt that nothing can answer would wait for ever
        self._on_error("No answer", error)
        self.changed.emit()

    def _on_model(self, replaced: bool) -> None:
        self.problem = self.notice = ""
        for work in self._works.values() if replaced else ():
            if work.session.previews:
                work.session.discard()  # this model cannot correct the answers of another
        self.ask()

    def _on_model_refused(self, reason: str) -> None:
        if self.model_ready:
            self.say(f"That model was not loaded; {self.engine.title} still answers.")
        else:
            self.problem = f"No model: {reason}"
            self.changed.emit()

    def _on_error(self, what: str, error: BaseException) -> None:
        self.say(f"{what}. {reason_of(error)}")
