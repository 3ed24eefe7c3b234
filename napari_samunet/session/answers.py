"""A model's answer as plain words and arrays, and back, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from napari_samunet.inference.prediction import Candidate, Prediction
from napari_samunet.io.origin import Algorithm
from napari_samunet.packed import PackedMask
from napari_samunet.preprocess.frame import Frame
from napari_samunet.preprocess.roi import Roi
from napari_samunet.session.frames import Words
from napari_samunet.types import AnyArray, BoolArray


class AnswerWriter:
    """Turns answers into words for JSON; what is too large for words goes to ``arrays``."""

    def __init__(self) -> None:
        self.arrays: dict[str, AnyArray] = {}

    def _answer_record(self, answer: Prediction) -> Words:
        chosen = answer.chosen
        return {
            **self._sheet(chosen),
            "candidates": [
                None if item is chosen else self._sheet(item) for item in answer.candidates
            ],
            "note": answer.note,
            "rank": answer.rank,
            "score_kind": answer.score_kind,
            "model": answer.model and asdict(answer.model),
        }

    def _sheet(self, item: Candidate) -> Words:
        return {
            "mask": self._put_mask(item.mask),
            "logits": None if item.own_logits is None else self._put(item.own_logits),
            "score": item.score,
            "model_logits": self._put(item.model_logits.cpu().numpy()),
            "frame": _frame_words(item.frame),
            "upsampling": item.upsample,
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
        candidates = tuple(
            self._candidate(words if item is None else item) for item in words["candidates"]
        )
        model = words["model"] and Algorithm(**words["model"])
        return Prediction(candidates, words["note"], words["rank"], words["score_kind"], model)

    def _candidate(self, words: Words) -> Candidate:
        import torch  # only a session with a preview needs it

        return Candidate(
            PackedMask.of(self._mask(words["mask"])),
            words["score"],
            torch.from_numpy(self._arrays[words["model_logits"]].copy()),
            _frame(words["frame"]),
            words["upsampling"],
            None if words["logits"] is None else self._arrays[words["logits"]],
        )

    def _mask(self, words: Words) -> BoolArray:
        shape = tuple(words["shape"])
        stored, pixels = self._arrays[words["bits"]], shape[0] * shape[1]
        if len(stored) * 8 < pixels:  # numpy would fill up what is missing
            raise ValueError("a mask is cut short")
        return np.unpackbits(stored, count=pixels).reshape(shape).astype(bool)


def _frame_words(frame: Frame) -> list[Any]:
    return [frame.shape, frame.side, frame.fit, frame.resampling, frame.roi]


def _frame(words: list[Any]) -> Frame:
    shape, side, fit, resampling, roi = words
    return Frame(tuple(shape), side, fit, resampling, None if roi is None else Roi(*roi))
