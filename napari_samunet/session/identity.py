"""Which image a saved session belongs to: where it lay, and what its voxels are."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from napari_samunet.embedding.key import content_digest
from napari_samunet.io.dicom_files import NO_UID, series_mark
from napari_samunet.io.volume import Volume


class ImageIdentity:
    """What tells an image from any other, found when it is first asked for.

    Parameters
    ----------
    volume
        The image.
    """

    def __init__(self, volume: Volume) -> None:
        self.volume = volume

    @cached_property
    def digest(self) -> str:
        """Of the voxels with their shape and type; takes up to a second for a large CT."""
        return content_digest(self.volume.array)

    @property
    def path(self) -> str | None:
        """Absolute path of the file, or None for an image without one."""
        path = self.volume.source.path
        return None if path is None else str(Path(path).absolute())

    @property
    def series(self) -> str | None:
        """Mark of a DICOM series, for a folder may hold several; no UID, which names a patient."""
        source = self.volume.source
        if source.kind != "dicom" or not source.header:
            return None
        return series_mark(source.header[0]) or NO_UID

    def words(self) -> dict[str, Any]:
        """Return all of it for a file."""
        return {
            "digest": self.digest,
            "shape": self.volume.shape,
            "path": self.path,
            "series": self.series,
            "opened": self.volume.source.opened,
        }

    def fits(self, words: dict[str, Any]) -> bool:
        """Whether the words of a file are those of this image."""
        return tuple(words["shape"]) == self.volume.shape and words["digest"] == self.digest
