"""Every error that a user can cause.

A message says what was wanted, what came and what to do. The command line prints it as one line and
exits with status 2; the dock widget shows it as a notification. Anything else that is raised is a
defect of ours.
"""

from __future__ import annotations


class SamUNetError(Exception):
    """Base of all errors that a user can cause."""


class InputError(SamUNetError, ValueError):
    """A value that was handed in does not fit."""


class UnreadableFile(InputError):
    """A file is missing, empty, truncated or of no kind that can be read."""


class UnsupportedImage(InputError):
    """An image was understood, but cannot be shown as a volume."""


class ChoiceNeeded(InputError):
    """A file holds several images and none was chosen.

    ``choices`` lists them in words; ``values`` are what ``argument`` ("series" or "frame") has to
    be for each of them, by default its place in the list.
    """

    def __init__(
        self,
        message: str,
        choices: tuple[str, ...] = (),
        argument: str = "frame",
        values: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.choices = choices
        self.argument = argument
        self.values = values or tuple(range(len(choices)))


class UnevenSlices(UnsupportedImage):
    """Slices do not make an even grid as they are; ``resample=True`` makes one of them."""


class TiltedSlices(UnevenSlices):
    """Slices lie askew behind a tilted gantry; ``keep_tilt=True`` takes them as they are."""


class OutsideImage(InputError, IndexError):
    """A slice, point or box lies outside the image."""


class EmptyPrompt(InputError):
    """A prediction was asked for without any prompt."""


class BadCheckpoint(InputError):
    """A file is no checkpoint, or not one of a known system."""


class NotFetched(InputError):
    """A checkpoint could not be downloaded; nothing on this computer has changed."""


class FetchCancelled(NotFetched):
    """The person stopped a download."""


class GridMismatch(InputError):
    """Labels and volume do not lie on the same grid."""


class ExportRefused(InputError):
    """Labels cannot be written in the wanted format."""


class UnknownEnding(ExportRefused):
    """The ending of a file's name tells no format that labels can be written in."""


class BadUsage(InputError):
    """Arguments contradict each other or one that is needed is missing."""


def reason_of(error: BaseException) -> str:
    """Say what is wrong; the name of the error tells a defect of ours from a user's mistake."""
    name = "" if isinstance(error, SamUNetError) else f"{type(error).__name__}: "
    return f"{name}{error}"
