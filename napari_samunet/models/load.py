"""From a name or a file to a system that answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from napari_samunet.assets import asset
from napari_samunet.errors import BadCheckpoint, UnreadableFile
from napari_samunet.io.paths import is_file
from napari_samunet.models.catalogue import (
    BUILTIN,
    CatalogueEntry,
    find_entry,
    installed,
    remember,
)
from napari_samunet.models.checkpoint import read_checkpoint
from napari_samunet.models.contract import InputContract
from napari_samunet.models.device import choose_device, place
from napari_samunet.models.hashes import digest
from napari_samunet.models.lean import lean
from napari_samunet.models.recognise import differences, recognise, skeleton
from napari_samunet.models.system import System


@dataclass(frozen=True)
class Inspection:
    """What a checkpoint file is.

    Attributes
    ----------
    path, sha256
        The file and its digest.
    system, title, contract
        The system that it belongs to.
    note
        How the system was chosen where that was not clear.
    tensors, parameters
        Counts of what is stored.
    dtypes
        Kinds of numbers that are stored.
    differences
        What keeps it from fitting, in readable lines; empty where it fits.
    """

    path: Path
    sha256: str
    system: str
    title: str
    contract: InputContract
    note: str
    tensors: int
    parameters: int
    dtypes: tuple[str, ...]
    differences: tuple[str, ...]


def load_model(
    name_or_path: str | Path = "builtin",
    device: str = "auto",
    system: str | None = None,
    precision: str = "float32",
) -> System:
    """Load a model, strictly: every tensor of the network comes from the file, and none is left.

    Parameters
    ----------
    name_or_path
        ``"builtin"``, a name in the model list, or a path to a checkpoint.
    device
        ``"auto"`` (CUDA, else MPS, else CPU, which also serves where those cannot) or a torch
        device.
    system
        Name of the system where file and tensors do not decide it, e.g. ``"medsam"``, or
        ``"sam-vit-b-256"`` for SAM's weights at 256 pixels and ``"ft-sam-1024"`` the other way.
    precision
        ``"float32"``, or ``"bfloat16"`` and ``"float16"`` to encode sooner on an accelerator.

    Returns
    -------
    System

    Raises
    ------
    BadCheckpoint
        There is no such file, it is no checkpoint, or it does not fit its system.
    BadUsage
        The device that was named is not here, or cannot compute or hold the model.
    """
    target = choose_device(device)
    path = locate(name_or_path)
    checkpoint = read_checkpoint(path)
    listed = find_entry(str(name_or_path))
    recognition = recognise(checkpoint, system or (listed.system if listed else None))
    recipe = recognition.recipe
    module = skeleton(recipe)
    fitted = recipe.fitted(checkpoint.tensors)
    checkpoint.tensors.clear()  # each goes as soon as the network has it, lest memory holds both
    _fill(module, fitted, path, recipe.title)
    target, notice = place(module, target, or_cpu=device == "auto")
    sha256 = _sha256(path, listed)
    if listed is not None:
        remember(listed, path, sha256)
    return System(
        name=recipe.name,
        contract=recipe.contract,
        module=module,
        # The same tensors answer differently as another system, so both make the identity.
        model_hash=f"{recipe.name}-{sha256}",
        device=target,
        source=str(path),
        note=recognition.note,
        others=recognition.others,
        quicken=lean,
        precision=precision,
        notice=notice,
    )


def inspect_checkpoint(path: str | Path, system: str | None = None) -> Inspection:
    """Say what a checkpoint file is without making a network of it.

    Raises
    ------
    BadCheckpoint
        It is no checkpoint of a known system.
    """
    checkpoint = read_checkpoint(locate(path))
    recognition = recognise(checkpoint, system)
    recipe = recognition.recipe
    kinds = {str(t.dtype).removeprefix("torch.") for t in checkpoint.tensors.values()}
    return Inspection(
        path=checkpoint.path,
        sha256=_sha256(checkpoint.path, find_entry(str(path))),
        system=recipe.name,
        title=recipe.title,
        contract=recipe.contract,
        note=recognition.note,
        tensors=len(checkpoint.tensors),
        parameters=checkpoint.parameters,
        dtypes=tuple(sorted(kinds)),
        differences=tuple(differences(skeleton(recipe), recipe.fitted(checkpoint.tensors))),
    )


def locate(name_or_path: str | Path) -> Path:
    """Find the file of a named model, or the file itself.

    Raises
    ------
    BadCheckpoint
        There is neither such a name nor such a file.
    """
    entry = find_entry(str(name_or_path))
    if entry is not None and not is_file(Path(name_or_path)):
        return installed(entry)
    if str(name_or_path) != "builtin":
        return Path(name_or_path)
    try:
        return asset(BUILTIN)
    except UnreadableFile as error:
        raise BadCheckpoint(
            f"The built-in weights (resources/{BUILTIN}) are not there; make them with "
            "'samunet train', or give the path of a checkpoint."
        ) from error


def _sha256(path: Path, listed: CatalogueEntry | None) -> str:
    """SHA-256 of a file; not read again where `installed` has compared it with the published one:
    the larger ones take seconds.
    """
    compared = listed.sha256 if listed is not None and path == listed.path else ""
    return compared or digest(path, "sha256")


def _fill(module: nn.Module, tensors: dict[str, Tensor], path: Path, title: str) -> None:
    """Put the stored tensors themselves into the network, so that memory never holds them twice."""
    wrong = differences(module, tensors)
    if wrong:
        raise BadCheckpoint(
            f"{path.name} looks like {title}, but does not fit it: {'; '.join(wrong)}. Choose the "
            "file as it was published, or say which other system it is of."
        )
    whole = {name: _as_computed(tensors.pop(name)) for name in list(tensors)}
    module.load_state_dict(whole, strict=True, assign=True)


def _as_computed(tensor: Tensor) -> Tensor:
    """Half precision as it is stored becomes the single precision that the networks compute in."""
    return tensor.float() if tensor.is_floating_point() else tensor
