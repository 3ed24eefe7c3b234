"""The image that a command works on, and how it is read where a file leaves a choice."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_samunet.io.volume import Volume


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that choose among what a file holds, and what uneven slices become."""
    parser.add_argument("--series", help="which series, where the input holds several")
    parser.add_argument("--frame", type=int, help="which frame or time point")
    slices = parser.add_mutually_exclusive_group()
    slices.add_argument(
        "--resample", action="store_true", help="bring uneven or tilted DICOM slices onto a grid"
    )
    slices.add_argument(
        "--keep-tilt", action="store_true", help="take slices of a tilted gantry as scanned"
    )


def opened(path: str, args: argparse.Namespace) -> Volume:
    """Open an image as the arguments of `add_choices` say.

    Raises
    ------
    InputError
        The image cannot be read, or a choice is missing.
    """
    from napari_samunet.io.open import open_volume

    return open_volume(path, args.series, args.frame, args.resample, args.keep_tilt)
