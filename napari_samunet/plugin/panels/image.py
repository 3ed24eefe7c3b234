"""Which image layer is segmented."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel

from napari_samunet.plugin.panels.section import Section


class ImagePanel(Section):
    """A list of the image layers, and a line about the chosen one.

    Signals: ``image_requested(key)`` with the key of the layer that was chosen.
    """

    image_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__("Image")
        self._choice = QComboBox()
        self._choice.setToolTip("The image layer that clicks go to")
        self._choice.setAccessibleName("Image layer")
        self._choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._choice.setMinimumContentsLength(12)
        self._choice.activated.connect(self._chosen)
        self._about = QLabel()
        self._about.setWordWrap(True)
        self.body.addWidget(self._choice)
        self.body.addWidget(self._about)
        self._keys: list[Hashable] = []

    def set_images(self, images: Sequence[tuple[Hashable, str]], chosen: Hashable | None) -> None:
        """List images as (key, name); ``chosen`` is the key of the one that is segmented."""
        self._keys = [key for key, _ in images]
        self._choice.clear()
        self._choice.addItems([name for _, name in images])
        self._choice.setEnabled(bool(images))
        self._choice.setCurrentIndex(self._keys.index(chosen) if chosen in self._keys else -1)

    def set_about(self, text: str) -> None:
        """Say something about the image: its size and spacing."""
        self._about.setText(text)
        self._about.setVisible(bool(text))

    def _chosen(self, index: int) -> None:
        self.image_requested.emit(self._keys[index])
