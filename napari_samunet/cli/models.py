"""Tell which systems checkpoints are recognised for, and what one checkpoint is."""

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
    """List the known systems, or describe one checkpoint.

    Raises
    ------
    InputError
        No such model, or a file that is no checkpoint of a known system.
    """
    if args.action == "fetch":
        raise BadUsage(
            "Nothing can be fetched yet: download the checkpoint from its authors and name the "
            "file with --model."
        )
    if args.action == "show":
        if args.model is None:
            raise BadUsage("samunet models show needs a name or a checkpoint file.")
        print("\n".join(_describe(args.model, args.system)))
        return
    print("\n".join(_listing()))


def _listing() -> list[str]:
    from napari_samunet.models.systems import RECIPES

    rows = {recipe.name: recipe.title for recipe in RECIPES}
    width = max(map(len, rows))
    lines = [f"{name:<{width}}  {title}" for name, title in rows.items()]
    return ["A checkpoint of these systems is recognised (samunet models show FILE):", *lines]


def _describe(name_or_path: str, system: str | None) -> list[str]:
    from napari_samunet.models.load import inspect_checkpoint

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
    return [f"{name + ':':<8} {text}" for name, text in facts.items() if text]


def _input_line(contract: InputContract) -> str:
    prompts = ", ".join(sorted(contract.prompts))
    return (
        f"{contract.side} x {contract.side} x {contract.channels}, {contract.fit}; "
        f"prompts: {prompts}"
    )
