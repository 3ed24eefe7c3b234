"""Real clicks and scrolling in a real window, timed (``samunet benchmark``)."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from napari_samunet.evaluation.costs import slices
from napari_samunet.evaluation.timing import Row
from napari_samunet.io.sample import sample_volume
from napari_samunet.plugin.driven_window import CLICKS_PER_SLICE, Click, DrivenWindow

SCROLLED = 300
_BARE_FRAMES = 20
CLICK = "mouse event to mask in the layer"


def time_window(model: str, device: str, repeat: int) -> list[Row]:
    """Open napari on a volume, and click and scroll in it.

    Parameters
    ----------
    model, device
        As ``load_model`` takes them.
    repeat
        Slices that are clicked on, each a few times.

    Returns
    -------
    list of Row
        Milliseconds from the mouse event until the preview layer is updated and refreshed (all
        clicks, further ones, the very first, and the first on a slice that was just scrolled to or
        looked at for a while) and until the frame with it is drawn; a change of the slice with and
        without the widget; and every callback of ours on the window's thread while all slices are
        scrolled through.

    Raises
    ------
    SamUNetError
        The model cannot be loaded, or a click stays without an answer.
    """
    window = DrivenWindow(model, device, sample_volume())
    try:
        frames = window.time_bare_frames(_BARE_FRAMES)
        window.open_widget()
        first = window.click_first()
        clicks = [window.click(turn) for turn in range(repeat * CLICKS_PER_SLICE)]
    finally:
        window.close()
    rows = [
        _row(CLICK, "ours", [click.mask for click in clicks]),
        _row(f"{CLICK}, further clicks", "ours", [click.mask for click in clicks if click.place]),
        *_first_clicks("first click in the window", [first]),
        *_first_clicks(
            "first click on a slice just scrolled to",
            [click for click in clicks if click.place == 0 and not click.rested],
        ),
        *_first_clicks(
            "first click on a slice looked at for half a second",
            [click for click in clicks if click.place == 0 and click.rested],
        ),
        _row("mouse event to drawn mask", "a frame of bare napari", frames),
        _row("mouse event to drawn mask", "ours", [click.drawn for click in clicks]),
    ]
    return [row for row in rows if row.values] + _time_scrolling(model, device)


def _first_clicks(which: str, firsts: Sequence[Click]) -> list[Row]:
    looks = [click.look for click in firsts if click.look is not None]
    what = f"{CLICK}, {which}"
    return [
        _row(what, "ours", [click.mask for click in firsts]),
        _row(f"{what}: first look, before closer ones", "ours", looks),
    ]


def _time_scrolling(model: str, device: str) -> list[Row]:
    """Scroll through 300 slices of 512 x 512, in bare napari and with the widget docked."""
    window = DrivenWindow(model, device, slices(SCROLLED))
    try:
        bare = window.scroll(range(0, SCROLLED, 5))
        start = perf_counter()
        window.open_widget()
        opened = perf_counter() - start
        docked, stalls = window.scroll_watched(range(SCROLLED))
    finally:
        window.close()
    longest = max(stalls, default=(0.0, "none"))
    change, blocked = "change the slice, until all events are done", "callback of ours, scrolling"
    spans = tuple(span for span, _name in stalls)
    return [
        _row(change, "bare napari", bare),
        _row(change, "with the widget", docked),
        _row("dock the widget on 300 slices, model loaded", "ours", [opened]),
        Row(f"{blocked}, each", "ours", spans),
        Row(f"{blocked}, 99.9th percentile", "ours", (float(np.percentile([*spans, 0.0], 99.9)),)),
        Row(f"{blocked}, longest", "ours", (longest[0],), note=longest[1]),
    ]


def _row(section: str, name: str, seconds: Sequence[float]) -> Row:
    return Row(section, name, tuple(1000 * value for value in seconds))
