"""A text of several lines, as wide as its place: no word of it makes the window wider."""

from __future__ import annotations

import re

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QLabel

_LONG = r"\S{24,}"  # about what one line of the dock holds
_BREAKS = r"(?<=[/\\._-])|(?<=[^\s/\\._-]{16})(?=[^\W_])"


class Passage(QLabel):
    """Room for a text that is shown as it is: names in it come from files.

    Notes
    -----
    A screen reader says the text, never broken. What is to be rich text breaks its own words, see
    `breakable`, lest an address in it were broken too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """No width of its own: a dock that was made wider once, if only for a moment, never gets
        narrower again, for napari sets a minimum and Qt only ever raises that.
        """
        return QSize(0, super().minimumSizeHint().height())

    def text(self) -> str:
        """What it says, without the breaks."""
        return self._said

    def setText(self, text: str | None) -> None:  # noqa: N802 - Qt's name
        """Say something else."""
        self._said = text or ""
        plain = self.textFormat() == Qt.TextFormat.PlainText
        shown = breakable(self._said) if plain else self._said
        super().setText(shown)
        # Without a name of its own, a screen reader says what is shown.
        self.setAccessibleName("" if shown == self._said else self._said)


def breakable(text: str) -> str:
    """Let long addresses, paths and names of tensors break at their signs, and hashes anywhere."""
    return re.sub(_LONG, lambda word: re.sub(_BREAKS, "\u200b", word[0]), text)
