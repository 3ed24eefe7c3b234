"""The one line that says what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from napari_samunet.plugin.keys import label_of

LOW_SCORE = 0.7
"""Below this predicted quality one more click is asked for."""


@dataclass(frozen=True)
class Situation:
    """What the line depends on.

    Attributes
    ----------
    image, model : bool
        Whether there is an image to segment, and a model that is loaded.
    problem : str
        Why there is no image or model, if that is known.
    waiting : bool
        Whether an answer is being computed.
    preview : bool
        Whether something waits to be accepted, on whatever slice.
    here : bool
        Whether some of it lies on the slice that is shown.
    score : float or None
        Predicted quality on the slice that is shown.
    painting : bool
        Whether a brush is the tool.
    box : bool
        Whether the box is the tool.
    accepted : str
        Name of the object that was accepted last, if nothing was done since.
    """

    image: bool = False
    model: bool = False
    problem: str = ""
    waiting: bool = False
    preview: bool = False
    here: bool = False
    score: float | None = None
    painting: bool = False
    box: bool = False
    accepted: str = ""


def what_next(now: Situation) -> str:
    """Say plainly what to do next, in at most two short sentences."""
    if now.problem:
        return now.problem
    if not now.image:
        return "Open an image: drop a file on the window, or use File ▸ Open Sample."
    if now.waiting:
        return "Working…" if now.model else "Loading the model… your click is kept."
    if now.here:
        return _correct(now)
    if now.preview:
        return f"Go on with the object on this slice, or accept it ({label_of('accept')})."
    if now.accepted:
        return f"{now.accepted} is in the labels. Click the next object."
    return _begin(now)


def _correct(now: Situation) -> str:
    accept = f"accept ({label_of('accept')})"
    if now.painting:
        return f"Draw to correct the mask, then {accept}."
    if now.score is not None and now.score < LOW_SCORE:
        return (
            "The model is unsure: left click on what is missing, right click on what is too much."
        )
    return f"Left click adds, right click removes. Happy? {accept.capitalize()}."


def _begin(now: Situation) -> str:
    if now.painting:
        return "Draw the object with the brush."
    if now.box:
        return "Drag a box around an organ."
    return "Click inside an organ."
