"""Targets: what a person would mean by a click or a box in a synthetic scene, and the square that
the model sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from napari_samunet.prompts.simulate import tight_box
from napari_samunet.training.anatomy import AIR, FIRST_BLOB, LAYER_WEIGHT, Labels
from napari_samunet.types import BoolArray, FloatArray

SMALLEST_AREA = 25
FAINTEST_RIM = 0.02
BOXED = 0.5  # of the samples come with a box
TRIES = 4  # targets that are looked at for a box, of which most are no use
BOX_HOLDS_ALL = 0.5  # of the boxes that could hold one part of several
MOST_PARTS = 4
WITH_RIM = 0.9  # of the targets that have a thin rim, or that join an organ, are the whole
SMALL_HOLE = 0.05  # of the target: a larger hole is seen, and left open by those who outline
COMPACT, COMPACT_KEPT = 0.62, 0.6  # what fills its box is learned soonest, and drawn less often
BOXED_KEPT, HALF_FULL_KEPT = 0.1, 0.3  # the same where CT, MR or free shapes are boxed
HOLLOW, TOLD_APART = 0.5, 0.7  # a hollow target is told apart from so much of what touches it
SMALLEST_PART = 0.15  # of the largest one: smaller parts belong to nothing that people mark as one
SKULL_ECHO = 3  # pixels by which an outline in ultrasound may lie outside a wall's middle


@dataclass(frozen=True)
class Sample:
    """One training sample: ``image`` (S, S) float32 in [0, 1], ``mask`` (S, S) bool, and whether it
    comes with a box.
    """

    image: FloatArray
    mask: BoolArray
    boxed: bool


@dataclass(frozen=True)
class _Scene:
    """One scene of a batch: ``image`` and ``ids`` (S, S), and what ``Labels`` says of its ids."""

    image: FloatArray
    ids: np.ndarray
    parent: np.ndarray
    together: FloatArray
    weight: FloatArray | None
    rim: np.ndarray | None
    kind: str


def draw_samples(
    rng: np.random.Generator, images: torch.Tensor, labels: Labels, per_scene: int, side: int
) -> list[Sample]:
    """Up to ``per_scene`` samples of ``side`` pixels from each scene; ``images`` is (B, S, S)."""
    samples = []
    weight, rim = (None if each is None else each.numpy() for each in (labels.weight, labels.rim))
    scenes = (images, labels.ids, labels.parent, labels.together)
    for image, ids, parent, together in zip(*(each.numpy() for each in scenes), strict=True):
        scene = _Scene(image, ids, parent, together, weight, rim, labels.kind)
        for _ in range(per_scene):
            boxed = bool(rng.random() < BOXED)
            tries = (_target(rng, scene, boxed) for _ in range(TRIES if boxed else 1))
            mask = next((target for target in tries if target is not None), None)
            if mask is not None:
                samples.append(_crop(rng, image, mask, side, boxed))
    return [sample for sample in samples if sample.mask.sum() >= 6]


def _target(rng: np.random.Generator, scene: _Scene, boxed: bool) -> BoolArray | None:
    image, ids = scene.image, scene.ids
    present, sizes = np.unique(ids, return_counts=True)
    # People point at organs more often than at specks: large things are chosen more often.
    weight = _free_weight(rng, present) if scene.weight is None else scene.weight[present]
    wanted = sizes**0.5 * weight
    wanted[present == AIR] = 0
    if not wanted.any():
        return None
    chosen = int(rng.choice(present, p=wanted / wanted.sum()))
    chosen, whole = _with_rim(rng, scene, chosen)
    family = whole or rng.random() < 0.7
    mask = np.isin(ids, _family(chosen, scene.parent, present)) if family else ids == chosen
    if rng.random() < 0.1:
        mask |= ids == _neighbour(rng, ids, mask, chosen)
    mask = _component(rng, mask, float(scene.together[chosen]), boxed)
    if rng.random() < 0.25:
        mask = _outlined(mask)
    elif rng.random() < 0.3:
        mask = _filled(mask)
    if whole and scene.kind == "us":
        # A wall's echo is broader than the wall; people outline its outer side.
        mask = ndimage.binary_dilation(mask, iterations=int(rng.integers(1, SKULL_ECHO + 1)))
    if not SMALLEST_AREA <= mask.sum() <= mask.size // 2:
        return None
    fill = _fill(mask)
    if rng.random() > _kept(scene.kind, fill, boxed):
        return None
    if boxed and fill < HOLLOW and not _is_boxed_hollow(scene, chosen, mask):
        return None
    return mask if _stands_out(image, mask) else None


def _with_rim(rng: np.random.Generator, scene: _Scene, chosen: int) -> tuple[int, bool]:
    """The id to take, and whether with all that lies in it: a thin rim is no target of its own."""
    if scene.rim is None:
        return chosen, False
    if scene.rim[chosen] and rng.random() < WITH_RIM:
        return int(scene.rim[chosen]), True
    return chosen, bool((scene.rim == chosen).any())


def _kept(kind: str, fill: float, boxed: bool) -> float:
    """How often a target is kept that fills so much of its box. Of heads and lungs there is but one
    shape each, and a click does not say how full a box would be.
    """
    if not boxed or kind in ("us", "xray"):
        return COMPACT_KEPT if fill > COMPACT else 1.0
    return BOXED_KEPT if fill > COMPACT else HALF_FULL_KEPT if fill > HOLLOW else 1.0


def _is_boxed_hollow(scene: _Scene, chosen: int, mask: BoolArray) -> bool:
    """Whether a person would box a target that leaves most of its box empty: not what other things
    leave, which has any shape between them, nor what cannot be told apart.
    """
    layer = chosen < FIRST_BLOB if scene.weight is None else scene.weight[chosen] <= LAYER_WEIGHT
    return not layer and _is_told_apart(scene.image, mask)


def _free_weight(rng: np.random.Generator, present: np.ndarray) -> FloatArray:
    """Blobs mostly, sometimes a region."""
    blobs = (present >= FIRST_BLOB).astype(float)
    return blobs if blobs.any() and rng.random() < 0.85 else 1 - blobs


def _family(chosen: int, parent: np.ndarray, present: np.ndarray) -> list[int]:
    """The blob with everything that lies in it, at any depth."""
    family = {chosen}
    for blob in sorted(present):
        if int(parent[blob]) in family:
            family.add(int(blob))
    return sorted(family)


def _neighbour(rng: np.random.Generator, ids: np.ndarray, mask: BoolArray, chosen: int) -> int:
    rim = ndimage.binary_dilation(mask, iterations=2) & ~mask
    touching = np.unique(ids[rim])
    touching = touching[touching != AIR]
    return int(rng.choice(touching)) if len(touching) else chosen


def _outlined(mask: BoolArray) -> BoolArray:
    """Take in what lies over an organ, as people do: bays as wide as a fifth of it, and holes. What
    lies between a pair belongs to neither and is left out.
    """
    if ndimage.label(mask)[1] > 1:
        return _filled(mask)
    row0, col0, row1, col1 = tight_box(mask)
    reach = max(2, int(0.1 * max(row1 - row0, col1 - col0)))
    window = _extent(mask, margin=1)
    padded = np.pad(mask[window], reach + 1)
    near = ndimage.distance_transform_edt(~padded) <= reach
    closed = ndimage.distance_transform_edt(near) > reach
    mask = mask.copy()
    mask[window] |= _filled(closed)[reach + 1 : -reach - 1, reach + 1 : -reach - 1]
    return mask


def _filled(mask: BoolArray) -> BoolArray:
    """Fill small holes."""
    holes, _ = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
    sizes = np.bincount(holes.ravel())
    small = sizes <= SMALL_HOLE * mask.sum()
    small[0] = False
    return np.asarray(mask | small[holes])


def _component(rng: np.random.Generator, mask: BoolArray, as_one: float, boxed: bool) -> BoolArray:
    parts, count = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())[1:].astype(float)
    few = np.count_nonzero(sizes > 0.03 * sizes.sum()) <= MOST_PARTS
    # A box says by its size that it holds several; a click alone mostly means what it touches.
    likely = as_one + (1 - as_one) * BOX_HOLDS_ALL if boxed else as_one
    if count <= 1:
        return mask
    if few and rng.random() < likely:
        large = 1 + np.flatnonzero(sizes >= SMALLEST_PART * sizes.max())
        return np.asarray(np.isin(parts, large))
    return np.asarray(parts == 1 + rng.choice(count, p=sizes / sizes.sum()))


def _stands_out(image: FloatArray, mask: BoolArray) -> bool:
    rows, cols = _extent(mask, margin=5)
    inside, near = mask[rows, cols], image[rows, cols]
    rim = ndimage.binary_dilation(inside, iterations=4) & ~inside
    if not rim.any():
        return False
    edge = ndimage.binary_dilation(inside, iterations=1) & ~ndimage.binary_erosion(inside)
    echo = abs(float(near[edge].mean()) - float(near[rim].mean()))
    return max(abs(float(near[inside].mean()) - float(near[rim].mean())), echo) >= FAINTEST_RIM


def _fill(mask: BoolArray) -> float:
    """The share of its own box that a mask fills."""
    return float(mask[_extent(mask, margin=0)].mean())


def _is_told_apart(image: FloatArray, mask: BoolArray) -> bool:
    """Whether most of what touches a mask is of another grey. Where a mask leaves most of its box
    empty, only that says which part of the box is meant, or boxes are answered with all they hold.
    """
    window = _extent(mask, margin=3)
    inside, near = mask[window], image[window]
    rim = ndimage.binary_dilation(inside, iterations=2) & ~inside
    if not rim.any():
        return False
    apart = np.abs(near[rim] - near[inside].mean()) > max(FAINTEST_RIM, float(near[inside].std()))
    return bool(apart.mean() >= TOLD_APART)


def _extent(mask: BoolArray, margin: int) -> tuple[slice, slice]:
    row0, col0, row1, col1 = tight_box(mask)
    return (
        slice(max(row0 - margin, 0), row1 + 1 + margin),
        slice(max(col0 - margin, 0), col1 + 1 + margin),
    )


def _crop(
    rng: np.random.Generator, image: FloatArray, mask: BoolArray, side: int, boxed: bool
) -> Sample:
    """The square that inference would show: the whole slice, twice the box, or between; never more
    than the slice.
    """
    scene = image.shape[0]
    row0, col0, row1, col1 = tight_box(mask)
    extent = max(row1 - row0, col1 - col0) + 1
    zoom = rng.uniform(1.7, 2.4) if boxed else rng.uniform(1.3, 4)
    square = max(int(extent * zoom), 24)
    if square >= scene or rng.random() < (0.12 if boxed else 0.4):
        square, centre = scene, np.array([scene, scene]) / 2
    else:
        centre = np.array([row0 + row1, col0 + col1]) / 2
        free = max(square - extent, 0) / 2 * (0.15 if boxed else 0.8)
        centre = centre + rng.uniform(-free, free, 2)
    top, left = (np.round(centre - square / 2)).astype(int)
    both = np.stack([_cut(part, top, left, square) for part in (image, mask.astype(np.float32))])
    both = _resize(
        both, int(rng.uniform(36, square)) if rng.random() < 0.3 and square > 48 else square
    )
    shown = _resize(both, side)
    return Sample(shown[0].clip(0, 1), shown[1] > 0.5, boxed)


def _cut(image: FloatArray, row0: int, col0: int, square: int) -> FloatArray:
    out = np.zeros((square, square), np.float32)
    top, left = max(row0, 0), max(col0, 0)
    part = image[top : row0 + square, left : col0 + square]
    out[top - row0 : top - row0 + part.shape[0], left - col0 : left - col0 + part.shape[1]] = part
    return out


def _resize(stack: FloatArray, side: int) -> FloatArray:
    if stack.shape[-1] == side:
        return stack
    tensor = torch.from_numpy(np.ascontiguousarray(stack))[None]
    return F.interpolate(
        tensor, size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )[0].numpy()
