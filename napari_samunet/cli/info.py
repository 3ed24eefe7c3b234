"""Tell what is known of an image: geometry, modality, intensities, and what is odd about it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_samunet.io.volume import Volume


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet info``."""
    parser.add_argument("image", metavar="FILE", help="image file or DICOM folder")
    parser.add_argument("--series", help="which series, where the input holds several")
    parser.add_argument("--frame", type=int, help="which frame or time point")


def run(args: argparse.Namespace) -> None:
    """Print one fact a line.

    Raises
    ------
    InputError
        The image cannot be read.
    """
    from napari_samunet.io.open import open_volume

    volume = open_volume(args.image, series=args.series, frame=args.frame)
    for name, text in {"file": args.image, **_facts(volume)}.items():
        print(f"{name + ':':<13}{text}")


def _facts(volume: Volume) -> dict[str, str]:
    kind = volume.source.kind if volume.source else "array"
    facts = {
        "read as": kind,
        "modality": volume.modality or "not told",
        "shape": f"{' x '.join(map(str, volume.shape))} (z, y, x), {volume.array.dtype}",
        "spacing": f"{' x '.join(f'{mm:.4g}' for mm in volume.spacing)} mm (z, y, x)",
        "directions": f"{directions(volume)} (z, y, x run towards)",
        "intensities": f"{volume.array.min():g} to {volume.array.max():g}",
        "window": "not told"
        if volume.window is None
        else f"{volume.window[0]:g} to {volume.window[1]:g}",
        "affine": "; ".join(" ".join(f"{v:.6g}" for v in row) for row in volume.affine[:3]),
    }
    return facts | {"odd": "; ".join(oddities(volume)) or "nothing"}


def directions(volume: Volume) -> str:
    """Name where each array axis runs to, e.g. ``"SPL"``: z to superior, y to posterior, x to left.

    Parameters
    ----------
    volume
        Its affine maps (z, y, x) to RAS+ world.
    """
    import numpy as np

    towards = (("L", "R"), ("P", "A"), ("I", "S"))
    letters = ""
    for column in volume.affine[:3, :3].T:
        world_axis = int(np.argmax(np.abs(column)))
        letters += towards[world_axis][int(column[world_axis] > 0)]
    return letters


def oddities(volume: Volume) -> list[str]:
    """List what a person should know before trusting distances or planes of this image.

    Parameters
    ----------
    volume
        Any volume.
    """
    import numpy as np

    found = []
    if volume.color is not None:
        found.append("a colour image; intensities are its luma")
    unit = volume.affine[:3, :3] / volume.spacing
    between_axes = np.abs(unit.T @ unit - np.eye(3))
    if between_axes.max() > 1e-3:
        found.append("sheared: the array axes are not at right angles")
    tilt = np.degrees(np.arccos(np.clip(np.abs(unit).max(axis=0), 0, 1))).max()
    if tilt > 0.5:
        found.append(f"oblique by {tilt:.1f} degrees")
    if volume.spacing.max() > 2 * volume.spacing.min():
        found.append(f"anisotropic: {volume.spacing.max() / volume.spacing.min():.1f} times")
    if not np.isfinite(volume.array).all():
        found.append("holds values that are not finite")
    return found
