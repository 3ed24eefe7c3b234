"""Images that lie askew to the chosen one, brought onto its grid as layers of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_samunet.io.resample import resampled
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.alignment import turned
from napari_samunet.plugin.helper_layers import GEOMETRY
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.volumes import volume_behind
from napari_samunet.plugin.work import ImageWork

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_samunet.plugin.choice import ImageChoice


def resample_turned(choice: ImageChoice) -> None:
    """Add each image that is turned against the chosen one once more, on the chosen one's grid."""
    work, viewer = choice.work, choice.viewer
    if work is None:
        return

    def begin(layer: Layer, volume: Volume) -> None:
        choice.inference.run(
            ("resample", layer),
            lambda: resampled(volume, work.volume),
            lambda found: choice.say(_add(viewer, work, found, layer.name)),
            lambda error: choice.say_error(f"'{layer.name}' was not resampled", error),
        )

    for layer in turned(work.volume, viewer.layers):
        volume = volume_behind(layer)
        if volume is not None:
            begin(layer, volume)


def _add(viewer: ViewerModel, work: ImageWork, volume: Volume, name: str) -> str:
    """Show a volume of the chosen image's grid just where that is shown; say so."""
    if work.image not in viewer.layers:
        return "The image to resample onto is gone."
    data, described, _kind = layer_of(volume, f"{name} on {work.image.name}")
    geometry = {word: getattr(work.image, word) for word in GEOMETRY}
    added = viewer.add_image(data, **{**described, **geometry})
    return f"'{added.name}' is '{name}' interpolated on the grid of '{work.image.name}'."
