"""Which image layer is segmented, and through which window it is seen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QPushButton

from napari_samunet.plugin.keys import tip
from napari_samunet.plugin.panels.passage import Passage
from napari_samunet.plugin.panels.section import Section, drop_down, literal, side_by_side


class ImagePanel(Section):
    """A list of the image layers, and a line about the chosen one.

    Signals: ``image_requested(key)`` with the key of the layer that was chosen,
    ``window_requested(int)`` with the number of a window, and ``resample_requested()``.
    """

    image_requested = Signal(object)
    window_requested = Signal(int)
    resample_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Image")
        self._choice = drop_down("Image layer", "The image layer that clicks go to")
        self._choice.activated.connect(self._chosen)
        self._windows = QComboBox()
        self._windows.setToolTip(tip("windows"))
        self._windows.setAccessibleName("Window")
        self._windows.setPlaceholderText("Window…")
        self._windows.activated.connect(self.window_requested.emit)
        self._titles: list[str] = []
        self._about = Passage()
        self._windows.setMinimumContentsLength(8)
        self.body.addLayout(side_by_side(self._choice, self._windows, stretch=(3, 2)))
        self.body.addWidget(self._about)
        self._resample = QPushButton("Resample onto this image")
        self._resample.clicked.connect(lambda: self.resample_requested.emit())
        self._resample.hide()
        self.body.addWidget(self._resample)
        self._keys: list[Hashable] = []

    def set_images(self, images: Sequence[tuple[Hashable, str]], chosen: Hashable | None) -> None:
        """List images as (key, name); ``chosen`` is the key of the one that is segmented."""
        self._keys = [key for key, _ in images]
        self._choice.clear()
        self._choice.addItems([name for _, name in images])
        self._choice.setEnabled(bool(images))
        self._choice.setCurrentIndex(self._keys.index(chosen) if chosen in self._keys else -1)

    def set_windows(self, titles: Sequence[str], shown: int) -> None:
        """List all windows that are offered; ``shown`` is the present one's number, or -1."""
        if list(titles) != self._titles:
            self._titles = list(titles)
            self._windows.clear()
            self._windows.addItems(
                [f"{number if number < 10 else ' '}  {name}" for number, name in enumerate(titles)]
            )
        self._windows.setCurrentIndex(shown)
        self._windows.setEnabled(bool(titles))

    def set_about(self, text: str) -> None:
        """Say something about the image: its size and spacing."""
        self._about.setText(text)
        self._about.setVisible(bool(text))

    def set_askew(self, names: Sequence[str]) -> None:
        """Offer to resample the images of these names, which lie askew to the chosen one."""
        listed = ", ".join(f"'{name}'" for name in names)
        what = f"Interpolate {listed} on the grid of this image, as a new layer"
        self._resample.setToolTip(literal(what))
        self._resample.setVisible(bool(names))

    def _chosen(self, index: int) -> None:
        self.image_requested.emit(self._keys[index])
