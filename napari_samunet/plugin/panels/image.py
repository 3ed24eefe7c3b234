"""Which image is segmented, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QWidget

from napari_samunet.plugin.panels.section import Section, line


class ImagePanel(Section):
    """Chooses among the image layers.

    Emits ``image_requested(key)`` when a person chooses one; the keys are those of `set_images`.
    """

    image_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Image", parent)
        self.choice = QComboBox(self)
        self.choice.setToolTip("The image layer that clicks go to")
        self.choice.setAccessibleName("Image to segment")
        self.choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.facts = line()
        self.rows.addWidget(self.choice)
        self.rows.addWidget(self.facts)
        self.choice.activated.connect(self._on_activated)

    def set_images(self, images: Sequence[tuple[object, str]], chosen: object | None) -> None:
        """Offer images as (key, name), and show which one is chosen."""
        self.choice.clear()
        for key, name in images:
            self.choice.addItem(name, key)
        keys = [key for key, _ in images]
        self.choice.setCurrentIndex(keys.index(chosen) if chosen in keys else -1)
        self.choice.setEnabled(len(images) > 0)

    def set_facts(self, text: str) -> None:
        """Show what is known of the chosen image."""
        self.facts.setText(text)
        self.facts.setVisible(bool(text))

    def _on_activated(self, index: int) -> None:
        self.image_requested.emit(self.choice.itemData(index))
