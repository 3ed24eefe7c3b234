"""Segment one object of an image from points and a box, and write its mask as labels."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter
from typing import TYPE_CHECKING

from napari_samunet.cli import values
from napari_samunet.cli.output import check_target
from napari_samunet.errors import BadUsage

if TYPE_CHECKING:
    from napari_samunet.session.session import Session
    from napari_samunet.types import UInt16Array


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet segment``."""
    parser.add_argument("image", help="NIfTI, NRRD, MetaImage, DICOM folder or picture")
    parser.add_argument("--slice", type=int, required=True, metavar="K", help="index of the slice")
    parser.add_argument("--axis", type=int, default=0, choices=(0, 1, 2), help="axis of the slice")
    parser.add_argument(
        "--point",
        type=values.point,
        action="append",
        default=[],
        metavar="Y,X[,-]",
        help="row,column in the object; with ,- outside of it; may be given often",
    )
    parser.add_argument("--box", type=values.box, metavar="Y0,X0,Y1,X1", help="box of the object")
    parser.add_argument(
        "--propagate",
        type=values.slice_range,
        metavar="K0:K1",
        help="carry the mask on to these slices",
    )
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--system", help="what the checkpoint is, where it cannot tell itself")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--window", type=values.window, metavar="LO,HI", help="displayed intensities"
    )
    parser.add_argument("--series", help="which series, where the input holds several")
    parser.add_argument("--frame", type=int, help="which frame or time point")
    parser.add_argument("--label", type=int, default=1, metavar="N", help="value of the object")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="labels to write")


def run(args: argparse.Namespace) -> None:
    """Predict, export, say what was written.

    The prompts are given one after the other, the box first, each correcting the answer before it,
    as a person gives them in the window.

    Raises
    ------
    InputError
        A bad image, slice, prompt, model or target; the target is not touched then.
    """
    _check(args)

    from napari_samunet.io.open import open_volume

    volume = open_volume(args.image, series=args.series, frame=args.frame)

    from napari_samunet.io.export import export_labels
    from napari_samunet.models.load import load_model
    from napari_samunet.session.session import Session

    session = Session(volume, load_model(args.model, device=args.device, system=args.system))
    start = perf_counter()
    labels = _label(session, args)
    seconds = perf_counter() - start
    path = export_labels(labels, volume, args.output)
    count = int((labels != 0).sum())
    if count == 0:
        print("samunet: the model found nothing there; the labels are empty", file=sys.stderr)
    millilitres = count * float(volume.spacing.prod()) / 1000
    print(f"{path}: label {args.label}, {count} voxels, {millilitres:.3f} ml, {seconds:.2f} s")


def _check(args: argparse.Namespace) -> None:
    if not args.point and args.box is None:
        raise BadUsage("A segmentation needs a prompt, but none came: give --point Y,X or --box.")
    if not 1 <= args.label <= 65535:
        raise BadUsage(f"A label is 1 to 65535, but --label {args.label} came.")
    check_target(args.output)


def _label(session: Session, args: argparse.Namespace) -> UInt16Array:
    """Let the session answer each prompt in turn; return its labels with the wanted value."""
    import numpy as np

    place = {"index": args.slice, "axis": args.axis, "window": args.window}
    session.new_object(f"label {args.label}")
    if args.box is not None:
        session.add_box(args.box, **place)
    for point_rc, positive in args.point:
        session.add_point(point_rc, positive=positive, **place)
    session.accept()
    if args.propagate is not None:
        session.propagate(*args.propagate)
    return np.where(session.labels > 0, args.label, 0).astype(np.uint16)
