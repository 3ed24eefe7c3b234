"""Prompts that are drawn around, moved, or only thought of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import EmptyPrompt, InputError
from napari_samunet.geometry import plane_shape
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.prompts.simulate import first_click, tight_box
from napari_samunet.session import steps
from napari_samunet.session.checks import drawn_mask, plane_of
from napari_samunet.session.placed import PlacedPrompt, combine
from napari_samunet.session.prompting import PromptedSession
from napari_samunet.session.request import Request
from napari_samunet.types import Box, FloatArray, Window


class ReshapingSession(PromptedSession):
    """The part of a session that edits prompts as shapes."""

    def add_lasso(
        self,
        mask: ArrayLike,
        positive: bool = True,
        index: int = 0,
        axis: int = 0,
        window: Window | None = None,
        predict: bool = True,
    ) -> PlacedPrompt:
        """Draw roughly around the object; ``mask`` (H, W) is what the line encloses.

        It asks with the box of the area and its innermost pixel, and answers end at the line, until
        something that shows the object beyond it is placed. A lasso that is not ``positive``
        encloses what is not the object, and works as a scribble over all of it.

        Raises
        ------
        EmptyPrompt
            Nothing is enclosed.
        """
        ref = plane_of(self.volume.shape, index, axis)
        drawn = drawn_mask(mask, self.volume.shape, ref)
        if not drawn.any():
            raise EmptyPrompt("A lasso goes around something, but this one encloses nothing.")
        if not positive:
            return self.add_scribble(drawn, False, index, axis, window, predict)
        points, box = np.array([first_click(drawn)]), tight_box(drawn)
        packed = PackedMask.of(drawn)
        return self._place(
            "lasso", index, axis, window, predict, points=points, box=box, packed=packed
        )

    def move_prompt(
        self,
        prompt: PlacedPrompt,
        point_rc: tuple[float, float] | None = None,
        box_rc: Box | None = None,
        predict: bool = True,
    ) -> PlacedPrompt:
        """Put a click or a box elsewhere on its plane; all prompts there are asked afresh.

        Its object becomes the current one.

        Parameters
        ----------
        prompt
            A point or box among ``prompts`` or ``settled_prompts``.
        point_rc, box_rc
            Where to: of a point or a box.
        predict
            Whether to wait for the answer.

        Raises
        ------
        InputError
            It is no point or box of those, its object is locked, or the place is none.
        OutsideImage
            It leaves the image; nothing has changed then.
        """
        wanted = {"point": point_rc, "box": box_rc}.get(prompt.kind)
        begun = steps.reopened(self._state, (prompt.object_id, prompt.ref))
        if wanted is None or prompt not in begun.plane((prompt.object_id, prompt.ref)).prompts:
            raise InputError(
                "A click or box among the prompts can be moved, and needs a point or a box to go "
                f"to; this {prompt.kind} cannot."
            )
        self._unlocked(prompt.object_id)
        if point_rc is not None and prompt.kind == "point":
            moved = replace(prompt, points=_one(point_rc))
        else:
            moved = replace(prompt, box=Prompts(box=box_rc).box)
        combine([moved]).check(plane_shape(self.volume.shape, prompt.ref.axis))
        state = steps.exchange(begun, prompt, moved, self._next_step())
        self._commit("move prompt", self._answer_waiting(state) if predict else state)
        return moved

    def imagine(
        self,
        point_rc: tuple[float, float],
        index: int = 0,
        axis: int = 0,
        window: Window | None = None,
    ) -> Request:
        """Return the question that a click would ask, without clicking; changes nothing.

        Raises
        ------
        OutsideImage, InputError
            As ``add_point``.
        """
        ref = plane_of(self.volume.shape, index, axis)
        state, object_id = self._with_current()
        prompt = PlacedPrompt("point", object_id, ref, True, points=_one(point_rc))
        combine([prompt]).check(plane_shape(self.volume.shape, ref.axis))
        window = None if window is None else choose_window(self.volume, window)
        state = steps.place(state, prompt, window, 0)
        return self._question(state, object_id, ref)

    def foresee(
        self, index: int = 0, axis: int = 0, window: Window | None = None
    ) -> Request | None:
        """Return what a first click on the current object would ask on a slice, less the click.

        None where there is no current object, or it was prompted there already; changes nothing.

        Raises
        ------
        InputError
            There is no such slice.
        """
        ref, object_id = plane_of(self.volume.shape, index, axis), self._state.current
        if object_id is None:
            return None
        begun = (object_id, ref) in self._state.planes
        if begun or ref in self._state.object(object_id).settled:
            return None
        request = self._question(self._state, object_id, ref)
        return replace(request, window=window)


def _one(point_rc: tuple[float, float]) -> FloatArray:
    """Return a checked point as an array (1, 2)."""
    return np.asarray(Prompts(points=[point_rc], labels=[1]).points, float)
