"""Classical interactive tools from the same tight box: what people used before networks.

GrabCut (Rother et al., SIGGRAPH 2004, as OpenCV has it) and the random walker (Grady, PAMI 2006, as
scikit-image has it). Both see the windowed slice around the box as a square of ``SIDE`` pixels and
start alike: what lies outside the box is background, an ellipse in its middle is object.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch

from napari_samunet.evaluation.baselines import filled_box, inscribed_ellipse
from napari_samunet.preprocess.frame import Frame
from napari_samunet.preprocess.roi import roi_around
from napari_samunet.types import AnyArray, BoolArray, Box, FloatArray, UInt8Array

SIDE = 128
CORE = 0.75
"""Share of the box's sides that the ellipse in its middle takes."""
GRABCUT_ROUNDS = 5
WALKER_BETA = 1000.0

Tool = Callable[[AnyArray, BoolArray, BoolArray], FloatArray]
"""From an image of 0 to 255, what is surely outside and surely object: (S, S), above 0 inside."""


def cut_out(tool: Tool, shown: UInt8Array, box_rc: Box) -> BoolArray:
    """Answer a box with a classical tool.

    Parameters
    ----------
    tool
        One of ``classical_tools``.
    shown
        (H, W) uint8, the slice as windowed.
    box_rc
        (row_min, col_min, row_max, col_max), both ends belonging to the object.

    Returns
    -------
    (H, W) bool.
    """
    frame = Frame(shown.shape, SIDE, roi=roi_around(box_rc))
    # The box's pixels reach half a pixel beyond their centres, which counts where it is small.
    edges = frame.box_to_model(np.add(box_rc, (-0.5, -0.5, 0.5, 0.5)))
    middle, half = (edges[:2] + edges[2:]) / 2, CORE * (edges[2:] - edges[:2]) / 2
    outside = ~filled_box((SIDE, SIDE), tuple(edges))
    core = inscribed_ellipse((SIDE, SIDE), (*(middle - half), *(middle + half)))
    found = tool(frame.image_to_model(shown), outside, core)
    return frame.logits_to_slice(torch.from_numpy(found)) > 0


def grabcut(image: AnyArray, outside: BoolArray, core: BoolArray) -> FloatArray:
    """Cut by GrabCut, see ``Tool``; needs OpenCV."""
    import cv2

    state = np.full(image.shape, cv2.GC_PR_FGD, np.uint8)
    state[outside], state[core] = cv2.GC_BGD, cv2.GC_FGD
    colour = np.repeat(np.rint(image).astype(np.uint8)[..., None], 3, axis=2)
    cv2.setRNGSeed(0)
    outer, inner = np.zeros((1, 65)), np.zeros((1, 65))
    whole = (0, 0, SIDE, SIDE)  # not looked at, as the state says what is what
    cv2.grabCut(colour, state, whole, outer, inner, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
    return found.astype(np.float32) - np.float32(0.5)


def random_walk(image: AnyArray, outside: BoolArray, core: BoolArray) -> FloatArray:
    """Walk randomly to object or background, see ``Tool``."""
    from skimage.segmentation import random_walker

    seeds = core.astype(np.int8) + 2 * outside.astype(np.int8)
    grey = image.astype(float) / 255
    shares = random_walker(grey, seeds, WALKER_BETA, "cg_j", tol=1e-4, return_full_prob=True)
    return shares[0].astype(np.float32) - np.float32(0.5)


def classical_tools() -> dict[str, Tool]:
    """The tools that this computer has: OpenCV is no dependency, so GrabCut may be missing."""
    walker: dict[str, Tool] = {"random walker": random_walk}
    return {"GrabCut": grabcut, **walker} if find_spec("cv2") else walker
