"""Which engine encodes and which decodes on this processor: measured once, and remembered."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import torch

from napari_samunet.errors import BadUsage
from napari_samunet.models import compile_wait, engine_folder
from napari_samunet.models.encoder import Features
from napari_samunet.models.halves import Decoding, Encoding, Half
from napari_samunet.models.promptable import Divided
from napari_samunet.models.system import System

logger = logging.getLogger(__name__)

TORCH, OPENVINO = ENGINES = ("torch", "openvino")
VARIABLE = "SAMUNET_ENGINE"
"""Names an engine that is taken without measuring."""
EQUAL = 1e-4
"""Relative difference of features up to which an engine counts as giving the same answers."""
ROUNDS, FEWEST_ROUNDS = 7, 3
PAUSE = 0.02
PATIENCE = 2.0
"""Seconds after which no round is begun beyond the fewest: somebody waits for the program."""
MOST_SIDE = 512
"""Larger encoders take OpenVINO a minute or more to compile; only who names it waits for that."""
WORTHWHILE = 0.9
"""Share of torch's time that another engine may take; for less it is not worth its memory."""


def choose_engine(system: System, wanted: str | None = None, decodes: bool = True) -> str:
    """Let the fastest engine that gives torch's answers encode, and the fastest one decode.

    On an accelerator, and without the extra ``openvino``, that is torch. Else both encode a few
    images of noise in turn and answer a click on noise, once a model and machine; the choice and
    the compiled networks are kept in the user's cache. OpenVINO stays where it works already.
    Where a click would wait too long for that (``models.compile_wait``), torch encodes for now,
    which is not remembered: the machine may be busy.

    Parameters
    ----------
    system
        Its ``encoder`` and its ``decoder`` are replaced.
    wanted
        ``"torch"`` or ``"openvino"``, which is then not measured; None: what the environment
        variable ``SAMUNET_ENGINE`` says, or the fastest.
    decodes
        Whether prompts will be answered; False: only who encodes is chosen, however long it takes.

    Returns
    -------
    The name of what encodes.

    Raises
    ------
    BadUsage
        There is no such engine here, or it was named and cannot run the network.
    """
    wanted = wanted or os.environ.get(VARIABLE)
    if wanted is not None:
        _check(wanted)
    if wanted == TORCH or system.device.type != "cpu" or not is_installed():
        return TORCH
    halves = halves_of(system, large=wanted is not None)
    longest = compile_wait.LONGEST if decodes else inf  # whole volumes repay any wait
    chosen = {
        half.name: _choose(half, wanted, longest)
        for half in halves
        if decodes or half.name == Encoding.name
    }
    return chosen.get(Encoding.name, TORCH)


def halves_of(system: System, large: bool = False) -> list[Half]:
    """What OpenVINO may do of a system's work; ``large``: however long it takes to compile."""
    halves: list[Half] = [Decoding(system)] if isinstance(system.network, Divided) else []
    if large or system.contract.side <= MOST_SIDE:
        halves.append(Encoding(system))
    return halves


def _choose(half: Half, wanted: str | None, longest: float) -> str:
    if wanted is None and half.is_taken:
        return OPENVINO
    kept_choice = engine_folder.choice_of(half)
    choice = wanted or (kept_choice if kept_choice in ENGINES else None)
    if choice == TORCH or (choice is None and not compile_wait.is_bearable(half, longest)):
        return TORCH
    kept = engine_folder.place_of(half)
    try:
        compiled = _openvino(half, kept)
        fastest = choice or _measured(half, compiled)
    except Exception as error:  # whatever a compiler cannot do, torch can
        what = f"the {half.name} of {half.system.name}"
        if wanted is not None:
            reason = " ".join(str(error).split())
            raise BadUsage(
                f"The engine OpenVINO was wanted, but it cannot run {what}: {reason}; {TORCH} can."
            ) from error
        logger.warning("OpenVINO cannot run %s; torch does", what)
        logger.debug("Why it cannot:", exc_info=True)
        return TORCH  # not kept: a full disk or a broken installation can be mended
    if choice is None:
        engine_folder.keep_choice(half, fastest)
    if fastest == OPENVINO:
        half.give(compiled)
    elif kept is not None:
        engine_folder.delete(kept)
    return fastest


def is_installed() -> bool:
    """Whether the extra ``openvino`` is."""
    return bool(engine_folder.openvino_version())


def timed(tasks: Sequence[Callable[[], object]], rounds: int = ROUNDS) -> list[list[float]]:
    """Seconds of each task; they take turns so that a busy moment meets all of them.

    Before each turn the threads of the one before fall asleep; they wait busily for a moment.
    With slow tasks, and on a machine that does other work too, it ends after ``PATIENCE`` and
    ``FEWEST_ROUNDS``.
    """
    seconds: list[list[float]] = [[] for _ in tasks]
    began = perf_counter()
    for turn in range(rounds + 1):  # the first one warms up
        if turn > FEWEST_ROUNDS and perf_counter() - began > PATIENCE:
            break
        for task, kept in zip(tasks, seconds, strict=True):
            sleep(PAUSE)
            start = perf_counter()
            task()
            if turn:
                kept.append(perf_counter() - start)
    return seconds


def difference(ours: Features, theirs: Features) -> float:
    """Largest ‖ours − theirs‖ / ‖theirs‖ of all features; not a number where one of them is not."""
    each = [
        torch.linalg.vector_norm(ours[name] - theirs[name])
        / torch.linalg.vector_norm(theirs[name]).clamp(min=1e-12)
        for name in theirs
    ]
    return float(torch.stack(each).max())  # which, unlike Python's, hands on what is no number


def _check(wanted: str) -> None:
    if wanted not in ENGINES:
        raise BadUsage(f"An engine is one of {', '.join(ENGINES)}, but {wanted!r} came.")
    if wanted == OPENVINO and not is_installed():
        raise BadUsage(
            "The engine OpenVINO was wanted, but is not installed; "
            "'pip install napari-samunet[openvino]' brings it."
        )


def _measured(half: Half, compiled: Any) -> str:
    """The engine to be taken."""
    own = half.own()
    if not difference(half.work(compiled), half.work(own)) <= EQUAL:  # nor where it is no number
        return TORCH
    tasks = (lambda: half.work(own), lambda: half.work(compiled))
    torch_seconds, openvino_seconds = timed(tasks)
    faster = median(openvino_seconds) < WORTHWHILE * median(torch_seconds)
    return OPENVINO if faster else TORCH


def _openvino(half: Half, kept: Path | None) -> Any:
    engine = half.compile(kept)
    if kept is not None:
        engine_folder.note_used(kept)
    return engine
