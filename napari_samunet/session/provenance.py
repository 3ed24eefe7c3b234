"""How objects came about, as a JSON file beside a mask: model, windows and prompts, and nothing of
whose image it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_samunet import __version__
from napari_samunet.io.origin import Algorithm
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.plane import PlaneState
from napari_samunet.types import SliceRef, Window

FORMAT = "napari-samunet provenance"
VERSION = 1

Words = dict[str, Any]


def write_provenance(
    objects: Sequence[ObjectState], volume: Volume, path: Path, renumbered: bool = False
) -> None:
    """Write how objects came about.

    Parameters
    ----------
    objects
        Of a session.
    volume
        Told by shape, spacing and modality only: neither path nor patient.
    path
        A .json file.
    renumbered
        Whether it lies beside a DICOM SEG, where the objects are segment 1, 2, …; it tells both
        numbers of each then.
    """
    shown = choose_window(volume)
    told = [_object_words(item, shown) for item in objects if item.masks]
    if renumbered:
        told = [{"segment_number": n, **words} for n, words in enumerate(told, start=1)]
    words = {
        "format": FORMAT,
        "version": VERSION,
        "software": {"name": "napari-samunet", "version": __version__},
        "image": {
            "shape_zyx": volume.shape,
            "spacing_zyx_mm": [round(float(mm), 6) for mm in volume.spacing],
            "modality": volume.modality,
        },
        "objects": told,
    }
    path.write_text(json.dumps(words, indent=1), encoding="utf-8")


def _object_words(item: ObjectState, shown: Window) -> Words:
    origin, models = item.origin, [_model_words(model) for model in item.models]
    return {
        "label": item.id,
        "name": item.name,
        "model": models[-1] if models else None,
        "models": models,
        "origin": origin
        and {
            "kind": origin.kind or None,
            "algorithm": origin.algorithm or None,
            "corrected": origin.corrected,
        },
        "planes": [_plane_words(ref, item, shown) for ref in item.keys],
    }


def _model_words(model: Algorithm) -> Words:
    """A model by its name and weights; None for what was not kept."""
    return {"name": model.name or None, "weights": model.digest or None}


def _plane_words(ref: SliceRef, item: ObjectState, shown: Window) -> Words:
    plane: PlaneState | None = item.settled.get(ref)
    window = item.window if plane is None else plane.window
    prompts = () if plane is None else plane.prompts
    return {
        "axis": ref.axis,
        "index": ref.index,
        "window": window or shown,
        "prompts": [_prompt_words(prompt) for prompt in prompts],
    }


def _prompt_words(prompt: PlacedPrompt) -> Words:
    """A prompt in (row, column); of a painted mask only how many pixels it has."""
    words: Words = {"kind": prompt.kind, "positive": prompt.positive}
    if len(prompt.points):
        words["points_rc"] = prompt.points.tolist()
    if prompt.box is not None:
        words["box_rc"] = [float(edge) for edge in prompt.box]
    if prompt.mask is not None:
        words["pixels"] = int(prompt.mask.sum())
    return words
