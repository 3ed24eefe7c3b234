"""Open napari with the segmentation docked, and files or a sample in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_samunet.cli import image
from napari_samunet.cli.display import need_window


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet [FILE…]``."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="images to open: NIfTI, NRRD, MetaImage, DICOM folder, picture; none: a sample CT",
    )
    image.add_choices(parser)


def run(args: argparse.Namespace) -> None:
    """Read the files, then show them until the window is closed.

    Raises
    ------
    InputError
        A file cannot be read; no window is opened then.
    """
    volumes = [(image.opened(path, args), Path(path)) for path in args.files]

    need_window()

    from napari_samunet.plugin.launch import launch

    launch(volumes)
