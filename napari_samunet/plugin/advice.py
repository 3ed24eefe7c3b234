"""What the status line says: in every situation the one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass

from napari_samunet.plugin.gestures import Tool
from napari_samunet.plugin.keys import CTRL, KEYS


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
    empty, unasked, shown : bool
        Whether the preview holds nothing; whether no prompt is on this slice; whether there is a
        preview.
    note : str
        What the answer has to say about itself, e.g. that a box was derived, or "".
    unseen : bool
        Whether that preview is hidden.
    low : bool
        Whether the score of the preview asks for a second look.
    doubtful : bool
        Whether nothing is in preview, and what was accepted here is doubtful.
    score : float or None
        Expected quality of the preview, 0 to 1.
    kind : str
        What that score tells, see `Prediction.score_kind`.
    candidate, candidates : int
        Which of how many answers the preview is, counted from 1.
    current : str
        Name of the object that clicks go to, "" for none yet.
    named : bool
        Whether a person gave it that name.
    accepted, locked, veiled : bool
        Whether that object is in the labels already, whether nothing may change it, and whether
        its Show is off.
    pending : int
        Slices of that object that are in preview, wherever they are.
    suggested : int
        How many suggestions are left on this slice.
    hidden : bool
        Whether masks are there that are not shown.
    single : bool
        Whether the image has one slice only in this direction.
    carried, found, asked, stopping : str, int, int, bool
        Name of the object that is being carried on, "" for none; on how many slices it was found
        so far, and how many are asked for at most; whether it ends after this one.
    overlap, neighbour, shared : str, str, int
        The overlap rule, the accepted object that the preview meets, and in how many pixels.
    """

    flat: bool
    ready: bool
    tool: Tool
    image: bool = True
    inside: bool = True
    waiting: bool = False
    empty: bool = False
    unasked: bool = False
    shown: bool = False
    note: str = ""
    unseen: bool = False
    low: bool = False
    doubtful: bool = False
    score: float | None = None
    kind: str = "iou"
    candidate: int = 1
    candidates: int = 1
    current: str = ""
    named: bool = False
    accepted: bool = False
    locked: bool = False
    veiled: bool = False
    pending: int = 0
    suggested: int = 0
    hidden: bool = False
    single: bool = False
    carried: str = ""
    found: int = 0
    asked: int = 0
    stopping: bool = False
    overlap: str = "both"
    neighbour: str = ""
    shared: int = 0


def next_step(now: Situation) -> str:
    """Say what to do next, in one or two short sentences."""
    if not now.image:
        return "Open an image first: drop a file here, or File > Open Sample."
    if now.carried:
        return _while_carried(now)
    if not now.flat:
        return "Prompts need the 2-D view: switch back with the 2D/3D button."
    if not now.inside:
        # Where a layer has more axes than the image, no slider may lead back to it.
        return f"The image is not here: move the slider below, or roll the axes [{CTRL}+E]."
    if now.waiting:
        return "Looking at this slice…" if now.ready else "Loading the model, one moment…"
    if not now.hidden:
        return _at_work(now)
    hide = KEYS["hide"].shown
    if now.shown and not now.unseen:
        return f"Some masks are hidden [{hide}]. {_at_work(now)}"
    return f"Masks are hidden: [{hide}] shows them."


def how_to_take(count: int, where: str = "") -> str:
    """Say which keys take and refuse so many suggestions."""
    what = "1 suggestion" if count == 1 else f"{count} suggestions{where}, the brightest first"
    return f"{what}: take [{KEYS['accept'].shown}], refuse [{KEYS['discard'].shown}]."


def _while_carried(now: Situation) -> str:
    if now.stopping:
        return f"Propagating '{now.carried}' stops after this slice…"
    return (
        f"Propagating '{now.carried}': {now.found} of at most {now.asked} slices. "
        f"Stop [{KEYS['propagate'].shown}] and Accept [{KEYS['accept'].shown}] keep what was found."
    )


def _at_work(now: Situation) -> str:
    if now.suggested:
        return _beside_suggestions(now)
    if now.locked:
        return f"'{now.current}' is locked: unlock it [{KEYS['lock'].shown}] to change it."
    if now.tool in (Tool.PAINT, Tool.ERASE):
        drag, accept = f"Drag on the image to {now.tool.value}", f"Accept [{KEYS['accept'].shown}]."
        return f"{drag}. {_meeting(now)} {accept}" if now.shared else f"{drag}, then {accept}"
    if now.shown:
        return f"{now.note} {_judge(now)}".lstrip()
    if now.pending:
        many = "1 slice" if now.pending == 1 else f"{now.pending} slices"
        wait = "waits" if now.pending == 1 else "wait"
        return f"{many} of '{now.current}' {wait}: Accept [{KEYS['accept'].shown}]."
    if now.accepted and now.veiled:
        return f"'{now.current}' is hidden: tick Show in its row to see it."
    if now.doubtful:
        accept = KEYS["accept"].shown
        return f"This slice is doubtful: correct it by clicks. Right? Accept [{accept}]."
    if now.accepted:
        onward = f"Next object [{KEYS['next_object'].shown}], or Export under Files."
        further = onward if now.single else f"Click it on another slice, or {onward}"
        return f"'{now.current}' is in the labels. {further}"
    if now.tool in _HOW:
        return _HOW[now.tool].format(f"'{now.current}'" if now.named else "the object")
    if now.named:
        return f"Click on '{now.current}' to outline it."
    return "Click on the object that you want to outline."


def _beside_suggestions(now: Situation) -> str:
    if not now.pending:
        return how_to_take(now.suggested)
    accept, refuse = KEYS["accept"].shown, KEYS["discard"].shown
    take = f"take the next, which accepts this [{accept}]"
    return f"{now.suggested} more: {take}, or refuse it [{refuse}]."


_HOW = {
    Tool.BOX: "Drag a box around {}.",
    Tool.LASSO: f"Draw a line around {{}}; with {CTRL}, around what is not it.",
    Tool.SCRIBBLE: f"Scribble on {{}}; with {CTRL}, on what is not it.",
}
_MEETING = {
    "keep": "they stay with it",
    "replace": "they go to this object, unless it is locked",
    "both": "both keep them",
}


def _judge(now: Situation) -> str:
    accept = f"Accept [{KEYS['accept'].shown}]"
    if now.empty and now.unasked:
        return f"This slice is empty now: {accept} takes its mask away."
    if now.empty:
        return "Nothing was found there: click once more on the object, or drag a box around it."
    if now.low and now.shared:  # in few words: there is room for two lines
        kept = f"{now.shared} pixels in '{now.neighbour}': {_MEETING[now.overlap]}"
        return f"Please check: {_doubt(now)}. {kept}. Correct it, then {accept}."
    if now.shared:
        return f"{_meeting(now)} {accept}."
    if now.low:
        return f"Please check: {_doubt(now)}. Correct it, then {accept}."
    if now.candidates > 1:
        other = f"another [{KEYS['candidate'].shown}]"
        return (
            f"Candidate {now.candidate} of {now.candidates}: {other}, or left click adds, "
            f"right click removes. Good? {accept}."
        )
    if now.note:
        return f"Correct it by clicks, or {accept}."
    return f"Left click what is missing, right click what is too much. Good? {accept}."


def _meeting(now: Situation) -> str:
    rule = _MEETING[now.overlap]
    return f"{now.shared} pixels lie in '{now.neighbour}': {rule} (Overlap, below)."


def _doubt(now: Situation) -> str:
    if now.kind == "agreement":
        return "doubtful, the model sees another shape"
    if now.candidates == 1 or now.shared:
        return "doubtful"
    another = KEYS["candidate"].shown
    return f"doubtful; candidate {now.candidate} of {now.candidates}, another [{another}]"
