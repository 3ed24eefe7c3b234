"""The model that a command works with."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_samunet.models.system import System


def add_choice(parser: argparse.ArgumentParser, system: bool = True) -> None:
    """Declare the arguments that choose a model; without ``system`` a file must tell what it is."""
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    if system:
        parser.add_argument("--system", help="what the checkpoint is, where it cannot tell itself")
    else:
        parser.set_defaults(system=None)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")


def loaded(args: argparse.Namespace) -> System:
    """Load a model as the arguments of `add_choice` say; torch comes with it, which takes a while.

    Raises
    ------
    InputError
        There is no such model or device, or its file cannot be used.
    """
    from napari_samunet.models.load import load_model

    return load_model(args.model, device=args.device, system=args.system)
