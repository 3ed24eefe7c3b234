"""Which engine encodes on this processor: measured once, and remembered."""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import platformdirs
import torch
from torch import Tensor

from napari_samunet.errors import BadUsage
from napari_samunet.models.encoder import Encoder, Features
from napari_samunet.models.system import System

logger = logging.getLogger(__name__)

TORCH, OPENVINO = ENGINES = ("torch", "openvino")
VARIABLE = "SAMUNET_ENGINE"
"""Names an engine that is taken without measuring."""
EQUAL = 1e-4
"""Relative difference of features up to which an engine counts as giving the same answers."""
ROUNDS = 7
PAUSE = 0.02
MOST_SIDE = 512
"""Larger networks take OpenVINO a minute or more to compile; only who names it waits for that."""
WORTHWHILE = 0.9
"""Share of torch's time that another engine may take; for less it is not worth its memory."""


def choose_engine(system: System, wanted: str | None = None) -> str:
    """Let the fastest engine encode that gives torch's answers; return its name.

    On an accelerator, and without the extra ``openvino``, that is torch. Else both encode a few
    images of noise in turn, once a model and machine; the choice and the compiled network are kept
    in the user's cache.

    Parameters
    ----------
    system
        Its ``encoder`` is replaced.
    wanted
        ``"torch"`` or ``"openvino"``, which is then not measured; None: what the environment
        variable ``SAMUNET_ENGINE`` says, or the fastest.

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
    if wanted is None and system.contract.side > MOST_SIDE:
        return TORCH
    choice = wanted or _kept(system)
    if choice == TORCH:
        return TORCH
    try:
        compiled = _openvino(system)
        fastest = choice or _measured(system, compiled)
    except Exception as error:  # whatever a compiler cannot do, torch can
        if wanted is not None:
            reason = " ".join(str(error).split())
            raise BadUsage(
                f"The engine OpenVINO was wanted, but it cannot run {system.name}: {reason}; "
                f"{TORCH} can."
            ) from error
        logger.warning("OpenVINO cannot run %s; torch encodes", system.name, exc_info=True)
        if not isinstance(error, (OSError, MemoryError)):  # those pass
            _keep(system, TORCH)
        return TORCH
    if choice is None:
        _keep(system, fastest)
    if fastest == OPENVINO:
        system.encoder = compiled
    return fastest


def is_installed() -> bool:
    """Whether the extra ``openvino`` is."""
    return bool(_version())


def timed(encoders: Sequence[Encoder], image: Tensor, rounds: int = ROUNDS) -> list[list[float]]:
    """Seconds of each encoder, which take turns so that a busy moment meets all of them.

    Before each turn the threads of the one before fall asleep; they wait busily for a moment.
    """
    seconds: list[list[float]] = [[] for _ in encoders]
    for turn in range(rounds + 1):  # the first one warms up
        for encoder, kept in zip(encoders, seconds, strict=True):
            sleep(PAUSE)
            start = perf_counter()
            encoder.encode(image)
            if turn:
                kept.append(perf_counter() - start)
    return seconds


def difference(ours: Features, theirs: Features) -> float:
    """Largest ‖ours − theirs‖ / ‖theirs‖ of all features."""
    return max(
        float(torch.linalg.vector_norm(ours[name] - theirs[name]))
        / max(float(torch.linalg.vector_norm(theirs[name])), 1e-12)
        for name in theirs
    )


def _check(wanted: str) -> None:
    if wanted not in ENGINES:
        raise BadUsage(f"An engine is one of {', '.join(ENGINES)}, but {wanted!r} came.")
    if wanted == OPENVINO and not is_installed():
        raise BadUsage(
            "The engine OpenVINO was wanted, but is not installed; "
            "'pip install napari-samunet[openvino]' brings it."
        )


def _measured(system: System, compiled: Encoder) -> str:
    image = torch.rand(1, *_image_shape(system))
    if difference(compiled.encode(image), system.encoder.encode(image)) > EQUAL:
        return TORCH
    torch_seconds, openvino_seconds = map(median, timed((system.encoder, compiled), image))
    return OPENVINO if openvino_seconds < WORTHWHILE * torch_seconds else TORCH


def _openvino(system: System) -> Encoder:
    from napari_samunet.models.openvino_encoder import OpenVinoEncoder

    kept = _folder() / f"{system.model_hash[:16]}-{_identity(system)}.blob"
    known = kept.is_file()
    encoder = OpenVinoEncoder(system.module, _image_shape(system), kept=kept)
    if not known and kept.is_file():
        _delete_earlier(kept)
    return encoder


def _delete_earlier(kept: Path) -> None:
    """Delete what was compiled of the same weights for other releases or numbers of threads."""
    weights = kept.name.partition("-")[0]
    for other in kept.parent.glob(f"{weights}-*.blob"):
        if other != kept:
            with suppress(OSError):
                other.unlink()


def _image_shape(system: System) -> tuple[int, int, int]:
    contract = system.contract
    return contract.channels, contract.side, contract.side


def _folder() -> Path:
    return Path(platformdirs.user_cache_dir("napari-samunet")) / "engines"


def _identity(system: System) -> str:
    """Digest of all that a choice depends on."""
    told = (
        system.model_hash,
        torch.__version__,
        _version(),
        version("napari-samunet"),
        platform.machine(),
        platform.processor(),
        torch.get_num_threads(),
    )
    return sha256(repr(told).encode()).hexdigest()[:32]


def _version() -> str:
    try:
        return version("openvino")
    except PackageNotFoundError:
        return ""


def _kept(system: System) -> str | None:
    try:
        choice = json.loads((_folder() / f"{_identity(system)}.json").read_text())["engine"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return choice if choice in ENGINES else None


def _keep(system: System, choice: str) -> None:
    path = _folder() / f"{_identity(system)}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"engine": choice}))
    except OSError:
        logger.warning("The choice of the engine cannot be kept in %s", path.parent)
