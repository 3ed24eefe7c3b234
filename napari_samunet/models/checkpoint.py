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
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from napari_samunet.errors import BadCheckpoint
from napari_samunet.io.paths import exists, is_folder
from napari_samunet.models.inert_pickle import Shell, load_inert

WRAPPERS = ("model", "state_dict", "model_state_dict", "net", "network", "weights", "ema")
"""Keys that a training file keeps its weights under, the likeliest first."""
PREFIXES = ("module.", "_orig_mod.", "model.")
"""What wrappers put before every name: DataParallel, torch.compile, Lightning."""
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
        Name → tensor on the CPU, wrappers and `PREFIXES` taken off; floating ones as stored.
    metadata
        The text entries of a safetensors header, else empty.
    wrapper
        The key that the state dict lay under, or an empty text.
    """

    path: Path
    tensors: dict[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)
    wrapper: str = ""

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
    return Checkpoint(path, tensors, {}, wrapper)


def unwrap(loaded: object, path: Path) -> tuple[dict[str, Tensor], str]:
    """Find the state dict in what a file held, bare or under one of `WRAPPERS`.

    What else a training file keeps beside bare tensors, such as the epoch, is left out.

    Returns
    -------
    The tensors by name, and the key that they lay under (empty where they lay bare).

    Raises
    ------
    BadCheckpoint
        There is no mapping of names to tensors.
    """
    wrapper = ""
    while isinstance(loaded, Mapping):
        key = next((key for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), None)
        if key is None:
            break
        wrapper, loaded = key, loaded[key]
    if not isinstance(loaded, Mapping) or not loaded:
        raise _bad(path, f"it holds {_word(loaded)}")
    named = {str(name): value for name, value in loaded.items() if not _is_plain(value)}
    strange = [name for name, value in named.items() if not isinstance(value, Tensor)]
    if strange or not named:
        name = strange[0] if strange else str(next(iter(loaded)))
        raise _bad(path, f"its entry {name[:60]!r} is {_word(loaded[name])}")
    plain = _plain_names(named)
    return {plain[name]: value.detach() for name, value in named.items()}, wrapper


def _plain_names(names: Iterable[str]) -> dict[str, str]:
    """Names to what they are without the prefixes that all of them have."""
    plain = {name: name for name in names}
    while plain:
        common = [
            prefix for prefix in PREFIXES if all(name.startswith(prefix) for name in plain.values())
        ]
        if not common:
            break
        plain = {name: short.removeprefix(common[0]) for name, short in plain.items()}
    return plain


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
            plain = _plain_names(names)
            if not copy:
                tensors = {plain[name]: file.get_tensor(name) for name in names}
        if copy:
            tensors = {}
            for start in range(0, len(names), _COPIED_AT_ONCE):
                some = names[start : start + _COPIED_AT_ONCE]
                tensors |= {plain[name]: value for name, value in _copied(path, some).items()}
    except (SafetensorError, OSError, ValueError, json.JSONDecodeError) as error:
        raise _broken(path, error) from error
    if not tensors:
        raise _bad(path, "it holds no tensor")
    return Checkpoint(path, tensors, metadata)


def _copied(path: Path, names: list[str]) -> dict[str, Tensor]:
    """Tensors of their own; the map of the file ends with each call, so that it never adds up."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).clone() for name in names}


def _read_archive(path: Path) -> object:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise _broken(path, error) from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise _bad(path, "it is a TorchScript program")
    if not any(name.endswith("/data.pkl") for name in names):
        raise _bad(path, f"it is a zip archive of other things ({', '.join(names[:3])} …)")
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
