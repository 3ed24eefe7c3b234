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
    from napari.layers import Layer

    from napari_samunet.plugin.choice import ImageChoice


def resample_turned(choice: ImageChoice) -> None:
    """Add each image that is turned against the chosen one once more, on the chosen one's grid."""
    work = choice.work
    if work is None:
        return

    def begin(layer: Layer, volume: Volume) -> None:
        choice.inference.run(
            ("resample", layer),
            lambda: resampled(volume, work.volume),
            lambda found: choice.say(_add(choice, work, found, layer.name)),
            lambda error: choice.say_error(f"'{layer.name}' was not resampled", error),
        )

    for layer in turned(work.volume, choice.viewer.layers):
        volume = volume_behind(layer)
        if volume is not None:
            begin(layer, volume)


def _add(choice: ImageChoice, work: ImageWork, volume: Volume, name: str) -> str:
    """Lay a volume of an image's grid just where that is shown, and say so; what was chosen stays
    chosen, as a person may be at work on it by now.
    """
    layers, chosen = choice.viewer.layers, choice.work
    if work.image not in layers:
        return "The image to resample onto is gone."
    data, described, _kind = layer_of(volume, f"{name} on {work.image.name}")
    geometry = {word: getattr(work.image, word) for word in GEOMETRY}
    selected = layers.selection.active
    added = choice.viewer.add_image(data, **{**described, **geometry})
    if chosen is not None:
        choice.choose(chosen.image)
    layers.selection.active = selected
    return (
        f"'{added.name}' is '{name}' interpolated on the grid of '{work.image.name}': select it to "
        "see it."
    )
