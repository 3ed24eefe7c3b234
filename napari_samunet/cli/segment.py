"""Segment one object of an image from points and a box, and write its mask as labels."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING

from napari_samunet.cli import image, model, values
from napari_samunet.cli.output import check_writable, say
from napari_samunet.cli.segment_checks import check_output, check_places
from napari_samunet.errors import BadUsage, InputError
from napari_samunet.inference.prediction import Prediction

if TYPE_CHECKING:
    from napari_samunet.session.objects import SegmentObject
    from napari_samunet.session.session import Session
    from napari_samunet.types import SliceRef


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet segment``."""
    parser.add_argument("image", help="NIfTI, NRRD, MetaImage, DICOM folder or picture")
    parser.add_argument(
        "--slice",
        type=int,
        required=True,
        metavar="K",
        help="index of the slice, from 0: one less than the window's panel says",
    )
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
        help="carry the mask on to these slices, both included; counted from 0",
    )
    model.add_choice(parser)
    parser.add_argument(
        "--window", type=values.window, metavar="LO,HI", help="displayed intensities"
    )
    image.add_choices(parser)
    parser.add_argument("--label", type=int, default=1, metavar="N", help="value of the object")
    parser.add_argument("--name", help="what the object is called in NRRD and DICOM, e.g. liver")
    parser.add_argument(
        "--masks", metavar="FILE", help="masks that exist already; --label is the one to correct"
    )
    parser.add_argument(
        "--overlap",
        choices=("keep", "replace", "both"),
        default="keep",
        help="voxels of other --masks stay theirs (keep, the default), become the object's "
        "(replace), or belong to both, which DICOM and .seg.nrrd can hold",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="labels to write: .nii.gz .nii .nrrd .mha .mhd, .seg.nrrd (with names and overlaps), "
        ".dcm (DICOM SEG), or .csv .png .json",
    )
    parser.add_argument("--format", choices=("dicom-seg", "rtstruct"), help="what a .dcm is to be")


def run(args: argparse.Namespace) -> None:
    """Predict, export, say what was written.

    The prompts are given one after the other, the box first, each correcting the answer before it,
    as a person gives them in the window.

    Raises
    ------
    InputError
        A bad image, slice, prompt, model or target, or nothing was found; the target is not
        touched then.
    """
    _check(args)

    volume = image.opened(args.image, args)
    check_places(volume, args)
    check_output(volume, args.output, args.format)

    from napari_samunet.io.measures import millilitres_of
    from napari_samunet.session.session import Session

    session = Session(volume, model.loaded(args))
    session.notice.connect(_warn)
    session.overlap = args.overlap
    start = perf_counter()
    drawn = _draw(session, args)
    seconds = perf_counter() - start
    handout = session.handout().numbered({drawn.id: args.label})
    path = handout.write(args.output, args.format)
    if note := handout.note(path, args.format):
        _warn(note)
    millilitres = millilitres_of(drawn.voxels, volume)
    counted = f"label {args.label}, {drawn.voxels} voxels"
    counted += "" if millilitres is None else f", {millilitres:.3f} ml"
    shown = int((session.labels == drawn.id).sum())
    if shown < drawn.voxels:
        counted += f" (a label image shows {shown} of them)"
    say(f"{path}: {counted}, {seconds:.2f} s")


def _check(args: argparse.Namespace) -> None:
    if not args.point and args.box is None:
        raise BadUsage("A segmentation needs a prompt, but none came: give --point Y,X or --box.")
    if args.box is None and args.masks is None and not any(positive for _, positive in args.point):
        raise BadUsage(
            "A segmentation needs a point in the object, but all are outside of it: give one "
            "without ,- or a --box, or the --masks that they correct."
        )
    if not 1 <= args.label <= 65535:
        raise BadUsage(f"A label is 1 to 65535, but --label {args.label} came.")
    check_writable(args.output)


def _draw(session: Session, args: argparse.Namespace) -> SegmentObject:
    """Let the session answer each prompt in turn; return the object that they drew."""
    place = {"index": args.slice, "axis": args.axis, "window": args.window}
    drawn = _begin(session, args)
    if args.box is not None:
        session.add_box(args.box, **place)
    for point_rc, positive in args.point:
        session.add_point(point_rc, positive=positive, **place)
    if args.propagate is not None:  # before others cut what is carried on
        session.propagate(*args.propagate)
    answers = session.previews
    if args.masks is None and not any(answer.mask.any() for answer in answers.values()):
        raise InputError(
            f"The model found nothing there, so {args.output} was not written; "
            "try other points, or a box around the object."
        )
    session.accept()
    _tell_left_out(drawn, answers, args.label)
    return drawn


def _tell_left_out(
    drawn: SegmentObject, answers: Mapping[SliceRef, Prediction], label: int
) -> None:
    """Say how much of the answers other labels kept."""
    from napari_samunet.preprocess.slicing import take_slice

    mask_zyx = drawn.mask
    kept = sum(
        int((answer.mask & ~take_slice(mask_zyx, ref)).sum()) for ref, answer in answers.items()
    )
    if kept:
        _warn(
            f"{kept} voxels of the answer belong to other labels and stay theirs; to give them to "
            f"label {label}, add --overlap replace."
        )


def _begin(session: Session, args: argparse.Namespace) -> SegmentObject:
    """The object that prompts go to: one of the masks that exist already, or a new one."""
    name = args.name or f"label {args.label}"
    if args.masks is not None:
        session.import_masks(args.masks)
    for item in session.objects:
        if item.id == args.label:
            if args.name:
                session.rename_object(item, args.name)
            return session.select(item)
    return session.new_object(name)


def _warn(line: str) -> None:
    say(f"samunet: {line}", error=True)
