"""What each action makes of a state: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from napari_samunet.geometry import plane_shape
from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.prediction import Prediction
from napari_samunet.packed import PackedMask
from napari_samunet.prompts.hits import hits
from napari_samunet.session.claims import claimed
from napari_samunet.session.crossing import are_side_by_side, crossed, crossed_answer
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.plan import Carried
from napari_samunet.session.plane import PlaneState
from napari_samunet.session.settled import settled_across
from napari_samunet.session.state import Overlap, PlaneKey, State
from napari_samunet.types import SliceRef, Window


def place(state: State, prompt: PlacedPrompt, window: Window | None, generation: int) -> State:
    """Add a prompt to its plane; the plane then waits for an answer.

    Another window than that of the earlier prompts starts afresh: its answer was of another image.
    """
    key = (prompt.object_id, prompt.ref)
    plane = _begun(state, key)
    same_image = plane.window == window
    changed = replace(
        plane,
        prompts=(*plane.prompts, prompt),
        answer=plane.answer if same_image else None,
        window=window,
        generation=generation,
        waiting=True,
    )
    return replace(state.with_plane(key, changed), ref=prompt.ref)


def paint(state: State, prompt: PlacedPrompt, shown: Prediction, generation: int) -> State:
    """Put a painted mask in place of the preview; prompts that contradict it are dropped."""
    key = (prompt.object_id, prompt.ref)
    plane = state.plane(key)
    kept = tuple(other for other in plane.prompts if _agrees(other, prompt))
    changed = replace(
        plane,
        prompts=(*kept, prompt),
        shown=shown,
        painted=True,
        generation=generation,
        waiting=False,
    )
    return replace(state.with_plane(key, changed), ref=prompt.ref)


def remove(state: State, prompt: PlacedPrompt, generation: int) -> State:
    """Take a prompt away; the rest is asked afresh, because every later answer knew of it.

    Its object is current then: that is the one that is asked for.
    """
    key = (prompt.object_id, prompt.ref)
    plane = state.plane(key)
    rest = tuple(other for other in plane.prompts if other is not prompt)
    state = replace(state, ref=prompt.ref, current=prompt.object_id)
    if not rest:
        return _withdrawn(state, key, generation)
    changed = replace(
        plane,
        prompts=rest,
        answer=None,
        painted=any(other.kind == "mask" for other in rest),
        generation=generation,
        waiting=True,
    )
    return state.with_plane(key, changed)


def exchange(state: State, old: PlacedPrompt, new: PlacedPrompt, generation: int) -> State:
    """Put a prompt in the place of another; all are asked afresh, for every answer knew of it.

    Their object is current then: that is the one that is asked for.
    """
    key = (old.object_id, old.ref)
    plane = state.plane(key)
    changed = replace(
        plane,
        prompts=tuple(new if other is old else other for other in plane.prompts),
        answer=None,
        painted=any(other.kind == "mask" for other in plane.prompts),
        generation=generation,
        waiting=True,
    )
    return replace(state.with_plane(key, changed), ref=old.ref, current=old.object_id)


def answered(state: State, key: PlaneKey, prediction: Prediction) -> State:
    """Give a plane the model's answer to its latest prompts."""
    return state.with_plane(key, state.plane(key).answered(prediction))


def propagated(
    state: State,
    object_id: int,
    carried: Carried,
    window: Window | None,
    generation: int,
    overlap: Overlap = "both",
    as_preview: bool = False,
) -> State:
    """Take over the answers of a propagation: as previews, or into the mask of what is accepted.

    A plane with prompts stays as it is, and one that was prompted along another axis where it
    crosses the new ones. Previews of an earlier propagation go where this one did not find the
    object any more; what was accepted goes only where the model was asked for it, and past a slice
    that a person emptied. Who went on to another object meanwhile stays with that one.
    """
    item, before = state.object(object_id), state.planes_of(object_id)
    found = {
        ref: prediction
        for ref, prediction in _as_settled(item, before, carried).items()
        if ref not in before or not before[ref].prompts
    }
    if as_preview or before:
        gone = {ref for ref in carried.gone if ref in before and not before[ref].prompts}
        old = {(object_id, ref) for ref in gone | found.keys()}
        planes = {key: plane for key, plane in state.planes.items() if key not in old}
        for ref, prediction in found.items():
            plane = PlaneState(window=window, generation=generation).answered(prediction)
            planes[object_id, ref] = plane
        current = object_id if state.current is None else state.current
        return replace(state, planes=planes, current=current)
    masks = {ref: prediction.mask for ref, prediction in found.items()}
    state, got = claimed(state, object_id, masks, overlap)
    answered = {ref: PlaneState(shown=prediction) for ref, prediction in found.items()}
    return state.with_changed(item.accepted(got, answered))


def _as_settled(
    item: ObjectState, planes: Mapping[SliceRef, PlaneState], carried: Carried
) -> dict[SliceRef, Prediction]:
    """Return what was carried, but for what a person settled along other axes, and what is left of
    an accepted object where it was lost: that, and what was given.
    """
    axis = carried.axis
    across = settled_across(item, planes, axis)
    found = {ref: crossed_answer(answer, ref, across) for ref, answer in carried.answers.items()}
    given = {ref: item.mask_at(ref) for ref in (SliceRef(0, z) for z in item.given)}
    nothing = painted_prediction(np.zeros(plane_shape(item.shape, axis), bool))
    for ref, there in item.masks_at(sorted(carried.lost)).items():
        rest = crossed_answer(nothing, ref, {**given, **across})
        if not np.array_equal(rest.mask, there):
            found[ref] = rest
    return found


def reopened(state: State, key: PlaneKey) -> State:
    """Take up again what was accepted with prompts on a plane, where there is nothing newer."""
    object_id, ref = key
    if key in state.planes or all(item.id != object_id for item in state.objects):
        return state
    settled = state.settled_planes(object_id).get(ref)
    return state if settled is None else state.with_plane(key, settled)


def _withdrawn(state: State, key: PlaneKey, generation: int) -> State:
    """Return the state in which nobody prompted a plane.

    Where that was accepted, an empty preview shows that the mask goes; accepting it does that.
    """
    object_id, ref = key
    item = state.object(object_id)
    if ref not in item.settled:
        return state.with_plane(key, None)
    keys = tuple(other for other in item.keys if other != ref)
    settled = {other: plane for other, plane in item.settled.items() if other != ref}
    empty = painted_prediction(np.zeros_like(item.mask_at(ref)))
    plane = PlaneState(shown=empty, generation=generation)
    return state.with_changed(replace(item, keys=keys, settled=settled)).with_plane(key, plane)


def _begun(state: State, key: PlaneKey) -> PlaneState:
    """Return a plane to prompt on: what was accepted goes on from its prompts, else what is there.

    What other planes in preview are where they cross it counts, as it will when all is accepted.
    """
    object_id, ref = key
    item, planes = state.object(object_id), state.planes_of(object_id)
    others = {other: plane for other, plane in planes.items() if other.axis != ref.axis}
    if ref in planes:
        return _begun_on_preview(planes[ref], ref, item, others)
    accepted = item.mask_at(ref)
    crossing = {other: one.shown.mask for other, one in others.items() if one.shown is not None}
    # A single plane is but a line on this one, which tells nothing of the shape.
    is_more = accepted.any() or are_side_by_side(crossing)
    mask = crossed(accepted, ref, crossing) if is_more else accepted
    if ref in item.settled and np.array_equal(mask, accepted):
        return item.settled[ref]
    if not mask.any():
        return PlaneState()
    painted = PlacedPrompt("mask", object_id, ref, packed=PackedMask.of(mask))
    return PlaneState(prompts=(painted,), painted=True)


def _begun_on_preview(
    plane: PlaneState, ref: SliceRef, item: ObjectState, others: Mapping[SliceRef, PlaneState]
) -> PlaneState:
    """Return a plane in preview to prompt on: where nobody did, what was prompted since counts."""
    if plane.prompts or plane.shown is None:
        return plane
    held = crossed_answer(plane.shown, ref, settled_across(item, others, ref.axis))
    return plane if held is plane.shown else plane.answered(held)


def _agrees(prompt: PlacedPrompt, painted: PlacedPrompt) -> bool:
    """Whether a prompt can stand beside a mask that was painted after it."""
    mask = painted.mask
    if prompt.kind == "mask" or mask is None:
        return False
    if prompt.box is not None:
        rows, columns = np.nonzero(mask)
        row0, col0, row1, col1 = prompt.box
        inside = (rows >= row0) & (rows <= row1) & (columns >= col0) & (columns <= col1)
        return bool(inside.all())
    return bool((hits(mask, prompt.points) == prompt.positive).all())
