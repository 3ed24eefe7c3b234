"""What the status line says: in every situation the one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass

from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.keys import KEYS

LOW_SCORE = 0.7
"""Below this expected quality the person is asked for one more click."""


@dataclass(frozen=True)
class Situation:
    """What the advice depends on.

    Attributes
    ----------
    image, flat, inside : bool
        Whether there is an image to segment, the view is a 2-D one, and cuts the image.
    ready, waiting : bool
        Whether the model is loaded, and whether an answer to the latest prompt is due.
    tool : Tool
    empty, shown : bool
        Whether the preview was answered with nothing; whether there is a preview.
    score : float or None
        Expected quality of the preview, 0 to 1.
    candidate, candidates : int
        Which of how many answers the preview is, counted from 1.
    current : str
        Name of the object that clicks go to, "" for none yet.
    accepted : bool
        Whether that object is in the labels already.
    """

    image: bool = True
    flat: bool = True
    inside: bool = True
    ready: bool = True
    waiting: bool = False
    tool: Tool = Tool.CLICK
    empty: bool = False
    shown: bool = False
    score: float | None = None
    candidate: int = 1
    candidates: int = 1
    current: str = ""
    accepted: bool = False


def next_step(now: Situation) -> str:
    """Say what to do next, in one or two short sentences."""
    if not now.image:
        return "Open an image first: drop a file here, or File > Open Sample."
    if not now.flat:
        return "Prompts need the 2-D view: switch back with the 2D/3D button."
    if not now.inside:
        return "The image is not on this slice: move the slider below."
    if now.waiting:
        return "Looking at this slice…" if now.ready else "Loading the model, one moment…"
    if now.tool in (Tool.PAINT, Tool.ERASE):
        return f"Drag on the image to {now.tool.value}, then Accept [{KEYS['accept'].shown}]."
    if now.shown:
        return _judge(now)
    if now.accepted:
        return (
            f"'{now.current}' is in the labels. Click it on another slice, "
            f"or Next object [{KEYS['next_object'].shown}], or Export."
        )
    if now.tool is Tool.BOX:
        return "Drag a box around the object."
    return "Click on the object that you want to outline."


def _judge(now: Situation) -> str:
    accept = f"Accept [{KEYS['accept'].shown}]"
    if now.empty:
        return "Nothing was found there: click once more on the object, or drag a box around it."
    if now.score is not None and now.score < LOW_SCORE:
        return f"Please check: {_doubt(now)}. Click what is missing, then {accept}."
    if now.candidates > 1:
        other = f"another [{KEYS['candidate'].shown}]"
        return (
            f"Candidate {now.candidate} of {now.candidates}: {other}, or left click adds, "
            f"right click removes. Good? {accept}."
        )
    return f"Left click what is missing, right click what is too much. Good? {accept}."


def _doubt(now: Situation) -> str:
    if now.candidates == 1:
        return "the model is unsure"
    another = KEYS["candidate"].shown
    return f"unsure; candidate {now.candidate} of {now.candidates}, another [{another}]"
