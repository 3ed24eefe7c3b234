"""Reads the tensors of a training file that also pickles other objects, and runs none of them.

Published training files hold ``{'model': state dict, 'optimizer': a pickled Adam object}``, which
weights-only loading refuses as a whole. Here every class and function that a pickle names becomes
an empty shell, except the few that make up a tensor, and those are our own stand-ins.
"""

from __future__ import annotations

import collections
import pickle
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from napari_samunet.models.archive import open_archive

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_CONTAINERS = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("builtins", "dict"): dict,
    ("builtins", "set"): set,
    ("builtins", "list"): list,
    ("builtins", "tuple"): tuple,
    ("torch", "Size"): tuple,
}


_EXTENSIONS = {"EXT1", "EXT2", "EXT4"}


class Shell:
    """Stands where a pickle wanted an object of its own: takes everything, does nothing."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        """Take an item of a pickled list."""

    def extend(self, values: object) -> None:
        """Take items of a pickled list."""

    def add(self, value: object) -> None:
        """Take an item of a pickled set."""

    def __call__(self, *args: object, **kwargs: object) -> Shell:
        return self


class TensorUnpickler(pickle.Unpickler):
    """Unpickler of ``data.pkl`` in a torch archive that can build containers and tensors only."""

    def __init__(self, archive: zipfile.ZipFile, record: str) -> None:
        super().__init__(archive.open(record), encoding="utf-8")
        self._archive = archive
        self._folder = record.rpartition("/")[0]
        self._storages: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Give containers, our own tensor builders, and an empty shell for everything else."""
        if (module, name) in _CONTAINERS:
            return _CONTAINERS[module, name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return self._parameter
        return type("Shell", (Shell,), {})  # a fresh class: what is done to it ends with this file

    def persistent_load(self, pid: Any) -> Tensor:
        """Read one storage of the archive as a flat tensor."""
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
            raise pickle.UnpicklingError(f"a storage was expected, but {str(pid)[:80]!r} came")
        _, dtype, key, _, numel = pid[:5]
        if not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError(f"storage {key} is of no known type")
        if str(key) not in self._storages:
            self._storages[str(key)] = self._read_storage(str(key), dtype, int(numel))
        return self._storages[str(key)]

    def _read_storage(self, key: str, dtype: torch.dtype, numel: int) -> Tensor:
        record = f"{self._folder}/data/{key}"
        stored = self._archive.getinfo(record).file_size
        if stored < numel * dtype.itemsize:
            raise pickle.UnpicklingError(f"storage {key} is shorter than its tensors")
        if numel == 0:
            return torch.empty(0, dtype=dtype)
        buffer = bytearray(self._archive.read(record))
        return torch.frombuffer(buffer, dtype=dtype, count=numel)

    def _tensor(
        self,
        storage: Tensor,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        *_: object,
    ) -> Tensor:
        # as_strided checks that the view lies inside the storage.
        return torch.as_strided(storage, tuple(size), tuple(stride), offset)

    def _parameter(self, data: Tensor, *_: object) -> Tensor:
        return data


def load_inert(path: Path) -> object:
    """Read a torch archive without running anything that it names.

    Parameters
    ----------
    path
        A file as ``torch.save`` writes it (a zip archive with one ``data.pkl``).

    Returns
    -------
    object
        What was saved, with shells in place of everything that is neither container nor tensor.

    Raises
    ------
    pickle.UnpicklingError
        The archive is no torch archive, or its pickle is damaged.
    """
    with open_archive(path) as archive:
        records = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(records) != 1:
            raise pickle.UnpicklingError(f"one data.pkl was expected, {len(records)} came")
        _refuse_extensions(archive.read(records[0]))
        return TensorUnpickler(archive, records[0]).load()


def _refuse_extensions(pickled: bytes) -> None:
    """Refuse codes of ``copyreg``, which fetch live objects of this process past ``find_class``."""
    if any(opcode.name in _EXTENSIONS for opcode, _, _ in pickletools.genops(pickled)):
        raise pickle.UnpicklingError("it names objects of the process that reads it")
