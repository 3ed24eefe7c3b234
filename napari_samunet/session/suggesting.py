"""The part of a session that proposes what nobody asked for, and takes one of these proposals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.origin import Algorithm
from napari_samunet.session import steps
from napari_samunet.session.checks import drawn_mask, plane_of
from napari_samunet.session.claims import accepted
from napari_samunet.session.numbering import is_free
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.prompting import PromptedSession
from napari_samunet.session.suggestion import spread_over, suggest
from napari_samunet.types import BoolArray, SliceRef, Window

TAKEN = "suggestion"
"""What the step of ``take_suggestion`` is called."""


class SuggestingSession(PromptedSession):
    """A session that looks for objects by itself."""

    def suggest(
        self,
        index: int = 0,
        axis: int = 0,
        window: Window | None = None,
        most: int = 5,
        go_on: Callable[[], bool] | None = None,
    ) -> tuple[Prediction, ...]:
        """Propose objects on a plane: answers to clicks on salient places, best first.

        Never on what ``labels`` show already. Changes nothing; take one with
        ``take_suggestion(prediction.mask, index, axis)``. ``go_on`` ends the search by returning
        False.
        """
        ref = plane_of(self.volume.shape, index, axis)
        labels_hw = np.take(self.labels, ref.index, axis=ref.axis)
        return suggest(self.predict, self.volume, ref, window, most, labels_hw, go_on)

    def suggest_volume(
        self,
        axis: int = 0,
        window: Window | None = None,
        most: int = 5,
        go_on: Callable[[], bool] | None = None,
    ) -> dict[SliceRef, tuple[BoolArray, ...]]:
        """Propose objects on slices all over the volume: ``suggest`` on each, masks only.

        Only planes on which something was found are in the answer. It takes as long as a dozen
        slices do; ``go_on`` ends it, and what was found by then is returned.
        """
        found = {}
        axis = plane_of(self.volume.shape, 0, axis).axis
        for index in spread_over(self.volume.shape[axis]):
            if go_on is not None and not go_on():
                break
            masks = tuple(item.mask for item in self.suggest(index, axis, window, most, go_on))
            found.update({SliceRef(axis, index): masks} if masks else {})
        return found

    def take_suggestion(
        self, mask: ArrayLike, index: int = 0, axis: int = 0, model: Algorithm | None = None
    ) -> PlacedPrompt:
        """Make a proposal the preview of an object of its own, in one step.

        That is the current one only where nobody began to draw, locked or named it, for nobody
        said that the proposal is what the name says; else a new one. What the current object has
        in preview is accepted.

        Parameters
        ----------
        mask
            (H, W) bool.
        index, axis
            The plane.
        model
            What proposed it.

        Raises
        ------
        InputError
            The object in preview is locked; nothing has changed then.
        """
        ref = plane_of(self.volume.shape, index, axis)
        drawn = drawn_mask(mask, self.volume.shape, ref)
        state, before = self._state, None
        if state.current is not None and state.planes_of(state.current):
            before = state.object(self._unlocked(state.current))
            state = accepted(self._answer_waiting(state), before.id, self.overlap)
        number = state.current
        if number is None or not is_free(state, number):
            number = state.next_id
            state = state.with_object(None, self.volume.shape)
        shown = replace(painted_prediction(drawn), model=model)
        prompt = PlacedPrompt("mask", number, ref, packed=shown.chosen.packed)
        self._commit(TAKEN, steps.paint(state, prompt, shown, self._next_step()))
        if before is not None:
            self._tell_overlaps(before)
        return prompt
