"""Encoding once, answering often: the stateless heart that session, evaluation and plugin share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

from torch import Tensor

from napari_samunet.embedding.levels import LayeredCache, open_cache
from napari_samunet.errors import InputError
from napari_samunet.inference.answerer import Answerer
from napari_samunet.inference.bridge import answer_with_box
from napari_samunet.inference.discriminant import Discriminant
from napari_samunet.inference.prediction import Prediction
from napari_samunet.inference.relief import Relief
from napari_samunet.inference.view import View
from napari_samunet.inference.zoom import glimpsed, zoomed
from napari_samunet.io.volume import Volume
from napari_samunet.models.engine_choice import choose_engine
from napari_samunet.models.system import System
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.preprocess.roi import Roi, look_at_mask
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import BoolArray, SliceRef, Window


class Engine(Answerer):
    """Answers prompts with one system; embeddings are kept in ``cache``.

    Parameters
    ----------
    system
        A loaded system.
    cache
        Where embeddings are kept; a bounded one in memory by default, see also ``open_engine``.
    """

    system: System
    cache: LayeredCache

    def __init__(self, system: System, cache: LayeredCache | None = None) -> None:
        self.system = system
        self.cache = LayeredCache(device=str(system.device)) if cache is None else cache
        self.relief = Relief(system, self.cache)
        # Percentiles of an MR take longer than a click may; they belong to the image alone.
        self._windows: WeakKeyDictionary[Volume, Window] = WeakKeyDictionary()

    def predict(
        self,
        volume: Volume,
        ref: SliceRef,
        prompts: Prompts,
        window: Window | None = None,
        previous: Prediction | None = None,
        bridge: bool = True,
        seen: Prediction | None = None,
    ) -> Prediction:
        """Answer prompts on one slice; changes nothing but the cache.

        Parameters
        ----------
        volume, ref
            The image and the plane of it.
        prompts
            At least one point, a box or a mask, on the slice.
        window
            (low, high) that the slice is shown with; None: see ``choose_window``.
        previous
            The answer that is being corrected: of the same object and slice. One of another system
            or of a hand is what a person sees and corrects, so that it is fed back as well, brought
            into this system's frame. An answer does not tell what it is of, so no more than its
            shape is checked.
        bridge
            Whether a system that was trained with boxes only, or that knows no masks or negative
            clicks, gets a box derived from them, and is spared the logits of ``previous`` where it
            never saw a mask; False: the raw answer.
        seen
            What `glimpse` answered to the same prompts, which is not decoded again.

        Raises
        ------
        OutsideImage, EmptyPrompt, InputError
            A slice or prompt outside the image; no prompt; a ``previous`` of another shape than
            the slice.
        """
        view = View(self, volume, ref, window)
        answer = self._answer(view, prompts, previous, bridge, seen)
        notice = self.relief.take_notice()
        return replace(answer, note=f"{answer.note} {notice}".strip()) if notice else answer

    def glimpse(
        self, volume: Volume, ref: SliceRef, prompts: Prompts, window: Window | None = None
    ) -> Prediction | None:
        """Answer first clicks with the first look alone, or a box without its other candidates.

        Parameters as for `predict`, which looks further. None where it takes but one look.
        """
        if not self.system.contract.zoom or prompts.mask is not None:
            return None
        return glimpsed(View(self, volume, ref, window), prompts)

    def _answer(
        self,
        view: View,
        prompts: Prompts,
        previous: Prediction | None,
        bridge: bool,
        seen: Prediction | None,
    ) -> Prediction:
        prompts.check(view.shape)
        if previous is not None and previous.frame.shape != view.shape:
            raise InputError(
                f"The slice is {view.shape}, but the previous answer is of one of "
                f"{previous.frame.shape}; correct an answer on its own slice."
            )
        if self.system.contract.zoom:
            return zoomed(view, prompts, previous, seen)
        knows = self._knows(prompts) if bridge else ""
        if knows:
            return answer_with_box(view.answer, view.frame(), prompts, previous, knows)
        known = not bridge or "mask" in self.system.contract.trained
        return view.answer(view.frame(), prompts, previous if known else None)

    def embed(
        self, volume: Volume, ref: SliceRef, window: Window | None = None, roi: Roi | None = None
    ) -> Mapping[str, Tensor]:
        """Return the features of a slice or a region of it, encoding only what is not cached."""
        view = View(self, volume, ref, window)
        return view.features(view.frame(roi))

    def discriminant(
        self, volume: Volume, axis: int, window: Window | None, keys: Mapping[int, BoolArray]
    ) -> Discriminant | None:
        """Learn what an object is to the encoder from masks (H, W) of slices along an axis.

        None for a system that does not zoom: the features of a whole slice were never tried.
        """
        if not self.system.contract.zoom:
            return None

        def view(index: int) -> View:
            return View(self, volume, SliceRef(axis, index), window)

        return Discriminant(
            lambda index, frame: view(index).features(frame),
            lambda index, mask: view(index).frame(look_at_mask(mask.shape, mask)),
            keys,
        )

    def window_of(self, volume: Volume, window: Window | None = None) -> Window:
        """Return ``choose_window``, whose default is found once for each volume."""
        if window is not None:
            return choose_window(volume, window)
        if volume not in self._windows:
            self._windows[volume] = choose_window(volume)
        return self._windows[volume]

    def _knows(self, prompts: Prompts) -> str:
        """What the system knows, in words, where prompts go beyond it; else an empty text."""
        contract = self.system.contract
        if "point" not in contract.trained:
            return "boxes only" if prompts.box is None else ""
        if prompts.mask is not None and "mask" not in contract.prompts:
            return "no painted masks"
        return "no clicks that remove" if 0 in prompts.labels and not contract.removes else ""


def open_engine(system: System, folder: Path | None = None) -> Engine:
    """Return an engine that keeps its embeddings on this machine, within its user's budgets.

    What encodes and answers was measured to be fastest, see ``choose_engine``; the folder is the
    user's own where none is given, see ``open_cache``.
    """
    choose_engine(system)
    return Engine(system, open_cache(str(system.device), system.contract.half, path=folder))
