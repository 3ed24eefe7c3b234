"""Suggestions: contours that nobody asked for, to be taken or refused one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, TypeAlias

from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import reason_of
from napari_samunet.plugin.advice import how_to_take
from napari_samunet.plugin.coordinates import show_plane
from napari_samunet.session.suggesting import TAKEN

if TYPE_CHECKING:
    from napari_samunet.io.origin import Algorithm
    from napari_samunet.plugin.asking import Asking
    from napari_samunet.plugin.choice import ImageChoice
    from napari_samunet.plugin.work import ImageWork
    from napari_samunet.session.placed import PlacedPrompt
    from napari_samunet.session.session import Session
    from napari_samunet.types import BoolArray, SliceRef, Window

GoOn: TypeAlias = "Callable[[], bool]"
Found: TypeAlias = "Mapping[SliceRef, tuple[BoolArray, ...]]"
Search: TypeAlias = "Callable[[Session, SliceRef, Window, GoOn], Found]"


class Suggestions(QObject):
    """Asks the model what there is on a slice or in the volume, and shows it best first.

    Parameters
    ----------
    choice : ImageChoice
        Whose image is looked at; also the parent.
    asking : Asking
        Asks the model.

    Attributes
    ----------
    running : bool

    Notes
    -----
    Signals: ``changed()``.
    """

    changed = Signal()

    def __init__(self, choice: ImageChoice, asking: Asking) -> None:
        super().__init__(choice)
        self.running = False
        self._choice, self._asking = choice, asking
        self._stop = Event()
        self._work: ImageWork | None = None
        self._left: dict[SliceRef, list[BoolArray]] = {}
        self._taken: list[tuple[SliceRef, BoolArray, PlacedPrompt]] = []
        self._model: Algorithm | None = None

    @property
    def shown(self) -> int:
        """How many suggestions are left to be taken or refused on the shown slice."""
        return len(self._here())

    def suggest(self) -> None:
        """Look for objects on the shown slice; pressed again while it looks, it stops."""
        self._look("on this slice", _on_slice)

    def suggest_volume(self) -> None:
        """Look for objects on slices all over the volume; pressed again, it stops."""
        self._look("all over the volume", _over_volume)

    def take(self) -> None:
        """Make the brightest suggestion the preview of a new object; the preview before it stays
        for good. Where a lock refuses that, the suggestion stays.
        """
        ref, work = self._choice.shown_ref(), self._work
        if ref is None or work is None or not self._here():
            return
        work.take_hand_edits()
        mask, accepts = self._here()[0], bool(work.session.previews)
        prompt = work.session.take_suggestion(mask, ref.index, ref.axis, self._model)
        if accepts:
            work.shown.reveal(("labels",))
        self._taken.append((ref, mask, prompt))
        self._here().pop(0)
        self._draw()

    def follow(
        self, step: str, taken: bool, made: Sequence[PlacedPrompt], unmade: Sequence[PlacedPrompt]
    ) -> None:
        """Show one again whose taking was undone, or no longer where that was made again.

        Parameters
        ----------
        step
            What was undone or made again.
        taken
            Whether it was made again.
        made, unmade
            The prompts of the session with that step, and without it.
        """
        for ref, mask, prompt in self._taken if step == TAKEN else ():
            before, after = (any(one is prompt for one in some) for some in (unmade, made))
            if after and not before:
                others = [other for other in self._left.get(ref, []) if other is not mask]
                self._left[ref] = others if taken else [mask, *others]
                self._draw()

    def refuse(self) -> None:
        """Go on to the next suggestion, on the next slice where none is left on this one."""
        self._here().pop(0)
        self._draw()
        if not self._here():
            self._go_on()

    def put_away(self) -> None:
        """Take those of the shown slice away."""
        if self.shown:
            self._here().clear()
            self._draw()

    def clear(self) -> None:
        """Take all suggestions away."""
        self._left, self._taken = {}, []
        self._draw()

    def forget(self, work: ImageWork) -> None:
        """Let go of an image that is closed, and end a search on it."""
        if work is self._work:
            self._stop.set()
            self._work, self._left, self._taken = None, {}, []

    def _here(self) -> list[BoolArray]:
        ref = self._choice.shown_ref()
        return self._left.get(ref, []) if self._work is self._choice.work and ref else []

    def _look(self, where: str, search: Search) -> None:
        work, ref = self._choice.work, self._choice.shown_ref()
        if self.running:
            self._stop.set()
            return
        if work is None or ref is None or self._choice.waiting:
            return
        self.clear()
        self._work, self.running = work, True
        self._stop = stop = Event()
        window = work.window
        self._asking.run_beside(
            (work, "suggest"),
            lambda: search(work.session, ref, window, lambda: not stop.is_set()),
            lambda found: self._show(work, where, found),
            lambda error: self._fail(work, error),
        )
        self._choice.say(f"Looking for objects {where}…")
        self.changed.emit()

    def _show(self, work: ImageWork, where: str, found: Found) -> None:
        self.running = False
        if not self._choice.is_open(work):
            return
        self._work, self._left = work, {ref: list(masks) for ref, masks in found.items() if masks}
        self._model = self._choice.engine.algorithm
        self._draw()
        if not self._here():
            self._go_on()
        count, slices = sum(map(len, self._left.values())), len(self._left)
        if count:
            many = f" on {slices} slices" if slices > 1 else ""
            self._choice.say_of(work, how_to_take(count, many))
        else:
            self._choice.say_of(work, f"Nothing was found {where} that is not segmented yet.")

    def _go_on(self) -> None:
        """Show the next slice that has suggestions, if the image is still the chosen one."""
        here, work = self._choice.shown_ref(), self._choice.work
        left = sorted(ref for ref, masks in self._left.items() if masks)
        if left and here is not None and work is not None and work is self._work:
            show_plane(
                self._choice.viewer, work.image, next((r for r in left if r > here), left[0])
            )

    def _draw(self) -> None:
        if self._work is not None:
            left = {ref: tuple(masks) for ref, masks in self._left.items() if masks}
            self._work.shown.show_suggestions(left)
        self.changed.emit()

    def _fail(self, work: ImageWork, error: BaseException) -> None:
        self.running = False
        self._choice.say_of(work, f"No suggestions. {reason_of(error)}")
        self.changed.emit()


def _on_slice(session: Session, ref: SliceRef, window: Window, go_on: GoOn) -> Found:
    found = session.suggest(ref.index, ref.axis, window, go_on=go_on)
    return {ref: tuple(item.mask for item in found)}


def _over_volume(session: Session, ref: SliceRef, window: Window, go_on: GoOn) -> Found:
    return session.suggest_volume(ref.axis, window, go_on=go_on)
