"""What `samunet segment` can refuse as soon as the image is open, before torch and a model load."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_samunet.io.volume import Volume


def check_places(volume: Volume, args: argparse.Namespace) -> None:
    """Refuse slices, points and a box that lie outside the image.

    Raises
    ------
    OutsideImage
        One of them does.
    """
    from napari_samunet.geometry import plane_shape
    from napari_samunet.prompts.prompts import Prompts
    from napari_samunet.session.checks import plane_of

    for index in (args.slice, *(args.propagate or ())):
        plane_of(volume.shape, index, args.axis)
    points = [point_rc for point_rc, _positive in args.point]
    prompts = Prompts(points, [positive for _point, positive in args.point], box=args.box)
    prompts.check(plane_shape(volume.shape, args.axis))


def check_output(volume: Volume, output: str, format: str | None) -> None:  # noqa: A002
    """Refuse a target that could not be written after the work.

    Raises
    ------
    ExportRefused
        Its ending is none that is written, or none of this image, or it is the image itself.
    """
    from napari_samunet.io.export import check_exportable, check_target
    from napari_samunet.session.handout import BESIDE_MASKS, mask_format

    target = Path(output).expanduser()
    check_target(target, volume)
    if format is None and target.suffix.lower() in BESIDE_MASKS:
        return
    mask_format(target, format)
    check_exportable(volume, output, format)
