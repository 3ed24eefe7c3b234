"""Checkpoint files → named tensors, without ever running what a file names.

safetensors hold tensors only. ``.pth`` and ``.pt`` files go through torch's weights-only loading;
training files that it refuses because they pickle an optimiser go through ``inert_pickle``.
"""

from __future__ import annotations

import json
import pickle
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from napari_samunet.errors import BadCheckpoint
from napari_samunet.io.names import listed
from napari_samunet.io.paths import exists, is_folder
from napari_samunet.models.archive import open_archive
from napari_samunet.models.inert_pickle import Shell, load_inert

WRAPPERS = ("model", "state_dict", "model_state_dict", "net", "network", "weights", "ema")
"""Keys that a training file keeps its weights under, the likeliest first."""
_LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
# A mapped file that is rewritten in place kills the process that reads it; small files are copied,
# large ones stay mapped so that memory never holds them twice.
_COPY_BELOW_BYTES = 64 << 20
_COPIED_AT_ONCE = 32
_OR_A_NAME = ", or take a name that `samunet models` lists"
# A protocol buffer that begins with the format's version and the name of what wrote it.
_ONNX_START = re.compile(rb"\x08[\x01-\x1f]\x12", re.DOTALL)
_TEXT_START = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]*[\n\r\x20-\x7e]", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Named tensors of one file.

    Attributes
    ----------
    path
        Where they came from.
    tensors
        Name → tensor on the CPU, wrapper and prefix taken off; floating ones as stored.
    metadata
        The text entries of a safetensors header, else empty.
    wrapper
        The key that the state dict lay under, or an empty text.
    prefix
        What stood before every name, with its last dot: ``module.`` of DataParallel, ``model.`` or
        ``net.`` of Lightning; or an empty text.
    """

    path: Path
    tensors: dict[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)
    wrapper: str = ""
    prefix: str = ""

    @property
    def parameters(self) -> int:
        """Count of stored numbers."""
        return sum(tensor.numel() for tensor in self.tensors.values())


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint file.

    Parameters
    ----------
    path
        ``.safetensors``, ``.pth`` or ``.pt``; what counts is the content, not the suffix.

    Returns
    -------
    Checkpoint

    Raises
    ------
    BadCheckpoint
        The file is missing, empty, cut off, or holds no state dict.
    UnreadableFile
        Its folder may not be entered.
    """
    path = Path(path)
    kind = _kind(path)
    if kind == "safetensors":
        return _read_safetensors(path)
    loaded = _read_archive(path) if kind == "archive" else _read_weights_only(path)
    tensors, wrapper = unwrap(loaded, path)
    return _without_prefix(path, tensors, {}, wrapper)


def unwrap(loaded: object, path: Path) -> tuple[dict[str, Tensor], str]:
    """Find the state dict in what a file held, bare or under a key.

    What else a training file keeps beside bare tensors, such as the epoch, is left out.

    Returns
    -------
    The tensors by name, and the key that they lay under (empty where they lay bare).

    Raises
    ------
    BadCheckpoint
        There is no mapping of names to tensors, or there are several.
    """
    wrapper = ""
    while isinstance(loaded, Mapping):
        key = _key_of_weights(loaded, path)
        if key is None:
            break
        wrapper, loaded = str(key), loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise _bad(path, f"it holds {_word(loaded)}")
    named = {str(name): value for name, value in loaded.items() if not _is_plain(value)}
    strange = [name for name, value in named.items() if not isinstance(value, Tensor)]
    if strange or not named:
        name = strange[0] if strange else str(next(iter(loaded)))
        raise _bad(path, f"its entry {name[:60]!r} is {_word(loaded[name])}")
    return {name: value.detach() for name, value in named.items()}, wrapper


def _key_of_weights(held: Mapping[Any, object], path: Path) -> Any:
    """The key that weights lie under: the likeliest of `WRAPPERS`, else the only one with tensors;
    None: there is none.
    """
    inner = {key: value for key, value in held.items() if isinstance(value, Mapping)}
    usual = [key for key in WRAPPERS if key in inner]
    holding = [key for key in inner if any(isinstance(v, Tensor) for v in inner[key].values())]
    if not usual and len(holding) > 1:
        what = f"its entries {listed([repr(key) for key in holding])} all hold tensors"
        raise _bad(path, what, "save the one that is wanted alone")
    return next(iter(usual or holding), None)


def shared_prefix(names: Iterable[str]) -> str:
    """The words that all names begin with, with their dots, such as ``module.model.``."""
    words = zip(*(name.split(".")[:-1] for name in names), strict=False)
    return "".join(f"{word[0]}." for word in takewhile(lambda word: len(set(word)) == 1, words))


def _without_prefix(
    path: Path, stored: Mapping[str, Tensor], metadata: dict[str, str], wrapper: str = ""
) -> Checkpoint:
    prefix = shared_prefix(stored)
    tensors = {name.removeprefix(prefix): tensor for name, tensor in stored.items()}
    return Checkpoint(path, tensors, metadata, wrapper, prefix)


def _is_plain(value: object) -> bool:
    """Whether it is a number or a text, as training files keep beside their weights."""
    return value is None or isinstance(value, int | float | str)


def _word(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, Shell):
        return "a Python object, which is never run (save its state_dict() instead)"
    if isinstance(value, Tensor):
        return "one tensor without a name"
    return f"a {type(value).__name__}, no tensor"


def _bad(path: Path, what: str, remedy: str = "choose the file of weights itself") -> BadCheckpoint:
    return BadCheckpoint(
        "A checkpoint (.safetensors, .pth or .pt with named tensors) was wanted, but "
        f"{path.name or path.resolve()}: {what}; {remedy}."
    )


def _broken(path: Path, error: BaseException) -> BadCheckpoint:
    what = f"it is damaged or cut off ({_first_line(error).rstrip('.')})"
    return _bad(path, what, "get it again")


def _kind(path: Path) -> str:
    """Tell ``safetensors``, ``archive`` (zip) and ``legacy`` (old torch) by the first bytes."""
    if not exists(path):
        listed = "" if path.suffix or len(path.parts) > 1 else _OR_A_NAME
        raise BadCheckpoint(f"The checkpoint {path} does not exist; check the path{listed}.")
    if is_folder(path):
        raise _bad(path, "it is a folder")
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError as error:
        what = f"it cannot be read ({error.strerror})"
        raise _bad(path, what, "see to it that you may read it") from error
    if not head:
        raise _bad(path, "it is empty", "get it again")
    if head.startswith(b"PK\x03\x04"):
        return "archive"
    if head.startswith(_LEGACY_MAGIC[:16]) and not tarfile.is_tarfile(path):
        return "legacy"
    if head[8:9] == b"{":
        return "safetensors"
    raise _bad(path, _guess(path, head))


def _guess(path: Path, head: bytes) -> str:
    if path.suffix.lower() == ".onnx" or _ONNX_START.match(head):
        return "it is an ONNX model, which holds a program and not named tensors"
    if head[:1] == b"\x80":
        return "it is a bare Python pickle, which is never run"
    if _TEXT_START.fullmatch(head):
        return "it is a text file"
    return "its first bytes are those of no checkpoint format"


def _read_safetensors(path: Path) -> Checkpoint:
    copy = path.stat().st_size < _COPY_BELOW_BYTES
    try:
        with safe_open(path, framework="pt") as file:
            names, metadata = list(file.keys()), dict(file.metadata() or {})
            if not copy:
                tensors = {name: file.get_tensor(name) for name in names}
        if copy:
            tensors = {}
            for start in range(0, len(names), _COPIED_AT_ONCE):
                tensors |= _copied(path, names[start : start + _COPIED_AT_ONCE])
    except (SafetensorError, OSError, ValueError, json.JSONDecodeError) as error:
        raise _broken(path, error) from error
    if not tensors:
        raise _bad(path, "it holds no tensor")
    return _without_prefix(path, tensors, metadata)


def _copied(path: Path, names: list[str]) -> dict[str, Tensor]:
    """Tensors of their own; the map of the file ends with each call, so that it never adds up."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).clone() for name in names}


def _read_archive(path: Path) -> object:
    try:
        with open_archive(path) as archive:
            names = archive.namelist()
            # Torch compares no checksum, and one bit makes a wrong answer. It takes half of the
            # time that the SHA-256 takes.
            damaged = archive.testzip()
    except Exception as error:  # zipfile raises whatever its decompressors raise on damaged files
        raise _broken(path, error) from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise _bad(path, "it is a TorchScript program")
    if not any(name.endswith("/data.pkl") for name in names):
        raise _bad(path, f"it is a zip archive of other things ({', '.join(names[:3])} …)")
    if damaged is not None:
        raise _bad(path, f"it is damaged (record {damaged} is not as it was saved)", "get it again")
    return _read_weights_only(path)


def _read_weights_only(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as refused:
        if not zipfile.is_zipfile(path):
            raise _bad(path, "it pickles Python objects in an old format") from refused
    except Exception as error:  # torch raises whatever its readers raise on damaged files
        raise _broken(path, error) from error
    try:
        return load_inert(path)
    except Exception as error:  # a hostile pickle may provoke any error, but nothing else
        raise _bad(path, f"its pickle holds no plain tensors ({_first_line(error)})") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
