"""The work on one image: its session, and the layers that show it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_samunet.errors import InputError
from napari_samunet.geometry import plane_shape
from napari_samunet.plugin.coordinates import shown_slice
from napari_samunet.plugin.drawing import Drawing
from napari_samunet.plugin.hand_edits import HandEdits
from napari_samunet.plugin.helper_layers import ROLES
from napari_samunet.plugin.layers import ImageLayers
from napari_samunet.plugin.rest import ANSWER_MS, Rest
from napari_samunet.plugin.volumes import METADATA_KEY, is_resized, remember, volume_of
from napari_samunet.plugin.windowing import ShownWindow, windows_of
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.session.crossing import crossed
from napari_samunet.session.session import Session
from napari_samunet.types import BoolArray, SliceRef, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel
    from napari.components.layerlist import LayerList
    from napari.layers import Image


class ImageWork:
    """One session for one image layer; whatever changes in the session is drawn at once.

    Parameters
    ----------
    layers : LayerList
        The viewer's layers.
    image : Image
        2-D or 3-D.
    engine : Answerer
        Answers prompts; only the inference thread asks it.

    Raises
    ------
    UnsupportedImage
        The layer cannot be a volume.
    """

    def __init__(self, layers: LayerList, image: Image, engine: Any) -> None:
        self.image = image
        self.voxels = image.data
        self.volume = volume_of(image)
        remember(image, self.volume)
        self.session = Session(self.volume, engine)
        self.shown = ImageLayers(layers, image)
        self.drawing = Drawing(self.session, self.shown)
        self._window = choose_window(self.volume)
        self._limits = tuple(image.contrast_limits)
        self._edits = HandEdits(self.session, lambda: self.shown.find("labels"), self._draw_labels)
        self._brush_at: int | None = None
        self._pause = Rest(None, ANSWER_MS, self.draw)
        for change in ("preview", "objects", "prompts", "history"):
            getattr(self.session, f"{change}_changed").connect(self._follow)
        self.session.labels_changed.connect(self._draw_labels)
        self.session.objects_changed.connect(self._keep_labels)

    @property
    def window(self) -> Window:
        """What the model sees: the image's default, or the contrast that a person set since."""
        low, high = (float(limit) for limit in self.image.contrast_limits)
        unchanged = self.volume.color is not None or (low, high) == self._limits
        return self._window if unchanged or low >= high else (low, high)

    @property
    def is_outdated(self) -> bool:
        """Whether the layer shows other voxels, or has another size and nothing is done yet."""
        begun = self.session.can_undo or self.session.objects
        return self.image.data is not self.voxels or (not begun and is_resized(self.image))

    @cached_property
    def windows(self) -> list[ShownWindow]:
        """All windows that are offered; the first ten have Shift and a digit."""
        return windows_of(self.volume)

    def prepare(self, roles: Sequence[str]) -> None:
        """Make the layers of these roles before something is shown in them."""
        for role in roles:
            self.shown.prepare(role, self.drawing.color)

    def draw(self) -> None:
        """Show previews and prompts of the current object."""
        self._pause.stop()
        self.drawing.masks()
        self.drawing.prompts()

    def draw_glimpse(self, ref: SliceRef, mask: BoolArray) -> None:
        """Show a mask that may still change, with the prompts that it answers."""
        self._pause.stop()
        self.drawing.live_mask(ref, mask)
        self.drawing.prompts()

    def mask_at(self, ref: SliceRef) -> BoolArray:
        """What the current object is on a slice so far: preview, else what was accepted there and
        what previews along other axes hold where they cross it.
        """
        previews, current = self.session.previews, self.session.current
        if ref in previews:
            return previews[ref].mask
        if current is None:
            return np.zeros(plane_shape(self.volume.shape, ref.axis), dtype=bool)
        accepted = current.mask_at(ref.index, ref.axis)
        return crossed(accepted, ref, {other: shown.mask for other, shown in previews.items()})

    def names(self) -> dict[int, str]:
        """Name of each object, by its number in the labels."""
        return {item.id: item.name for item in self.session.objects}

    def accept(self) -> None:
        """Put the previews of the current object into the labels, and stay with it.

        Raises
        ------
        EmptyPrompt
            There is nothing in preview.
        """
        self.take_hand_edits()
        accepted = self.session.accept()
        self.session.select(accepted.id)
        self.shown.reveal(("labels",))

    def take_strokes(self) -> None:
        """Take over what a person painted into the labels layer with napari's own tools."""
        self._edits.take_touched()

    def take_hand_edits(self, slices: Iterable[int] | None = None) -> None:
        """Take over whatever the labels layer shows that was written by other hands than ours; of
        what nobody told of, what lies on these slices along axis 0, None: on all.
        """
        self._edits.take(slices)

    @property
    def hides_masks(self) -> bool:
        """Whether masks are there in a layer that is not shown, or that was deleted."""
        return not all(self.shown.shows(role) for role in self._drawn_roles())

    def toggle(self) -> None:
        """Hide what is drawn on the image, or show it again: deleted layers too."""
        if all(self.shown.find(role) is not None for role in self._drawn_roles()):
            self.shown.toggle()
            return
        self.draw()
        self._keep_labels()
        self.shown.reveal(ROLES)

    def close(self) -> None:
        """Take the helper layers away; the accepted labels stay."""
        self._pause.stop()
        for signal in ("preview", "objects", "prompts", "history", "labels"):
            getattr(self.session, f"{signal}_changed").disconnect()
        self._edits.release()
        self.shown.remove_helpers()

    def _follow(self, *_changed: object) -> None:
        """Draw what changed: at once, or together with an answer that is due in a moment.

        A canvas that is drawn while the model works delays the answer by more than a frame.
        """
        if self.session.request() is None:
            self.draw()
        elif not self._pause.isActive():
            self._pause.start()

    def _drawn_roles(self) -> list[str]:
        """Roles of the layers that have masks to show."""
        accepted = any(item.slices for item in self.session.objects)
        return ["preview"] * bool(self.session.previews) + ["labels"] * accepted

    def _draw_labels(self, changed: Sequence[int] | None) -> None:
        before = self.shown.find("labels")
        self.shown.show_labels(self.session.labels, self.drawing.label_colors, changed)
        layer = self.shown.find("labels")
        if isinstance(layer, Labels) and layer is not before:
            self._edits.follow(layer)
            self._brush_at = None
            self._keep_labels()

    def _keep_labels(self) -> None:
        """Bring the layer back if it was deleted, with the names, for the files that napari saves
        of it, and its brush at the current object.
        """
        layer, current = self.shown.find("labels"), self.session.current
        if layer is None:
            if "labels" in self._drawn_roles():
                self._draw_labels(None)
            return
        known = layer.metadata[METADATA_KEY]
        layer.metadata[METADATA_KEY] = {**known, "names": self.names()}
        if current is not None and current.id != self._brush_at:  # else a person's choice stays
            self._brush_at = current.id
            self.shown.point_brush_at(current.id)


def ref_of(work: ImageWork, viewer: ViewerModel) -> SliceRef | None:
    """Return the plane of the image that the viewer shows, or None where there is none."""
    if work.image not in viewer.layers:  # it is just being removed
        return None
    try:
        return shown_slice(viewer, work.image)
    except InputError:
        return None
