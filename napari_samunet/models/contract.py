"""What a system wants to be fed and how its answer is read, as data.

No caller needs to know a system by name.
"""

from __future__ import annotations

from dataclasses import dataclass

PROMPT_KINDS = frozenset({"point", "box", "mask"})


@dataclass(frozen=True)
class InputContract:
    """How one system wants images and prompts, and how its masks are read.

    Attributes
    ----------
    side
        Side S of the square model frame in pixels.
    fit
        How a slice gets into the frame: ``"longest"`` (longest side to S, padded right and bottom),
        ``"stretch"`` (both sides to S, aspect ratio lost) or ``"crop"`` (a square region of the
        slice, see ``preprocess.frame``).
    resample
        How pixels are resampled on the way in: ``"pil-bilinear"`` (PIL's antialiased bilinear on
        uint8, SAM), ``"nearest"`` (OpenCV's nearest: source index = floor(i · old / new),
        SAM-Med2D), ``"bilinear"`` (half-pixel centres, no antialiasing, SqueezeSAM), ``"bicubic"``
        (scikit-image's order 3 with antialiasing to uint8, MedSAM), ``"area"`` (OpenCV's
        INTER_AREA, LiteMedSAM) or ``"antialias"`` (bilinear, antialiased, ours).
    channels
        1 (grey) or 3 (RGB order).
    mean, std
        Per channel of the image, on the values after ``scale``.
    scale
        ``"0-255"`` (values as they come), ``"0-1"`` (divided by 255) or ``"min-max"`` (per image to
        0–1).
    mask_side
        Side of the logits that may be fed back, 0 if nothing can be.
    prompts
        The kinds of prompt that the system accepts.
    trained
        The kinds that it saw in training; the others may be answered badly and are bridged.
    removes
        Whether it understands negative clicks.
    feedback
        What the network gets as its mask input: ``"logits"`` or ``"sigmoid"`` of them. Callers
        always hand over logits; ``System.decode`` converts.
    candidates
        ``"single"`` (one mask), ``"one-click"`` (three candidates for a single positive click
        without box or mask, else one) or ``"best-of-three"`` (always three, best first).
    upsample
        How logits of the mask side become a mask of the slice: ``"two-step"`` (bilinear to S,
        cropped to what is not padding, bilinear to the slice), ``"sigmoid"`` (probabilities,
        bilinear straight to the slice, back to logits; MedSAM) or ``"bicubic"`` (bicubic straight
        to the slice, SqueezeSAM).
    zoom
        Whether the system was trained on crops around the object, so that zooming helps.
    score_map
        Four numbers that make the predicted IoU honest, see ``models.score_map``; empty: it stays.
    half
        Whether features may be kept as float16 on the disk, which rounds them to 11 bits.
    """

    side: int
    fit: str = "longest"
    resample: str = "pil-bilinear"
    channels: int = 3
    mean: tuple[float, ...] = (123.675, 116.28, 103.53)
    std: tuple[float, ...] = (58.395, 57.12, 57.375)
    scale: str = "0-255"
    mask_side: int = 0
    prompts: frozenset[str] = PROMPT_KINDS
    trained: frozenset[str] = PROMPT_KINDS
    removes: bool = True
    feedback: str = "logits"
    candidates: str = "single"
    upsample: str = "two-step"
    zoom: bool = False
    score_map: tuple[float, ...] = ()
    half: bool = False
