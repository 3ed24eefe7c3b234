"""A session's state as plain words and arrays, and back, exactly: nothing of it is executable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from napari_samunet.inference.prediction import Prediction
from napari_samunet.io.origin import Algorithm, Origin
from napari_samunet.packed import PackedMask
from napari_samunet.session.answers import AnswerReader, AnswerWriter
from napari_samunet.session.frames import Words
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.placed import PlacedPrompt
from napari_samunet.session.plane import PlaneState
from napari_samunet.session.state import MAX_ID, State
from napari_samunet.types import AnyArray, SliceRef, Window


class StateWriter(AnswerWriter):
    """Turns a state into words for JSON; what is too large for words goes to ``arrays``."""

    def __init__(self) -> None:
        super().__init__()
        # Preview and feedback are mostly one and the same answer, and are to be so again.
        self._answers: dict[int, int] = {}
        self._answer_words: list[Words] = []

    def state(self, state: State) -> Words:
        """Return the words for a whole state."""
        planes = [
            {"object": number, "ref": ref_words(ref), **self._plane(plane)}
            for (number, ref), plane in state.planes.items()
        ]
        return {
            "objects": [self._object(item) for item in state.objects],
            "planes": planes,
            "answers": self._answer_words,
            **self._marks(state),
        }

    def _marks(self, state: State) -> Words:
        """What is one number each."""
        return {
            "current": state.current,
            "ref": None if state.ref is None else ref_words(state.ref),
            "recent": state.recent,
            "next_id": state.next_id,
        }

    def _object(self, item: ObjectState) -> Words:
        masks = sorted(item.masks.items())
        places = [(z, *mask.corner, *mask.size, len(mask.bits)) for z, mask in masks]
        bits = b"".join(mask.bits for _, mask in masks)
        return {
            "id": item.id,
            "name": item.name,
            "color": item.color,
            "shape": item.shape,
            "keys": [ref_words(ref) for ref in item.keys],
            "window": item.window,
            "settled": [
                {"ref": ref_words(ref), **self._plane(plane)} for ref, plane in item.settled.items()
            ],
            "given": sorted(item.given),
            "doubts": [ref_words(ref) for ref in item.doubts],
            "locked": item.locked,
            "visible": item.visible,
            "models": [asdict(model) for model in item.models],
            "origin": item.origin and asdict(item.origin),
            "places": self._put(np.array(places, np.int64).reshape(-1, 6)),
            "bits": self._put(np.frombuffer(bits, np.uint8)),
        }

    def _plane(self, plane: PlaneState) -> Words:
        return {
            "prompts": [self._prompt(prompt) for prompt in plane.prompts],
            "shown": self._answer(plane.shown),
            "answer": self._answer(plane.answer),
            "window": plane.window,
            "painted": plane.painted,
            "generation": plane.generation,
            "waiting": plane.waiting,
        }

    def _prompt(self, prompt: PlacedPrompt) -> Words:
        return {
            "kind": prompt.kind,
            "positive": prompt.positive,
            "points": prompt.points.tolist(),
            "box": prompt.box,
            "mask": None if prompt.mask is None else self._put_mask(prompt.mask),
        }

    def _answer(self, answer: Prediction | None) -> int | None:
        if answer is None:
            return None
        if id(answer) not in self._answers:
            self._answers[id(answer)] = len(self._answer_words)
            self._answer_words.append(self._answer_record(answer))
        return self._answers[id(answer)]


class StateReader(AnswerReader):
    """Turns the words and arrays of a ``StateWriter`` into the state again."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        super().__init__(arrays)
        self._answers: list[Prediction] = []

    def state(self, words: Words) -> State:
        """Return the whole state; one of ``DAMAGE`` where the words are none of a writer's."""
        self._answers = [self._answer(answer) for answer in words["answers"]]
        planes = {}
        for plane in words["planes"]:
            key = (plane["object"], _ref(plane["ref"]))
            planes[key] = self._plane(plane, *key)
        objects = tuple(self._object(item) for item in words["objects"])
        if len({item.id for item in objects}) < len(objects):
            raise ValueError("two objects have the same number")
        return State(objects=objects, planes=planes, **self._marks(words))

    def _marks(self, words: Words) -> Words:
        """What is one number each, as ``State`` takes it."""
        return {
            "current": words["current"],
            "ref": None if words["ref"] is None else _ref(words["ref"]),
            "recent": words["recent"],
            "next_id": words["next_id"],
        }

    def _object(self, words: Words) -> ObjectState:
        if words["id"] not in range(1, MAX_ID + 1):
            raise ValueError(f"no object has the number {words['id']}")
        shape = tuple(words["shape"])
        masks = _masks(shape, self._arrays[words["places"]], self._arrays[words["bits"]].tobytes())
        settled = {
            _ref(plane["ref"]): self._plane(plane, words["id"], _ref(plane["ref"]))
            for plane in words["settled"]
        }
        return ObjectState(
            words["id"],
            words["name"],
            tuple(words["color"]),
            shape,
            masks,
            keys=tuple(_ref(ref) for ref in words["keys"]),
            window=_window(words["window"]),
            settled=settled,
            given=frozenset(words["given"]),
            doubts=tuple(_ref(ref) for ref in words["doubts"]),
            locked=words["locked"],
            visible=words["visible"],
            models=tuple(Algorithm(**model) for model in words["models"]),
            origin=words["origin"] and Origin(**words["origin"]),
        )

    def _plane(self, words: Words, number: int, ref: SliceRef) -> PlaneState:
        shown, answer = words["shown"], words["answer"]
        return PlaneState(
            prompts=tuple(self._prompt(prompt, number, ref) for prompt in words["prompts"]),
            shown=None if shown is None else self._answer_of(shown),
            answer=None if answer is None else self._answer_of(answer),
            window=_window(words["window"]),
            painted=words["painted"],
            generation=words["generation"],
            waiting=words["waiting"],
        )

    def _prompt(self, words: Words, number: int, ref: SliceRef) -> PlacedPrompt:
        return PlacedPrompt(
            words["kind"],
            number,
            ref,
            words["positive"],
            np.array(words["points"], float).reshape(-1, 2),
            None if words["box"] is None else tuple(words["box"]),
            None if words["mask"] is None else PackedMask.of(self._mask(words["mask"])),
        )

    def _answer_of(self, number: int) -> Prediction:
        return self._answers[number]


def is_image(words: Any) -> bool:
    """Whether words of a file name an image as ``ImageIdentity.words`` does."""
    return (
        isinstance(words, dict)
        and isinstance(words.get("digest"), str)
        and isinstance(words.get("shape"), list)
        and isinstance(words.get("path", 0), str | None)
        and isinstance(words.get("series", 0), str | None)
        and _is_choice(words.get("opened"))
        and (words["path"] is None or words.get("opened") is not None)
    )


def _is_choice(words: Any) -> bool:
    """Whether words tell how a file was opened, as ``Source.opened`` does."""
    return words is None or (
        isinstance(words, dict)
        and isinstance(words.get("frame", ""), int | None)
        and all(isinstance(words.get(name), int) for name in ("resample", "keep_tilt"))
    )


def lies_in(state: State, shape: tuple[int, ...]) -> bool:
    """Whether all objects and planes of a state are of an image of this shape (Z, Y, X)."""
    refs = {ref for _number, ref in state.planes} | ({state.ref} if state.ref else set())
    for item in state.objects:
        refs |= {*item.keys, *item.settled, *item.doubts}
    return all(item.shape == shape for item in state.objects) and all(
        ref.axis in range(3) and ref.index in range(shape[ref.axis]) for ref in refs
    )


def _masks(shape: tuple[int, ...], places: AnyArray, bits: bytes) -> dict[int, PackedMask]:
    """Cut the slices of an object, shape (Z, Y, X), out of its bits."""
    start, masks = 0, {}
    depth, rows, columns = shape
    for z, top, left, height, width, count in places.tolist():
        crop = bits[start : start + count]
        inside = z in range(depth) and 0 <= top <= top + height <= rows
        inside = inside and 0 <= left <= left + width <= columns
        if not inside or not len(crop) == count == -(-height * width // 8):
            raise ValueError(f"the mask on slice {z} lies outside its image or is cut short")
        masks[z] = PackedMask((rows, columns), (top, left), (height, width), crop)
        start += count
    return masks


def ref_words(ref: SliceRef) -> tuple[int, int]:
    """Return a plane as (axis, index)."""
    return ref.axis, ref.index


def _ref(words: list[int]) -> SliceRef:
    return SliceRef(*words)


def _window(words: list[float] | None) -> Window | None:
    return None if words is None else (words[0], words[1])
