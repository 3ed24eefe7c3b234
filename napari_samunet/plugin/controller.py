"""What the dock widget does, without its buttons: one session an image, one model for all."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_samunet.errors import SamUNetError
from napari_samunet.plugin.ahead import EncodingAhead
from napari_samunet.plugin.asking import Asking
from napari_samunet.plugin.choice import ImageChoice
from napari_samunet.plugin.coordinates import show_plane, shown_slice
from napari_samunet.plugin.engine import SharedEngine
from napari_samunet.plugin.gestures import Gestures, Tool
from napari_samunet.plugin.grouping import Grouping, begin_next
from napari_samunet.plugin.hover import Hover
from napari_samunet.plugin.keeping import Keeping
from napari_samunet.plugin.memory import Memory
from napari_samunet.plugin.model_choice import ModelChoice
from napari_samunet.plugin.prompting import Prompting
from napari_samunet.plugin.resampling import resample_turned
from napari_samunet.plugin.retracing import make_again, take_back
from napari_samunet.plugin.sharing import Sharing
from napari_samunet.plugin.suggestions import Suggestions
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
_TWICE_S = 0.5  # who presses Accept twice at once says nothing of a doubtful slice


class Controller(ImageChoice):
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
    Signals: those of `ImageChoice`.
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
        self._accepted_at = -inf
        # Not with a brush, which asks no model, nor with the box, which asks for its own region.
        self.ahead = EncodingAhead(viewer, self.engine, self.inference, self._to_encode)
        for something_else in (self.changed, self.busy_changed):
            something_else.connect(self.ahead.soon)
        self.memory = Memory(self.engine, self.inference, self.ahead, self.say)
        self.memory.changed.connect(self.changed)
        self.models.loaded.connect(self.memory.look)
        self.hover = Hover(viewer, self.engine, self.inference, self._to_encode)
        self.viewing, self.sharing = Viewing(self, self.hover), Sharing(self)
        self.grouping = Grouping(self, self.step)
        self.through, self.asking = Through(self), Asking(self)
        self.suggestions = Suggestions(self, self.asking)
        for part in (self.through, self.suggestions):
            part.changed.connect(self.changed)
        self.asking.placed.connect(self.suggestions.put_away)  # who prompts takes none of them
        self.prompting = Prompting(self, self.through.place)
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
        """Segment this image from now on; what waited on it is done."""
        self.hover.give_way()
        super().choose(image)
        # A layer may be just being added or removed.
        QTimer.singleShot(0, self._prepare)
        QTimer.singleShot(0, self.asking.go_on)

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
        """Take a suggestion of this slice, else put the previews of the object into the labels,
        else a doubtful slice is right. False: refused, or it comes later.
        """
        carried = self.through.carries(self.work)
        # While an object is carried on, this says of that alone that it is right.
        if self.asking.comes_later(self._accept_shown if carried else self.accept):
            return False
        if self.suggestions.shown:
            return self.act(self.suggestions.take)
        return self._accept_shown()

    def next_object(self) -> None:
        """Accept what is shown; the next prompt begins another object."""
        work = self.work
        if work is None or self.asking.comes_later(self.next_object):
            return
        shown = work.session.previews or self.suggestions.shown
        if not shown or self.accept():
            self.act(lambda: begin_next(work.session))

    def next_candidate(self) -> None:
        """Show another candidate for the click on the shown slice."""
        work = self.work
        if work is None or self.waiting:
            return

        def pick() -> None:
            ref = shown_slice(self.viewer, work.image)
            work.session.next_candidate(ref.index, ref.axis)

        self.act(pick)

    def undo(self) -> None:
        """Drop what waits for an answer or is carried on; only else take the latest step back."""
        take_back(self)

    def redo(self) -> None:
        """Make the latest undone step again."""
        make_again(self)

    def discard(self) -> None:
        """Drop what is carried on, else the first suggestion of this slice, else what is not
        accepted of the current object; and what is still to come.
        """
        if self.through.carries(self.work):
            self.asking.drop_waiting()
            self.through.drop()
        elif self.suggestions.shown:
            self.notice = ""
            self.suggestions.refuse()
        else:
            self.step(lambda session: (session.prompts or session.previews) and session.discard())

    def resample(self) -> None:
        """Bring images that are turned against the chosen one onto its grid, as new layers."""
        resample_turned(self)

    def abandon(self) -> None:
        """End the threads; for when the viewer is gone already."""
        for work in self._works.values():
            self._call_off(work)
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
        self._let_go()
        self._end(wait_s)
        self.models.cancel()
        self.keeping.close()

    def _begin(self, work: ImageWork) -> None:
        work.session.overlap = self.grouping.overlap
        work.image.events.contrast_limits.connect(self._on_window)
        self.keeping.begin(work)

    def _forget(self, image: Image) -> ImageWork:
        image.events.contrast_limits.disconnect(self._on_window)
        self.keeping.end(self._works[image])
        self._call_off(self._works[image])
        return super()._forget(image)

    def _call_off(self, work: ImageWork) -> None:
        """Nobody waits any more for what the model was to do on an image."""
        for part in (self.asking, self.suggestions, self.through):
            part.forget(work)
        self.ahead.let_go(work)

    def _on_continued(self, work: ImageWork, ref: SliceRef | None) -> None:
        """Show what an earlier session had, where it stopped."""
        if work is self.work and ref is not None:
            show_plane(self.viewer, work.image, ref)
        self.say_of(work, "Your last session goes on: nothing of it is lost, Undo included.")
        self.asking.ask(work)

    def _on_window(self, _event: object) -> None:
        """The next prompt sees the new window, and so does what is encoded ahead."""
        self.changed.emit()

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
        if (work := self.work) is not None:
            work.take_strokes()
            self.act(lambda: action(work.session))

    def _accept_shown(self) -> bool:
        work = self.work
        if work is None:
            return False
        if work.session.previews:
            self._accepted_at = monotonic()
            return self.act(work.accept)
        if monotonic() - self._accepted_at > _TWICE_S:
            self.through.trust()
        return True

    def act(self, action: Callable[[], Any]) -> bool:
        """Do something now; False where it was refused, and said why."""
        self.notice = ""
        self.asking.drop_waiting()
        try:
            action()
        except SamUNetError as error:
            self.say(str(error))
            return False
        finally:
            self.asking.ask()
        return True

    def _on_model(self) -> None:
        self.problem = self.notice = ""
        self._prepare()
        self.asking.ask()

    def _on_model_refused(self, reason: str) -> None:
        if self.model_ready:
            self.say(f"That model was not loaded; {self.engine.title} still answers.")
        else:
            self.problem = f"No model: {reason}"
            self.changed.emit()
