"""Labels as NRRD or MetaImage; NRRD with the names and colours that 3D Slicer keeps there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import UnreadableFile, UnsupportedImage
from napari_samunet.geometry import flip_lps_ras, reverse_axes
from napari_samunet.io.ansi_path import ansi_path, is_mangled
from napari_samunet.io.metaimage import name_data_file
from napari_samunet.io.names import written_name
from napari_samunet.io.segments import Segment, default_name, labels_of, layers_of
from napari_samunet.io.simpleitk import itk_reason, read_image
from napari_samunet.io.slicer_tags import tags_for
from napari_samunet.io.volume import Volume
from napari_samunet.replacing import put_in_place
from napari_samunet.types import AnyArray

_SLICER = {
    "Segmentation_MasterRepresentation": "Binary labelmap",
    "Segmentation_SourceRepresentation": "Binary labelmap",
    "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
    "Segmentation_ReferenceImageExtentOffset": "0 0 0",
}
"""What 3D Slicer tells a segmentation from a label image by."""
_VECTOR, _LIST = b"kinds: vector ", b"kinds: list "


def write_simpleitk_labels(
    labels_zyx: AnyArray, volume: Volume, path: Path, segments: Sequence[Segment]
) -> None:
    """Write labels as NRRD or MetaImage, compressed.

    Parameters
    ----------
    labels_zyx : ndarray of unsigned int, shape (Z, Y, X)
    volume : Volume
        A source of the same family lends its origin, spacing and direction as they stand.
    path : Path
        .nrrd, .seg.nrrd, .mha or .mhd. A .seg.nrrd whose segments overlap gets a layer for each
        group of them that does not, as 3D Slicer writes and reads them.
    segments : sequence of Segment
        The objects behind the labels; NRRD keeps their order, names, colours and codes, but of more
        than ``MOST_SEGMENTS`` only of so many that somebody named.

    Raises
    ------
    OSError
        If SimpleITK cannot write the file, or what it wrote is not what it was given.
    """
    layers = layers_of(segments) if path.name.lower().endswith(".seg.nrrd") else []
    if len(layers) > 1:
        drawn = [labels_of(layer, volume.shape) for layer in layers]
        image = sitk.GetImageFromArray(np.stack(drawn, axis=-1), isVector=True)
    else:
        layers, image = [list(segments)], sitk.GetImageFromArray(labels_zyx)
    _place(image, volume)
    if path.suffix.lower() == ".nrrd":
        _name_segments(image, segments, layers)
    # ITK tells the format by the ending in small letters, and takes any other for .mhd.
    written = path.with_suffix(path.suffix.lower())
    if written.suffix == ".mhd" and is_mangled(written.name):
        _write(image, plain := written.with_name("labels.mhd"))
        _rename(plain, written)
    else:
        _write(image, written)
    if len(layers) > 1:
        _call_layers(written)
    _prove(written, image)
    if written != path:
        put_in_place(written, path)


def _write(image: sitk.Image, path: Path) -> None:
    try:
        sitk.WriteImage(image, given := ansi_path(path), useCompression=True)
    except RuntimeError as error:
        raise OSError(itk_reason(error).replace(f": {given}", "")) from None


def _rename(header: Path, written: Path) -> None:
    """Give a header and its voxels a name that ITK writes neither of on Windows."""
    voxels = written.with_suffix(".zraw")
    header.with_suffix(".zraw").rename(voxels)
    name_data_file(header, voxels.name)
    header.rename(written)


def _call_layers(written: Path) -> None:
    """Say that layers are a list, as 3D Slicer does: ITK says a vector, which some readers refuse.

    What the word is shorter an empty comment fills, so that the voxels behind it stay.
    """
    with written.open("r+b") as file:
        for line in iter(file.readline, b"\n"):
            if not line:
                return
            if line.startswith(_VECTOR):
                file.seek(-len(line), os.SEEK_CUR)
                file.write(line.replace(_VECTOR, _LIST) + b"#\n")
                return


def _prove(written: Path, image: sitk.Image) -> None:
    """Read a file back: ITK says nothing where the end of it found no room on the disk."""
    try:
        found = read_image(written)
    except (UnreadableFile, UnsupportedImage) as error:
        reason = str(error).replace(str(written), written.name).rstrip(".")
        raise OSError(f"it cannot be read back: {reason}") from None
    if not np.array_equal(sitk.GetArrayViewFromImage(found), sitk.GetArrayViewFromImage(image)):
        raise OSError("it came out incomplete, as on a full disk")


MOST_SEGMENTS = 1000
"""Of more only the named ones are described, for readers take minutes over the header of all."""


def _place(image: sitk.Image, volume: Volume) -> None:
    header = volume.source.header if volume.source.kind == "sitk" else None
    if header is not None and len(header["origin"]) == 3:
        image.SetOrigin(header["origin"])
        image.SetSpacing(header["spacing"])
        image.SetDirection(header["direction"])
        return
    affine_lps = flip_lps_ras(reverse_axes(volume.affine))
    spacing = volume.spacing[::-1]
    image.SetOrigin(affine_lps[:3, 3].tolist())
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine_lps[:3, :3] / spacing).ravel().tolist())


def _name_segments(
    image: sitk.Image, segments: Sequence[Segment], layers: Sequence[Sequence[Segment]]
) -> None:
    """Describe the segments in their order, which tells what shows where they overlap."""
    extent = " ".join(f"0 {size - 1}" for size in image.GetSize())
    layer_of = {segment: layer for layer, group in enumerate(layers) for segment in group}
    are_all = len(segments) <= MOST_SEGMENTS
    described = [s for s in segments if are_all or s.name != default_name(s.number)]
    for place, segment in enumerate(described[:MOST_SEGMENTS]):
        words = {
            "Name": written_name(segment.name),
            "LabelValue": str(segment.number),
            "Layer": str(layer_of[segment]),
            "Extent": extent,
            "NameAutoGenerated": "0",
        }
        if are_all:  # 3D Slicer goes by the IDs, and would leave out a segment that has none
            words["ID"] = f"Segment_{segment.number}"
        tags = tags_for(segment.origin.codes) if segment.origin.name == segment.name else ""
        if tags:
            words["Tags"] = tags
        if segment.color is not None:
            words["Color"] = " ".join(f"{part:.6g}" for part in segment.color)
            words["ColorAutoGenerated"] = "0"
        for word, value in words.items():
            image.SetMetaData(f"Segment{place}_{word}", value)
    for word, value in _SLICER.items() if are_all and segments else ():
        image.SetMetaData(word, value)
