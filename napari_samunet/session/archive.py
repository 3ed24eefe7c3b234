"""The parts of a saved session as plain JSON beside plain arrays; nothing in it can run code."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_samunet.session.objects import ObjectState
from napari_samunet.session.packed import PackedMask
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.types import AnyArray, BoolArray, SliceRef

if TYPE_CHECKING:
    from napari_samunet.inference.prediction import Prediction

Entry = dict[str, Any]


class Writer:
    """Puts arrays into a ZIP file and gives back what JSON refers to them by."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._count = 0
        self._predictions: dict[int, int] = {}
        self.predictions: list[Entry] = []

    def array(self, array: AnyArray) -> str:
        """Store an array; return its name."""
        self._count += 1
        name = f"arrays/{self._count}.npy"
        with self._file.open(name, "w", force_zip64=True) as entry:
            np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
        return name

    def mask(self, mask: BoolArray) -> Entry:
        """Store a mask (H, W)."""
        return self.packed(PackedMask.of(mask))

    def packed(self, packed: PackedMask) -> Entry:
        """Store a packed mask."""
        bits = self.array(np.frombuffer(packed.bits, np.uint8)) if packed.bits else None
        return {
            "shape": packed.shape,
            "corner": packed.corner,
            "size": packed.size,
            "bits": bits,
        }

    def object(self, item: ObjectState) -> Entry:
        """Store an object; its slices share one array."""
        bits = b"".join(packed.bits for packed in item.masks.values())
        return {
            "id": item.id,
            "name": item.name,
            "color": item.color,
            "keys": [_ref(ref) for ref in item.keys],
            "window": item.window,
            "bits": self.array(np.frombuffer(bits, np.uint8)),
            "slices": [[z, *p.corner, *p.size, len(p.bits)] for z, p in item.masks.items()],
        }

    def prompt(self, prompt: PlacedPrompt) -> Entry:
        """Store a prompt."""
        return {
            "kind": prompt.kind,
            "positive": prompt.positive,
            "points": prompt.points.tolist(),
            "box": prompt.box,
            "mask": None if prompt.mask is None else self.mask(prompt.mask),
        }

    def prediction(self, prediction: Prediction | None) -> int | None:
        """Store an answer once, however often it is referred to; return its number."""
        if prediction is None:
            return None
        known = self._predictions.get(id(prediction))
        if known is None:
            self.predictions.append(self._answer(prediction))
            known = self._predictions[id(prediction)] = len(self.predictions) - 1
        return known

    def _answer(self, prediction: Prediction) -> Entry:
        frame = prediction.frame
        first = [
            item.mask is prediction.mask and item.logits is prediction.logits
            for item in prediction.candidates
        ]
        return {
            "mask": self.mask(prediction.mask),
            "logits": self.array(prediction.logits),
            "score": prediction.score,
            "model_logits": self.array(prediction.model_logits.detach().float().cpu().numpy()),
            "frame": [frame.shape, frame.side, frame.fit, frame.resampling, frame.roi],
            "note": prediction.note,
            "candidates": [
                {"score": item.score}
                if same
                else {
                    "score": item.score,
                    "mask": self.mask(item.mask),
                    "logits": self.array(item.logits),
                }
                for item, same in zip(prediction.candidates, first, strict=True)
            ],
        }


class Reader:
    """Reads back what ``Writer`` stored; a damaged file raises ValueError, KeyError or such."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def array(self, name: str) -> AnyArray:
        """Return an array; the file's check sum is tested on the way."""
        return np.load(io.BytesIO(self._file.read(name)), allow_pickle=False)

    def packed(self, entry: Entry) -> PackedMask:
        """Return a packed mask."""
        bits = b"" if entry["bits"] is None else self.array(entry["bits"]).tobytes()
        shape, corner, size = (_pair(entry[key]) for key in ("shape", "corner", "size"))
        return PackedMask(shape, corner, size, bits)

    def mask(self, entry: Entry) -> BoolArray:
        """Return a mask (H, W), read-only."""
        mask = self.packed(entry).unpack()
        mask.flags.writeable = False
        return mask

    def object(self, entry: Entry, shape: tuple[int, int, int]) -> ObjectState:
        """Return an object."""
        bits = self.array(entry["bits"]).tobytes()
        masks, start = {}, 0
        for z, top, left, height, width, length in entry["slices"]:
            part = bits[start : start + length]
            masks[int(z)] = PackedMask(shape[1:], (top, left), (height, width), part)
            start += length
        return ObjectState(
            id=int(entry["id"]),
            name=str(entry["name"]),
            color=tuple(entry["color"]),
            shape=shape,
            masks=masks,
            keys=tuple(SliceRef(*ref) for ref in entry["keys"]),
            window=_window(entry["window"]),
        )

    def prompt(self, entry: Entry, object_id: int, ref: SliceRef) -> PlacedPrompt:
        """Return a prompt."""
        return PlacedPrompt(
            kind=entry["kind"],
            object_id=object_id,
            ref=ref,
            positive=bool(entry["positive"]),
            points=entry["points"],
            box=None if entry["box"] is None else tuple(entry["box"]),
            mask=None if entry["mask"] is None else self.mask(entry["mask"]),
        )

    def prediction(self, entry: Entry) -> Prediction:
        """Return an answer."""
        import torch  # only a session with a preview needs it

        from napari_samunet.inference.prediction import Candidate, Prediction
        from napari_samunet.preprocess.frame import Frame
        from napari_samunet.preprocess.roi import Roi

        mask, logits = self.mask(entry["mask"]), self.array(entry["logits"])
        shape, side, fit, resampling, roi = entry["frame"]
        candidates = tuple(
            Candidate(
                self.mask(item["mask"]) if "mask" in item else mask,
                self.array(item["logits"]) if "logits" in item else logits,
                item["score"],
            )
            for item in entry["candidates"]
        )
        return Prediction(
            mask=mask,
            logits=logits,
            score=entry["score"],
            candidates=candidates,
            model_logits=torch.from_numpy(self.array(entry["model_logits"])),
            frame=Frame(_pair(shape), side, fit, resampling, None if roi is None else Roi(*roi)),
            note=entry["note"],
        )


def _ref(ref: SliceRef) -> list[int]:
    return [ref.axis, ref.index]


def _pair(values: list[int]) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)


def _window(values: list[float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])
