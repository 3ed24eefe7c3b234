"""Images that lie askew to the chosen one, brought onto its grid as layers of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_samunet.io.resample import resampled
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.alignment import turned
from napari_samunet.plugin.bridge import InferenceBridge
from napari_samunet.plugin.helper_layers import GEOMETRY
from napari_samunet.plugin.reader import layer_of
from napari_samunet.plugin.volumes import volume_behind
from napari_samunet.plugin.work import ImageWork

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def resample_turned(
    work: ImageWork,
    viewer: ViewerModel,
    bridge: InferenceBridge,
    say: Callable[[str], None],
    fail: Callable[[str, BaseException], None],
) -> None:
    """Add each image that is turned against the chosen one once more, on the chosen one's grid.

    Parameters
    ----------
    work : ImageWork
        Of the chosen image.
    viewer : napari.Viewer
    bridge : InferenceBridge
        The thread that interpolates.
    say, fail : callable
        ``say(line)`` and ``fail(what, error)``, in the GUI thread.
    """

    def begin(layer: Layer, volume: Volume) -> None:
        bridge.run(
            ("resample", layer),
            lambda: resampled(volume, work.volume),
            lambda found: say(_add(viewer, work, found, layer.name)),
            lambda error: fail(f"'{layer.name}' was not resampled", error),
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
