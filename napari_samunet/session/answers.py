"""A model's answer as plain words and arrays, and back, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_samunet.preprocess.roi import Roi
from napari_samunet.types import AnyArray, BoolArray, FloatArray

if TYPE_CHECKING:  # torch comes with these
    from torch import Tensor

    from napari_samunet.inference.prediction import Candidate, Prediction
    from napari_samunet.preprocess.frame import Frame

Words = dict[str, Any]
_UPSAMPLINGS = ("two-step", "bicubic", "sigmoid")


class AnswerWriter:
    """Turns answers into words for JSON; what is too large for words goes to ``arrays``."""

    def __init__(self) -> None:
        self.arrays: dict[str, AnyArray] = {}

    def _answer_record(self, answer: Prediction) -> Words:
        return {
            **self._sheet(answer),
            "candidates": [self._candidate(item, answer) for item in answer.candidates],
            "note": answer.note,
            "rank": answer.rank,
            "score_kind": answer.score_kind,
        }

    def _candidate(self, item: Candidate, answer: Prediction) -> Words | None:
        """Return the words of a candidate; None for the one that is the answer itself."""
        same = item.logits is answer.logits and item.mask is answer.mask
        known = item.model_logits is None or item.model_logits is answer.model_logits
        return None if same and known else self._sheet(item)

    def _sheet(self, item: Candidate | Prediction) -> Words:
        """Write what the two have in common: logits of the slice only where they are no others."""
        way = _upsampling(item.frame, item.model_logits, item.logits)
        raw = item.model_logits
        return {
            "mask": self._put_mask(item.mask),
            "logits": None if way else self._put(item.logits),
            "score": item.score,
            "model_logits": None if raw is None else self._put(raw.cpu().numpy()),
            "frame": None if item.frame is None else _frame_words(item.frame),
            "upsampling": way,
        }

    def _put(self, array: AnyArray) -> str:
        name = f"a{len(self.arrays)}"
        self.arrays[name] = np.asarray(array)
        return name

    def _put_mask(self, mask: BoolArray) -> Words:
        return {"shape": mask.shape, "bits": self._put(np.packbits(mask))}


class AnswerReader:
    """Turns the words and arrays of an ``AnswerWriter`` into answers again."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._arrays = arrays

    def _answer(self, words: Words) -> Prediction:
        from napari_samunet.inference.prediction import Candidate, Prediction

        mask, logits, score, model_logits, frame = self._read_sheet(words)
        own = Candidate(mask, logits, score, model_logits, frame)
        candidates = tuple(
            own if item is None else Candidate(*self._read_sheet(item))
            for item in words["candidates"]
        )
        rest = words["note"], words["rank"], words.get("score_kind", "iou")
        whole = cast("Tensor", model_logits), cast("Frame", frame)  # an answer has both
        return Prediction(mask, logits, score, candidates, *whole, *rest)

    def _read_sheet(
        self, words: Words
    ) -> tuple[BoolArray, FloatArray, float | None, Tensor | None, Frame | None]:
        import torch  # only a session with a preview needs it

        raw, model_logits, frame = words["model_logits"], None, None
        if raw is not None:
            model_logits = torch.from_numpy(self._arrays[raw].copy())
        if words["frame"] is not None:
            frame = _frame(words["frame"])
        if words["upsampling"] and model_logits is not None and frame is not None:
            logits = frame.logits_to_slice(model_logits, words["upsampling"])
        else:
            logits = self._arrays[words["logits"]]
        return self._mask(words["mask"]), logits, words["score"], model_logits, frame

    def _mask(self, words: Words) -> BoolArray:
        shape = tuple(words["shape"])
        bits = np.unpackbits(self._arrays[words["bits"]], count=shape[0] * shape[1])
        return bits.reshape(shape).astype(bool)


def _upsampling(frame: Frame | None, model_logits: Tensor | None, logits: FloatArray) -> str:
    """Return the way in which the logits of the slice come from the model's, "" for none."""
    if frame is None or model_logits is None:
        return ""
    for way in _UPSAMPLINGS:
        if np.array_equal(frame.logits_to_slice(model_logits, way), logits):
            return way
        if frame.roi is not None:  # regions know one way only
            return ""
    return ""


def _frame_words(frame: Frame) -> list[Any]:
    return [frame.shape, frame.side, frame.fit, frame.resampling, frame.roi]


def _frame(words: list[Any]) -> Frame:
    from napari_samunet.preprocess.frame import Frame  # brings torch

    shape, side, fit, resampling, roi = words
    return Frame(tuple(shape), side, fit, resampling, None if roi is None else Roi(*roi))
