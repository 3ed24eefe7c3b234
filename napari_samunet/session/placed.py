"""Prompts as a person placed them, one by one, and how those of a plane become one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from napari_samunet.packed import PackedMask
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray, Box, FloatArray, SliceRef

Kind = Literal["point", "box", "scribble", "lasso", "mask"]


@dataclass(frozen=True, eq=False)
class PlacedPrompt:
    """One click, box, scribble, lasso or painted mask.

    Attributes
    ----------
    kind
        "point", "box", "scribble", "lasso" or "mask".
    object_id, ref
        The object that it belongs to, and the plane it lies on.
    positive
        Whether it shows the object; False: what is not the object.
    points
        (N, 2) (row, column) of a point, scribble or lasso, read-only; (0, 2) of the others.
    box
        (row_min, col_min, row_max, col_max), of a box or a lasso.
    packed
        The mask of a scribble or lasso (what was drawn, enclosed), or the painted one.
    """

    kind: Kind
    object_id: int
    ref: SliceRef
    positive: bool = True
    points: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    box: Box | None = None
    packed: PackedMask | None = None

    def __post_init__(self) -> None:
        points = np.array(self.points, float).reshape(-1, 2)
        points.flags.writeable = False
        object.__setattr__(self, "points", points)

    @property
    def mask(self) -> BoolArray | None:
        """``packed`` as an array (H, W) bool, read-only."""
        return None if self.packed is None else self.packed.mask


def combine(placed: Sequence[PlacedPrompt], with_mask: bool = True) -> Prompts:
    """Make one question of the prompts of a plane.

    Parameters
    ----------
    placed
        In the order of placing; the last box and the last painted mask count.
    with_mask
        Whether the painted mask is asked with; False where the earlier answer already has it in.
    """
    points = [prompt.points for prompt in placed]
    labels = [int(prompt.positive) for prompt in placed for _ in prompt.points]
    boxes = [prompt.box for prompt in placed if prompt.box is not None]
    painted = [prompt.mask for prompt in placed if prompt.kind == "mask"]
    return Prompts(
        points=np.vstack(points) if points else (),
        labels=labels,
        box=boxes[-1] if boxes else None,
        mask=painted[-1] if painted and with_mask else None,
    )
