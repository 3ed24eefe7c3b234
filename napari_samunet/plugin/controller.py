"""What the dock widget does, without its buttons: one session an image, one model for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_samunet.errors import SamUNetError
from napari_samunet.plugin.ahead import EncodingAhead
from napari_samunet.plugin.asking import Asking
from napari_samunet.plugin.coordinates import show_plane, shown_slice
from napari_samunet.plugin.elsewhere import Elsewhere
from napari_samunet.plugin.engine import SharedEngine
from napari_samunet.plugin.gestures import Gestures, Tool
from napari_samunet.plugin.ghosts import Ghosts
from napari_samunet.plugin.grouping import Grouping, begin_next
from napari_samunet.plugin.hover import Hover
from napari_samunet.plugin.keeping import Keeping
from napari_samunet.plugin.memory import Memory
from napari_samunet.plugin.model_choice import ModelChoice
from napari_samunet.plugin.prompting import Prompting
from napari_samunet.plugin.resampling import resample_turned
from napari_samunet.plugin.sharing import Sharing
from napari_samunet.plugin.through import Through
from napari_samunet.plugin.viewing import Viewing
from napari_samunet.plugin.work import ImageWork
from napari_samunet.session.shelf import Shelf
from napari_samunet.types import SliceRef

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image


_CLICKED = ("preview", "points")  # every tool takes clicks, or shows at least a mask
_DRAWN = {Tool.BOX: ("boxes",), Tool.LASSO: ("strokes",), Tool.SCRIBBLE: ("strokes",)}


class Controller(Asking):
    """Connects viewer, sessions and the inference thread.

    Parameters
    ----------
    viewer : napari.Viewer
    load : callable or None
        ``load(name_or_path)`` makes the engine, in the inference thread; None: the package's own.
    shelf : Shelf or None
        Where journals lie; None: the user's own folder.

    Notes
    -----
    Signals: those of `Asking`.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        load: Callable[[str], Any] | None,
        shelf: Shelf | None,
    ) -> None:
        super().__init__(viewer, SharedEngine(load))
        self.keeping = Keeping(shelf or Shelf(), self)
        self.keeping.changed.connect(self.changed)
        self.keeping.said.connect(self.say)
        self.keeping.continued.connect(self._on_continued)
        self.models = ModelChoice(self.engine, self.inference, self)
        self.models.changed.connect(self.changed)
        self.models.loaded.connect(self._on_model)
        self.models.refused.connect(self._on_model_refused)
        self._closed = False
        # Not with a brush, which asks no model, nor with the box, which asks for its own region.
        self.ahead = EncodingAhead(viewer, self.engine, self.inference, self._to_encode)
        for something_else in (self.changed, self.busy_changed):
            something_else.connect(self.ahead.soon)
        self.memory = Memory(self.engine, self.inference, self.ahead, self.say)
        self.memory.changed.connect(self.changed)
        self.models.loaded.connect(self.memory.look)
        self.hover = Hover(viewer, self.engine, self.inference, self._to_encode)
        self.viewing, self.grouping, self.sharing = Viewing(self), Grouping(self), Sharing(self)
        self.through, self.ghosts = Through(self), Ghosts(self)
        for part in (self.through, self.ghosts):
            part.changed.connect(self.changed)
        self.asked.connect(self.ghosts.put_away)  # who prompts takes none of them
        self.prompting = Prompting(viewer, lambda: self.work, self.through.place, self.say)
        self._gestures = Gestures(viewer, self.prompting)
        self._gestures.attach()
        self._on_selected()

    @property
    def model_ready(self) -> bool:
        """Whether a model is loaded."""
        return self.models.ready

    def start(self) -> None:
        """Begin to load the model; to be called once the window is painted."""
        if not (self.model_ready or self.inference.is_busy):
            self.models.use(self.engine.name)

    def choose(self, image: Image | None) -> None:
        """Segment this image from now on."""
        if self.work is None or image is not self.work.image:
            self._afterwards = []  # of the image before
        super().choose(image)
        QTimer.singleShot(0, self._prepare)  # a layer may be just being added or removed

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
        work, ref = self.work, self.shown_ref()
        if work is not None and ref is not None:
            self.keeping.note_position(work, ref)
        super().look_elsewhere(event)

    def set_tool(self, tool: Tool) -> None:
        """Give the left mouse button another tool."""
        self.prompting.tool = tool
        self.notice = ""
        self._prepare()
        self.changed.emit()

    def accept(self) -> bool:
        """Put the previews of the object into the labels; False: refused, or it comes later."""
        work = self.work
        if work is None or self._comes_later(self.accept):
            return False
        if self.ghosts.shown:
            return self._act(self.ghosts.take)
        return not work.session.previews or self._act(work.accept)

    def next_object(self) -> None:
        """Accept what is shown; the next prompt begins another object."""
        work = self.work
        if work is None or self._comes_later(self.next_object):
            return
        if self.accept():
            self._act(lambda: begin_next(work.session))

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
        """Take the latest step back; what waits for an answer is dropped, and nothing else."""
        waits = bool(self._afterwards)
        self._through_history(lambda session: waits or session.undo(), "Undone")

    def redo(self) -> None:
        """Make the latest undone step again."""
        self._through_history(lambda session: session.redo(), "Made again")

    def discard(self) -> None:
        """Drop what is not accepted of the current object, and what is still to come."""
        if self.ghosts.shown:
            self.ghosts.refuse()
            return
        self.through.drop()
        self.step(lambda session: (session.prompts or session.previews) and session.discard())

    def resample(self) -> None:
        """Bring images that are turned against the chosen one onto its grid, as new layers."""
        resample_turned(self)

    def abandon(self) -> None:
        """End the threads; for when the viewer is gone already."""
        self._end()
        self.models.cancel()
        self.keeping.close()

    def close(self, wait_s: float = 0.0) -> None:
        """Let go of viewer and thread; labels stay. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        self._gestures.detach()
        self.sharing.detach()
        self.hover.detach()
        self._end(wait_s)
        self.models.cancel()
        self._let_go()
        self.keeping.close()

    def _begin(self, work: ImageWork) -> None:
        work.session.overlap = self.grouping.overlap
        work.image.events.contrast_limits.connect(self._on_window)
        self.keeping.begin(work)

    def _forget(self, image: Image) -> None:
        image.events.contrast_limits.disconnect(self._on_window)
        self.keeping.end(self._works[image])
        super()._forget(image)

    def _on_continued(self, work: ImageWork, ref: SliceRef | None) -> None:
        """Show what an earlier session had, where it stopped."""
        if work is self.work and ref is not None:
            show_plane(self.viewer, work.image, ref)
        self.say("Your last session goes on: nothing of it is lost, Undo included.")
        self.ask()

    def _on_window(self, _event: object) -> None:
        """The next prompt sees the new window: encode it once the hand rests."""
        self.ahead.soon()
        self.changed.emit()

    def _make_way(self) -> None:
        self.ahead.give_way()
        self.hover.give_way()
        if self.waiting:
            self.through.stop()  # a person's click comes first

    def _answered(self) -> None:
        self.models.ready = True

    def _prepare(self) -> None:
        """Make the layers of a first prompt while nobody waits.

        Each takes napari some tenths of a second, at the first click or in the middle of a drag.
        """
        if self.work is not None and self.model_ready:
            self.work.prepare((*_CLICKED, *_DRAWN.get(self.prompting.tool, ())))

    def _to_encode(self) -> ImageWork | None:
        return self.work if self.model_ready and self.prompting.tool is Tool.CLICK else None

    def step(self, action: Callable[[Any], Any]) -> None:
        """Do ``action(session)`` with the session of the chosen image; an error is said."""
        if self.work is not None:
            self.work.take_hand_edits()
            session = self.work.session
            self._act(lambda: action(session))

    def _through_history(self, action: Callable[[Any], Any], done: str) -> None:
        """Take a step back or make it again; where nobody looks, say the place."""
        if self.work is None:
            return
        self.work.take_hand_edits()
        watch = Elsewhere(self.work, self.shown_ref())
        self.step(action)
        if where := watch.told():
            self.say(f"{done} on {where}.")

    def _is_settled(self) -> bool:
        return super()._is_settled() and not self.through.carries(self.work)

    def _comes_later(self, action: Callable[[], object]) -> bool:
        """Whether an action waits for the answer that is due, or for a propagation, which ends."""
        if self._is_settled():
            return False
        self.through.stop()
        self._afterwards.append(action)
        return True

    def _act(self, action: Callable[[], Any]) -> bool:
        """Do something now; False where it was refused, and said why."""
        self.notice = ""
        self._afterwards = []
        try:
            action()
        except SamUNetError as error:
            self.say(str(error))
            return False
        finally:
            self.ask()
        return True

    def _on_model(self, replaced: bool) -> None:
        self.problem = self.notice = ""
        for work in self._works.values() if replaced else ():
            if work.session.previews:
                work.session.discard()  # this model cannot correct the answers of another
        self._prepare()
        self.ask()

    def _on_model_refused(self, reason: str) -> None:
        if self.model_ready:
            self.say(f"That model was not loaded; {self.engine.title} still answers.")
        else:
            self.problem = f"No model: {reason}"
            self.changed.emit()
