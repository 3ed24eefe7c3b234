"""Tell what is known of an image: geometry, modality, intensities, and what is odd about it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from napari_samunet.cli import image
from napari_samunet.cli.output import say

if TYPE_CHECKING:
    from napari_samunet.io.volume import Volume

_OBLIQUE_DEGREES = 0.5
_ANISOTROPIC = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet info``."""
    parser.add_argument("image", metavar="FILE", help="image file or DICOM folder")
    image.add_choices(parser)


def run(args: argparse.Namespace) -> None:
    """Print one fact a line.

    Raises
    ------
    InputError
        The image cannot be read.
    """
    volume = image.opened(args.image, args)
    for name, text in {"file": args.image, **_facts(volume)}.items():
        say(f"{name + ':':<13}{text}")


def _facts(volume: Volume) -> dict[str, str]:
    window = volume.window
    return {
        "read as": volume.source.kind,
        **_encoding(volume),
        "modality": volume.modality or "not told",
        "shape": f"{' x '.join(map(str, volume.shape))} (z, y, x), {volume.array.dtype}",
        "spacing": f"{' x '.join(f'{mm:.4g}' for mm in volume.spacing)} mm (z, y, x)",
        "directions": _directions(volume),
        "placed by": volume.source.place or "nothing: where it lies in the patient is not known",
        "intensities": _intensities(volume),
        "window": "not told" if window is None else f"{window[0]:g} to {window[1]:g}",
        **_uptake(volume),
        "affine": "; ".join(" ".join(f"{v:.6g}" for v in row) for row in volume.affine[:3]),
        "odd": "; ".join(oddities(volume)) or "nothing",
    }


def _encoding(volume: Volume) -> dict[str, str]:
    """How the file holds its voxels and what made it, without a word of the patient."""
    header = volume.source.header
    if volume.source.kind == "nifti":
        order = {"<": "little", ">": "big"}[header.endianness]
        name = type(header).__name__.removesuffix("Header")
        return {"stored as": f"{name}, {order}-endian {header.get_data_dtype().name}"}
    if volume.source.kind != "dicom":
        return {}
    from napari_samunet.io.dicom_files import text_of, transfer_syntax_of

    syntaxes = " and ".join(sorted({transfer_syntax_of(item).name for item in header}))
    words = [text_of(header[0], word) for word in ("Manufacturer", "ManufacturerModelName")]
    made_by = " ".join(word for word in words if word) or "an unknown maker"
    return {"stored as": f"{len(header)} files, {syntaxes}, by {made_by}"}


def _directions(volume: Volume) -> str:
    from napari_samunet.geometry import axis_letters

    if not volume.is_placed:
        return "not told"
    letters = " ".join(f"{low}>{high}" for low, high in axis_letters(volume.affine))
    return f"{letters} (z, y, x)"


def _uptake(volume: Volume) -> dict[str, str]:
    """Of a PET what its voxels are to be multiplied with to be SUV, or why nobody knows."""
    if volume.modality != "PT":
        return {}
    from napari_samunet.errors import InputError
    from napari_samunet.preprocess.suv import suv_factor

    try:
        return {"SUV": f"{suv_factor(volume):.6g} times the intensities"}
    except InputError as error:
        return {"SUV": str(error)}


def _intensities(volume: Volume) -> str:
    import numpy as np

    finite = volume.array[np.isfinite(volume.array)]
    return f"{finite.min():g} to {finite.max():g}, median {np.median(finite.astype(np.float64)):g}"


def oddities(volume: Volume) -> list[str]:
    """List what a person should know before trusting distances or planes of this image.

    Parameters
    ----------
    volume
        Any volume; what its reader noted comes first.
    """
    import numpy as np

    from napari_samunet.geometry import is_sheared, oblique_degrees, shear_degrees

    found = list(volume.source.notes)
    if volume.color is not None:
        found.append("a colour image; intensities are its luma")
    if is_sheared(volume.affine):
        found.append(f"sheared by {shear_degrees(volume.affine):.1f} degrees")
    if oblique_degrees(volume.affine) > _OBLIQUE_DEGREES:
        found.append(f"oblique by {oblique_degrees(volume.affine):.1f} degrees")
    ratio = volume.spacing.max() / volume.spacing.min()
    if ratio > _ANISOTROPIC and volume.source.sized == "voxel":
        found.append(f"voxels {ratio:.1f} times longer than wide")
    if not np.isfinite(volume.array).all():
        found.append("holds values that are not finite")
    return found
