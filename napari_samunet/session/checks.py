"""What comes into a session, checked at its border."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import InputError
from napari_samunet.geometry import plane_shape
from napari_samunet.inference.prediction import Prediction
from napari_samunet.preprocess.slicing import check_ref
from napari_samunet.prompts.drawn import as_mask
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.state import MAX_ID
from napari_samunet.types import BoolArray, SliceRef

Shape = tuple[int, int, int]


def plane_of(shape_zyx: Shape, index: int, axis: int) -> SliceRef:
    """Return the plane that axis and index name.

    Raises
    ------
    OutsideImage
        There is no such plane.
    InputError
        Axis or index is no whole number.
    """
    try:
        ref = SliceRef(operator.index(axis), operator.index(index))
    except TypeError as error:
        raise InputError(
            f"Axis and index of a slice are whole numbers, but {axis!r} and {index!r} came."
        ) from error
    check_ref(shape_zyx, ref)
    return ref


def check_unlocked(item: ObjectState) -> None:
    """Refuse to change an object that a person protected.

    Raises
    ------
    InputError
        It is locked.
    """
    if item.locked:
        raise InputError(f"'{item.name}' is locked: unlock it to change it.")


def check_question(prompts: object, previous: object) -> None:
    """Refuse what is no prompts, or no answer to correct.

    Raises
    ------
    InputError
        Something else came.
    """
    if not isinstance(prompts, Prompts):
        raise InputError(
            f"Prompts were wanted, but a {type(prompts).__name__} came; "
            "use Prompts(points=[(row, column)], labels=[1])."
        )
    if not isinstance(previous, Prediction | None):
        raise InputError(
            "An answer to correct is one that predict gave, or None, but a "
            f"{type(previous).__name__} came."
        )


def check_answer(answer: Prediction, shape_zyx: Shape, ref: SliceRef) -> None:
    """Refuse what a model, which may be anybody's, answered on a plane, if it is no answer there.

    Raises
    ------
    InputError
        It is no ``Prediction``, or its mask has another shape than the plane.
    """
    wanted = plane_shape(shape_zyx, ref.axis)
    came = answer.chosen.packed.shape if isinstance(answer, Prediction) else type(answer).__name__
    if came != wanted:
        raise InputError(
            f"A prompt on axis {ref.axis} wants a Prediction with a mask of {wanted} (rows, "
            f"columns), but {came} came: mend `predict` of the session's model."
        )


def object_name(name: str) -> str:
    """Return a name for an object.

    Raises
    ------
    InputError
        It is no text.
    """
    if not isinstance(name, str):
        raise InputError(f"An object's name is a text, but {name!r} came.")
    return name


def drawn_mask(mask: ArrayLike, shape_zyx: Shape, ref: SliceRef) -> BoolArray:
    """Return a mask (H, W) of a plane as bool, see ``as_mask``.

    Raises
    ------
    InputError
        It has another shape than the plane, or values that no mask has, as logits do.
    """
    drawn, wanted = as_mask(mask), plane_shape(shape_zyx, ref.axis)
    if drawn.shape != wanted:
        raise InputError(
            f"Slices along axis {ref.axis} are {wanted} (rows, columns), but a mask of "
            f"{drawn.shape} came."
        )
    return drawn


def label_array(array: ArrayLike, shape_zyx: Shape) -> np.ndarray:
    """Return labels (Z, Y, X) as uint16, the same array where it is that; whole floats are taken.

    Raises
    ------
    InputError
        Another shape than the volume, or not whole numbers from 0 to ``MAX_ID``.
    """
    labels = np.asarray(array)
    if labels.shape != tuple(shape_zyx):
        raise InputError(
            f"The volume is {tuple(shape_zyx)} (z, y, x), but labels of {labels.shape} came; "
            "bring them onto its grid first."
        )
    if labels.dtype.kind not in "biuf":
        raise InputError(f"Labels are whole numbers, but {labels.dtype} came.")
    whole = labels.dtype.kind != "f" or bool((labels == np.rint(labels)).all())
    if not whole or labels.min() < 0 or labels.max() > MAX_ID:
        raise InputError(
            f"Labels are whole numbers from 0 to {MAX_ID}, but values from {labels.min()} to "
            f"{labels.max()} came{'' if whole else ', not all of them whole'}."
        )
    return labels.astype(np.uint16, copy=False)
