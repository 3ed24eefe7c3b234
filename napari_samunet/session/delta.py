"""What a step changed, as words and arrays, and back: a journal holds only that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from weakref import WeakKeyDictionary, WeakValueDictionary

from napari_samunet.inference.prediction import Prediction
from napari_samunet.session.frames import Frame, Words
from napari_samunet.session.objects import ObjectState
from napari_samunet.session.record import StateReader, StateWriter, ref_words
from napari_samunet.session.state import PlaneKey, State
from napari_samunet.types import SliceRef


class AnswerNumbers:
    """Numbers that a journal gives to answers, so that each is written once.

    Parameters
    ----------
    known
        Answers that the journal holds already.
    first
        The next number to give.
    """

    def __init__(self, known: Mapping[Prediction, int] | None = None, first: int = 0) -> None:
        # Weak: the history decides how long an answer lives, not the journal.
        self._numbers: WeakKeyDictionary[Prediction, int] = WeakKeyDictionary(known or {})
        self._next = count(first)

    def of(self, answer: Prediction) -> tuple[int, bool]:
        """Return the number of an answer, and whether it is new."""
        known = self._numbers.get(answer)
        if known is not None:
            return known, False
        self._numbers[answer] = number = next(self._next)
        return number, True


class DeltaWriter(StateWriter):
    """Turns the difference of two states into words; what is large goes to ``arrays``."""

    def __init__(self, numbers: AnswerNumbers) -> None:
        super().__init__()
        self._numbers = numbers

    def delta(self, before: State, after: State) -> Words:
        """Return what ``after`` has that ``before`` has not."""
        known = {item.id: item for item in before.objects}
        changed = [item for item in after.objects if known.get(item.id) is not item]
        planes = [
            {"object": key[0], "ref": ref_words(key[1]), **self._plane(plane)}
            for key, plane in after.planes.items()
            if before.planes.get(key) is not plane
        ]
        return {
            "order": [item.id for item in after.objects],
            "objects": [self._changed_object(known.get(item.id), item) for item in changed],
            "plane_order": [(number, *ref_words(ref)) for number, ref in after.planes],
            "planes": planes,
            "answers": self._answer_words,
            **self._marks(after),
        }

    def _changed_object(self, before: ObjectState | None, item: ObjectState) -> Words:
        old = {} if before is None else before.masks
        masks = {z: mask for z, mask in item.masks.items() if old.get(z) is not mask}
        gone = [z for z in old if z not in item.masks]
        return {**self._object(replace(item, masks=masks)), "gone": gone}

    def _answer(self, answer: Prediction | None) -> int | None:
        if answer is None:
            return None
        number, is_new = self._numbers.of(answer)
        if is_new:
            self._answer_words.append({"number": number, **self._answer_record(answer)})
        return number


class DeltaReader(StateReader):
    """Applies the deltas of a journal one after the other.

    Parameters
    ----------
    frame_at
        Reads the frame at an offset of the journal again.
    """

    def __init__(self, frame_at: Callable[[int], Frame]) -> None:
        super().__init__({})
        self._frame_at = frame_at
        self._offsets: dict[int, int] = {}
        self._alive: WeakValueDictionary[int, Prediction] = WeakValueDictionary()
        self._held: list[Prediction] = []
        self.last_generation = 0

    def numbers(self) -> AnswerNumbers:
        """Return the numbers of all answers read, for a journal that goes on."""
        known = {answer: number for number, answer in self._alive.items()}
        return AnswerNumbers(known, max(self._offsets, default=-1) + 1)

    def apply(self, before: State, offset: int, frame: Frame) -> State:
        """Return the state after the step of a frame."""
        words, self._arrays = frame
        # Held until the state holds them.
        self._held = [self._note_answer(answer, offset) for answer in words["answers"]]
        known = {item.id: item for item in before.objects}
        for changed in words["objects"]:
            known[changed["id"]] = self._changed(known.get(changed["id"]), changed)
        planes = dict(before.planes)
        for plane in words["planes"]:
            key = (plane["object"], SliceRef(*plane["ref"]))
            planes[key] = self._plane(plane, *key)
            self.last_generation = max(self.last_generation, planes[key].generation)
        order: list[PlaneKey] = [(n, SliceRef(axis, i)) for n, axis, i in words["plane_order"]]
        return State(
            objects=tuple(known[number] for number in words["order"]),
            planes={key: planes[key] for key in order},
            **self._marks(words),
        )

    def _changed(self, before: ObjectState | None, words: Words) -> ObjectState:
        item = self._object(words)
        old = {} if before is None else before.masks
        kept = {z: mask for z, mask in old.items() if z not in words["gone"]}
        return replace(item, masks={**kept, **item.masks})

    def _answer_of(self, number: int) -> Prediction:
        known = self._alive.get(number)
        if known is not None:
            return known
        words, arrays = self._frame_at(self._offsets[number])
        now, self._arrays = self._arrays, arrays
        found = next(item for item in words["answers"] if item["number"] == number)
        answer = self._note_answer(found, self._offsets[number])
        self._arrays = now
        return answer

    def _note_answer(self, words: Words, offset: int) -> Prediction:
        answer = self._answer(words)
        self._alive[words["number"]] = answer
        self._offsets[words["number"]] = offset
        return answer
