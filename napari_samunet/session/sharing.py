"""Objects from files and into files: what a session shares with other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_samunet.errors import InputError
from napari_samunet.session.core import SessionCore
from napari_samunet.session.handout import Handout
from napari_samunet.session.numbering import with_segments
from napari_samunet.session.objects import SegmentObject

if TYPE_CHECKING:
    from napari_samunet.io.masks import Masks


class SharingSession(SessionCore):
    """A session whose objects come from files and go to files."""

    def import_masks(self, path: str | Path) -> tuple[SegmentObject, ...]:
        """Add objects from a file, to be corrected; the first of them becomes the current one.

        Parameters
        ----------
        path
            Labels as NIfTI, NRRD or MetaImage, DICOM SEG or RTSTRUCT. On another grid they are
            resampled to the nearest voxel, and ``notice`` says so. Segments that overlap stay
            objects of their own. Numbers stay as far as they are free, and ``notice`` says which
            changed; an empty object of the same name takes its mask. Voxels of locked objects are
            left out, and ``notice`` says how many. Undoable.

        Raises
        ------
        InputError
            It holds no masks, or none of their voxels lies in the image.
        """
        from napari_samunet.io.masks import read_masks

        return self.take_masks(read_masks(path, self.volume), str(path))

    def take_masks(self, masks: Masks, source: str = "The file") -> tuple[SegmentObject, ...]:
        """Add objects that ``io.masks.read_masks`` read for this volume; see ``import_masks``."""
        if not masks.segments:
            raise InputError(f"{source} holds no mask with a voxel in this image: is it its own?")
        entered = with_segments(self._state, masks.segments, self.volume.shape)
        self._commit("import", entered.state)
        for note in (*masks.notes, *entered.notes):
            self.notice.emit(note)
        added = tuple(map(self._handle, entered.numbers))
        for segment, item in zip(masks.segments, added, strict=True):
            lost = segment.voxels - item.voxels
            if lost:
                self.notice.emit(
                    f"{item.name}: {lost} of its {segment.voxels} voxels belong to locked objects "
                    "and were left out; to have them, undo, unlock those objects and add it again."
                )
        return added

    def handout(self) -> Handout:
        """Return the accepted objects as they are now, as a value that any thread may write."""
        return Handout(self.volume, self._state.objects)

    def export(self, path: str | Path, format: str | None = None) -> Path:  # noqa: A002 - DESIGN.md
        """Write the objects, and beside masks how they came about; see ``Handout.write``.

        ``notice`` says what other programs may get wrong of the file.
        """
        handout = self.handout()
        written = handout.write(path, format)
        if note := handout.note(path, format):
            self.notice.emit(f"{written.name}: {note}")
        return written
