"""A napari window with the segmentation docked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import napari

from napari_samunet.errors import SamUNetError
from napari_samunet.io.volume import Volume
from napari_samunet.plugin.reader import layer_of, plain_name
from napari_samunet.plugin.sample_data import abdomen
from napari_samunet.plugin.widget import SegmentationWidget
from napari_samunet.session.shelf import Shelf

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_samunet.plugin.keeping import Keeping
    from napari_samunet.plugin.work import ImageWork

TITLE = "Interactive segmentation"


def launch(volumes: Sequence[tuple[Volume, Path]]) -> None:
    """Open a window with these images and wait until it is closed.

    Parameters
    ----------
    volumes : sequence of (Volume, Path)
        Images and where they came from; none: the sample CT.
    """
    make_window(volumes)
    napari.run()


def launch_session(volume: Volume, saved: Path) -> None:
    """Open a window with an image and a session of it, and wait until it is closed.

    Parameters
    ----------
    volume
        The image.
    saved
        A journal, or what ``Session.save`` wrote.
    """
    _viewer, widget = make_window([(volume, volume.source.path or saved)])
    controller = widget.controller
    if controller.work is None:
        raise SamUNetError(f"The image of {saved} cannot be shown: {controller.problem}")
    continue_named(controller.keeping, controller.work, saved)
    napari.run()


def continue_named(keeping: Keeping, work: ImageWork, saved: Path) -> None:
    """Continue the session that a person named; which one to continue is not asked then.

    The last session of the image is looked for as soon as it is shown, and may be found while the
    named one is still read.
    """

    def decline() -> None:
        if keeping.offer_for(work) is not None:
            keeping.refuse(work)

    keeping.changed.connect(decline)
    decline()
    keeping.resume(work, saved)


def make_window(
    volumes: Sequence[tuple[Volume, Path]] = (), shelf: Shelf | None = None
) -> tuple[Viewer, SegmentationWidget]:
    """Open a window with these images, or with the sample CT, and the widget docked.

    ``shelf`` says where journals lie; the user's own folder by default.
    """
    viewer = napari.Viewer(title="samunet")
    for volume, path in volumes:
        data, described, _kind = layer_of(volume, plain_name(path), *viewer.layers)
        viewer.add_image(data, **described)
    if not volumes:
        data, described, _kind = abdomen()[0]
        viewer.add_image(data, **described)
    widget = SegmentationWidget(viewer, shelf=shelf)
    viewer.window.add_dock_widget(widget, name=TITLE, area="right")
    return viewer, widget
