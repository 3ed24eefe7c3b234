"""What a file says of the numbers in its labels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from napari_samunet.io.origin import Origin
from napari_samunet.io.segments import Color, Segment, segments_of
from napari_samunet.types import UInt16Array


@dataclass(frozen=True)
class Words:
    """What a file says of the numbers of one of its layers, each by number.

    Attributes
    ----------
    names
    colors
    places
        In the list of the file, whose order tells what shows where objects overlap.
    codes
        What an object is, as `Origin` keeps it.
    """

    names: dict[int, str] = field(default_factory=dict)
    colors: dict[int, Color] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)

    def segments(self, labels_zyx: UInt16Array) -> list[Segment]:
        """Take labels apart by value, and tell each object what is said of it."""
        segments = segments_of(labels_zyx, self.names, self.colors)
        return [self._coded(segment) for segment in segments]

    def _coded(self, segment: Segment) -> Segment:
        codes = self.codes.get(segment.number)
        if not codes:
            return segment
        return replace(segment, origin=Origin(name=segment.name, codes=codes))
