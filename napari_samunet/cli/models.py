"""List the known checkpoints, fetch one, tell what one is."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from napari_samunet.cli.output import say
from napari_samunet.errors import BadUsage

if TYPE_CHECKING:
    from pathlib import Path

    from napari_samunet.models.catalogue import CatalogueEntry
    from napari_samunet.models.contract import InputContract

ACTIONS = ("list", "show", "fetch")
_PIPE_WIDTH = 120
_LEAST_WIDTH = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet models``."""
    parser.add_argument("action", nargs="?", default="list", choices=ACTIONS, help="default: list")
    parser.add_argument("model", nargs="?", help="name in the list; for show a checkpoint, too")
    parser.add_argument("--system", help="for show: what a checkpoint is that cannot tell itself")


def run(args: argparse.Namespace) -> None:
    """List the known checkpoints, describe one, or fetch one.

    Raises
    ------
    BadUsage
        An action without the name that it needs, or with a word that it takes no notice of.
    InputError
        No such model, a file that is no checkpoint of a known system, or one that cannot be
        fetched.
    """
    _check(args)
    if args.action == "list":
        print("\n".join(_listing()))
        return
    if args.action == "show":
        for line in _aligned(_about(args.model) | _found(args.model, args.system)):
            say(line)
    else:
        print(f"{args.model} is here: {_fetch(args.model)}")


def _check(args: argparse.Namespace) -> None:
    if args.system is not None and args.action != "show":
        raise BadUsage(
            f"samunet models {args.action} takes no --system, but --system {args.system} came; "
            "only show does."
        )
    if args.action == "list" and args.model is not None:
        raise BadUsage(
            f"samunet models list takes no name, but '{args.model}' came; "
            f"see `samunet models show {args.model}`."
        )
    if args.action != "list" and args.model is None:
        raise BadUsage(f"samunet models {args.action} needs a name of the list (samunet models).")


def _listing() -> list[str]:
    """A table of all models, and how to get those that are not here."""
    from napari_samunet.models.catalogue import entries, models_folder

    header = ("name", "here", "size", "licence", "good for")
    rows = [header, _builtin_row(), *(_row(entry) for entry in entries())]
    return [
        *_table(rows),
        "",
        f"fetch:   samunet models fetch NAME puts it into {models_folder()}",
        "by hand: samunet models show NAME says where it is and where to put it",
    ]


def _builtin_row() -> tuple[str, ...]:
    from napari_samunet.assets import resources_folder
    from napari_samunet.models.catalogue import BUILTIN

    path = resources_folder() / BUILTIN
    here = path.is_file()
    size = f"{path.stat().st_size / 1e6:.0f} MB" if here else "-"
    return (
        "builtin",
        "yes" if here else "no",
        size,
        "Apache-2.0",
        "a first answer on any grey image",
    )


def _row(entry: CatalogueEntry) -> tuple[str, ...]:
    here = "yes" if entry.path.is_file() else "fetch" if entry.url else "by hand"
    return entry.name, here, f"{entry.size_mb} MB", entry.licence, entry.good_for


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their longest word; the last one is wrapped at the screen's edge."""
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    indent = sum(widths) + 2 * len(widths)
    room = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns - indent
    lines = []
    for *cells, last in rows:
        start = "".join(f"{cell:<{width}}  " for cell, width in zip(cells, widths, strict=True))
        first, *more = textwrap.wrap(last, max(room, _LEAST_WIDTH))
        lines += [start + first, *(" " * indent + line for line in more)]
    return lines


def _fetch(name: str) -> Path:
    """Fetch a listed checkpoint, with a progress bar where somebody watches."""
    from tqdm import tqdm

    from napari_samunet.assets import asset
    from napari_samunet.models.catalogue import BUILTIN, entries, find_entry
    from napari_samunet.models.fetch import fetch

    if name == "builtin":
        return asset(BUILTIN)
    entry = find_entry(name)
    if entry is None:
        names = ", ".join(entry.name for entry in entries())
        raise BadUsage(f"A name of the list was wanted, but '{name}' is none: {names}.")
    with tqdm(
        desc=name, unit="B", unit_scale=True, leave=False, disable=not sys.stderr.isatty()
    ) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return fetch(entry, show)


def _about(name: str) -> dict[str, str]:
    """What the list says of a model; nothing of a file."""
    from napari_samunet.models.catalogue import find_entry

    entry = find_entry(name)
    if entry is None:
        return {}
    published = entry.published
    return {
        "name": entry.name,
        "good for": entry.good_for,
        "licence": entry.licence,
        "paper": entry.paper,
        "page": entry.page,
        "address": entry.url or f"none: {entry.by_hand}",
        "size": f"{entry.size_mb} MB",
        "hash": f"{published.kind} {published.value}" if published else "none published",
        "belongs": str(entry.path),
    }


def _found(name_or_path: str, system: str | None) -> dict[str, str]:
    """What the file holds; a listed checkpoint that is not here has only its list entry."""
    from napari_samunet.models.catalogue import find_entry
    from napari_samunet.models.load import inspect_checkpoint

    entry = find_entry(name_or_path)
    if entry is not None and not entry.path.is_file():
        return {"file": "not on this computer"}
    found = inspect_checkpoint(name_or_path, system or (entry.system if entry else None))
    return {
        "file": str(found.path),
        "sha256": found.sha256,
        "system": f"{found.system}: {found.title}",
        "note": found.note,
        "stored": f"{found.tensors} tensors, {found.parameters:,} numbers "
        f"({', '.join(found.dtypes)})",
        **_contract_words(found.contract),
        "fits": f"no: {'; '.join(found.differences)}" if found.differences else "yes, exactly",
    }


def _contract_words(contract: InputContract) -> dict[str, str]:
    """How a system is fed and read, in words."""
    fits = {
        "longest": "longest side to that, padded right and bottom",
        "stretch": "both sides stretched to that",
        "crop": "a square region around the object",
    }
    scales = {"0-255": "0-255", "0-1": "0-1", "min-max": "0-1 (each image's own range)"}
    colour = "grey" if contract.channels == 1 else "RGB"
    mean, std = (", ".join(f"{x:g}" for x in values) for values in (contract.mean, contract.std))
    answers = {
        "single": "one mask",
        "one-click": "three candidates for a single click, else one mask",
        "best-of-three": "three candidates, best first",
    }
    fed_back = f"{contract.feedback} of {contract.mask_side} x {contract.mask_side}"
    return {
        "input": f"{contract.side} x {contract.side} {colour}; {fits[contract.fit]} "
        f"({contract.resample})",
        "values": f"{scales[contract.scale]}, less ({mean}), divided by ({std})",
        "prompts": f"{_listed(contract.prompts)}; trained with {_listed(contract.trained)}"
        f"{'' if contract.removes else '; no clicks that remove'}",
        "fed back": fed_back if contract.mask_side else "nothing",
        "answers": answers[contract.candidates],
    }


def _listed(kinds: frozenset[str]) -> str:
    return ", ".join(sorted(kinds))


def _aligned(facts: dict[str, str]) -> list[str]:
    width = max(map(len, facts)) + 1
    return [f"{name + ':':<{width}} {text}" for name, text in facts.items() if text]
