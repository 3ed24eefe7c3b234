"""List the known checkpoints, tell what one is and where to get it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from napari_samunet.errors import BadUsage

if TYPE_CHECKING:
    from napari_samunet.models.contract import InputContract

ACTIONS = ("list", "show", "fetch")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet models``."""
    parser.add_argument("action", nargs="?", default="list", choices=ACTIONS, help="default: list")
    parser.add_argument("model", nargs="?", help="name in the list, or a checkpoint, for show")
    parser.add_argument("--system", help="what the checkpoint is, where it cannot tell itself")


def run(args: argparse.Namespace) -> None:
    """List the known checkpoints, describe one, or say where to get it.

    Raises
    ------
    InputError
        No such model, a file that is no checkpoint of a known system, or one that is not here.
    """
    if args.action == "list":
        print("\n".join(_listing()))
        return
    if args.model is None:
        raise BadUsage(f"samunet models {args.action} needs a name of the list (samunet models).")
    if args.action == "show":
        print("\n".join(_about(args.model) + _describe(args.model, args.system)))
    else:
        print(_fetch(args.model))


def _listing() -> list[str]:
    """One line a checkpoint: name, whether it is here, what it is good for."""
    from napari_samunet.assets import resources_folder
    from napari_samunet.models.catalogue import entries
    from napari_samunet.models.load import BUILTIN

    builtin = ("builtin", resources_folder() / BUILTIN, "a first answer on any grey image")
    rows = [builtin, *((entry.name, entry.path, entry.good_for) for entry in entries())]
    width = max(len(name) for name, _, _ in rows)
    return [
        f"{name:<{width}}  {'here' if path.is_file() else '-':<4}  {good_for}"
        for name, path, good_for in rows
    ]


def _fetch(name: str) -> str:
    """Return the path of a listed checkpoint; raise with its address where it is not here."""
    from napari_samunet.models.catalogue import entries, find_entry, installed

    entry = find_entry(name)
    if entry is None:
        names = ", ".join(entry.name for entry in entries())
        raise BadUsage(f"A name of the list was wanted, but '{name}' is none: {names}.")
    return f"{entry.name} is here: {installed(entry)}"


def _about(name: str) -> list[str]:
    from napari_samunet.models.catalogue import find_entry

    entry = find_entry(name)
    if entry is None:
        return []
    facts = {
        "name": entry.name,
        "page": entry.page,
        "licence": entry.licence,
        "paper": entry.paper,
        "good for": entry.good_for,
        "belongs": str(entry.path),
    }
    return [f"{title + ':':<9} {text}" for title, text in facts.items() if text]


def _describe(name_or_path: str, system: str | None) -> list[str]:
    """Say what the file holds; a listed checkpoint that is not here has only its list entry."""
    from napari_samunet.models.catalogue import find_entry
    from napari_samunet.models.load import inspect_checkpoint

    entry = find_entry(name_or_path)
    if entry is not None and not entry.path.is_file():
        return ["file:     not on this computer"]
    found = inspect_checkpoint(name_or_path, system)
    facts = {
        "file": str(found.path),
        "sha256": found.sha256,
        "system": f"{found.system}: {found.title}",
        "note": found.note,
        "stored": f"{found.tensors} tensors, {found.parameters:,} numbers "
        f"({', '.join(found.dtypes)})",
        "input": _input_line(found.contract),
        "fits": "; ".join(found.differences) if found.differences else "yes, exactly",
    }
    return [f"{name + ':':<9} {text}" for name, text in facts.items() if text]


def _input_line(contract: InputContract) -> str:
    prompts = ", ".join(sorted(contract.prompts))
    return (
        f"{contract.side} x {contract.side} x {contract.channels}, {contract.fit}; "
        f"prompts: {prompts}"
    )
