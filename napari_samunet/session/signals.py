"""What a session tells whoever shows it; no Qt is needed to listen."""

from __future__ import annotations

from psygnal import Signal


class SessionSignals:
    """Signals of a session, emitted in the thread that changed it, after the change.

    A listener that raises makes the action raise ``EmitLoopError``; the change stays, but listeners
    and signals after it hear nothing of it.

    Attributes
    ----------
    preview_changed
        The ``Prediction`` that is shown for the latest prompt, or None.
    labels_changed
        Indices along axis 0 whose labels changed, a tuple of int.
    objects_changed, prompts_changed, history_changed
        Something among the objects (or which is current), the prompts, the steps to undo or redo.
        Where labels changed too, ``labels_changed`` comes first: whoever brings a lost picture of
        them back with the objects finds it drawn already.
    notice
        One line for the person, e.g. that two objects overlap.
    """

    preview_changed = Signal(object)
    labels_changed = Signal(tuple)
    objects_changed = Signal()
    prompts_changed = Signal()
    history_changed = Signal()
    notice = Signal(str)
