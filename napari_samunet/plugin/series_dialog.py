"""Which of several: a plain dialog where a file holds more than one image, or uneven slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QInputDialog,
    QMainWindow,
    QMessageBox,
    QWidget,
)

from napari_samunet.errors import ChoiceNeeded, TiltedSlices, UnevenSlices
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.panels.section import literal

_ASKED = {
    "series": ("Choose a series", "This folder holds several series:"),
    "frame": ("Choose an image", "There are several images of the same place:"),
}


_TILTED = {
    "Straighten the slices; masks can then not be saved as DICOM": "resample",
    "Take them as scanned; only the scanned plane is shown undistorted": "keep_tilt",
}
"""What becomes of a tilted gantry, and the argument of ``open_volume`` for it."""


def current_window() -> QWidget | None:
    """The window that a person looks at; None where there is none to ask in."""
    if QApplication.instance() is None:
        return None
    windows = [item for item in QApplication.topLevelWidgets() if isinstance(item, QMainWindow)]
    # A file that is dropped from elsewhere comes before the window is the active one.
    visible = (window for window in windows if window.isVisible())
    return QApplication.activeWindow() or next(visible, None)


def open_by_choice(path: Path, window: QWidget | None) -> Volume:
    """Open an image; what has to be chosen is asked for.

    Parameters
    ----------
    path : Path
    window : QWidget or None
        Over which the dialogs appear; None: nobody is asked.

    Raises
    ------
    ChoiceNeeded, UnevenSlices, TiltedSlices
        Nobody was asked, or nothing was chosen.
    InputError
        As ``open_volume`` does.
    """
    chosen: dict[str, Any] = {}
    while True:
        try:
            return open_volume(path, **chosen)
        except ChoiceNeeded as several:
            if window is None or several.argument in chosen:
                raise
            answer = _one_of(several, window)
            if answer is None:
                raise
            chosen[several.argument] = answer
        except TiltedSlices:
            answer = None if window is None else _how_to_take(window)
            if answer is None:
                raise
            chosen[answer] = True
        except UnevenSlices as uneven:
            if window is None or "resample" in chosen or not _resampled(uneven, window):
                raise
            chosen["resample"] = True


def _one_of(several: ChoiceNeeded, window: QWidget) -> str | int | None:
    title, text = _ASKED[several.argument]
    answer = _chosen(window, title, text, list(several.choices))
    return None if answer is None else several.values[answer]


def _how_to_take(window: QWidget) -> str | None:
    """The argument of ``open_volume`` that a person chose for a tilted gantry, or None."""
    choices, text = list(_TILTED), "The gantry was tilted, so the slices lie askew:"
    answer = _chosen(window, "Tilted gantry", text, choices)
    return None if answer is None else _TILTED[choices[answer]]


def _chosen(window: QWidget, title: str, text: str, choices: list[str]) -> int | None:
    """Place of the row that a person chose, or None."""
    dialog = QInputDialog(window)
    dialog.setWindowTitle(title)
    dialog.setLabelText(text)
    dialog.setComboBoxItems(choices)
    rows = dialog.findChild(QComboBox)
    assert rows is not None
    rows.setAccessibleName(text.rstrip(":"))
    chosen = rows.currentIndex() if dialog.exec() else None
    dialog.deleteLater()  # else the window keeps it
    return chosen


def _resampled(uneven: UnevenSlices, window: QWidget) -> bool:
    text = f"{uneven}\n\nResample to even slices? The masks can then not be saved as DICOM."
    answer = QMessageBox.question(window, "Uneven slices", literal(text))
    return answer == QMessageBox.StandardButton.Yes
