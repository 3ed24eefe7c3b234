"""Which model answers: the list, files, downloads, and what a file is read as."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_samunet.errors import reason_of
from napari_samunet.models.catalogue import CatalogueEntry, entries, find_entry
from napari_samunet.plugin.fetching import Fetching
from napari_samunet.plugin.panels.model import Choice, ModelView
from napari_samunet.plugin.panels.passage import breakable

if TYPE_CHECKING:
    from napari_samunet.plugin.background import Background
    from napari_samunet.plugin.engine import SharedEngine

_LINK = "#5b9bff"  # Qt's own blue is not seen on napari's dark theme


class ModelChoice(QObject):
    """What the person chose, what became of it, and what is on its way here.

    Parameters
    ----------
    engine : SharedEngine
        Answers with the model that was loaded last.
    inference : Background
        Loads in the inference thread.
    parent : QObject
    fetch : callable, optional
        Downloads; see `Fetching`.

    Attributes
    ----------
    ready : bool
        Whether any model is loaded.

    Notes
    -----
    Signals: ``changed()``, ``loaded(bool)`` (whether another one answered before),
    ``refused(reason)``; whatever answered before still does then.
    """

    changed = Signal()
    loaded = Signal()
    refused = Signal(str)

    def __init__(
        self,
        engine: SharedEngine,
        inference: Background,
        parent: QObject,
        fetch: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(parent)
        self.ready = False
        self._engine = engine
        self._inference = inference
        self._loading = ""
        self._offered: CatalogueEntry | None = None
        self._problem = ""
        self._choices = _listed()
        self._fetching = Fetching(self, fetch)
        self._fetching.progressed.connect(self.changed)
        self._fetching.finished.connect(self._on_fetched)
        self._fetching.failed.connect(self._on_not_fetched)

    def use(self, name_or_path: str, system: str | None = None) -> None:
        """Begin to load a model of the list or a file.

        ``system`` says what the file is to be read as where it may belong to several.
        """
        use = self._engine.use
        self._loading, self._problem = name_or_path, ""
        self._inference.run(
            "model", lambda: use(name_or_path, system), self._on_loaded, self._on_refused
        )
        self.changed.emit()

    def choose(self, name_or_path: str) -> None:
        """Answer with a model of the list or a file; offer what is not here."""
        self._problem = ""
        self._choices = _listed()  # a file may have been put in its place meanwhile
        entry = find_entry(name_or_path)
        missing = entry is not None and not entry.path.is_file()
        self._offered = entry if missing else None
        if entry is None or not missing:
            self.use(name_or_path)
            return
        with suppress(OSError):  # it is only made so that the person can open it
            entry.path.parent.mkdir(parents=True, exist_ok=True)
        self.changed.emit()

    def read_as(self, system: str) -> None:
        """Read the present file as another system with the same tensors."""
        self.use(self._engine.name, system)

    def take_offer(self) -> None:
        """Fetch the model that is offered, or look again whether somebody has put it there."""
        entry = self._offered
        if entry is None:
            return
        if entry.url and not entry.path.is_file():
            self._problem = ""
            self._fetching.start(entry)
        else:
            self.choose(entry.name)

    def cancel(self) -> None:
        """Stop a download."""
        self._fetching.cancel()

    def view(self) -> ModelView:
        """What the panel shows."""
        system = None if self._loading else self._engine.system
        others = () if system is None else system.others
        entry = self._offered
        chosen = entry.name if entry is not None else self._loading or self._engine.name
        fetched = self._fetching.entry
        return ModelView(
            choices=_with_file(self._choices, chosen),
            chosen=chosen,
            answering=self._answering(),
            systems=(system.name, *others) if system is not None and others else (),
            note="" if system is None else system.note,
            offer="" if entry is None else _offer(entry, bool(self._problem)),
            action="" if entry is None or fetched else "Fetch" if entry.url else "Look again",
            progress=None if fetched is None else self._fetching.progress,
            problem=self._problem,
            busy=bool(self._loading),
        )

    def _answering(self) -> str:
        if self._loading:
            return f"Loading {Path(self._loading).name}…"
        return f"Answers: {self._engine.describe()}" if self.ready else "No model is loaded yet"

    def _on_loaded(self, _nothing: object) -> None:
        self.ready = True
        self._loading, self._offered = "", None
        self.loaded.emit()
        self.changed.emit()

    def _on_refused(self, error: BaseException) -> None:
        reason = reason_of(error)
        name = Path(self._loading).name
        self._problem = f"Not loaded: {reason}" if name in reason else f"{name}: {reason}"
        self._loading = ""
        self.refused.emit(reason)
        self.changed.emit()

    def _on_fetched(self, name: str) -> None:
        wanted = self._offered is not None and self._offered.name == name
        self._choices = _listed()
        if wanted:  # the person has not chosen another one meanwhile
            self.choose(name)
        self.changed.emit()

    def _on_not_fetched(self, reason: str) -> None:
        self._problem = reason
        self.changed.emit()


def _listed() -> tuple[Choice, ...]:
    """The built-in model and those of the list, with how each comes here."""
    builtin = Choice("builtin", "built-in", "A first answer on any grey image; travels along")
    return (builtin, *(_choice(entry) for entry in entries()))


def _choice(entry: CatalogueEntry) -> Choice:
    way = "" if entry.path.is_file() else " (fetch)" if entry.url else " (by hand)"
    tip = f"{entry.good_for}. {entry.size_mb} MB, {entry.licence}, {entry.paper}"
    return Choice(entry.name, f"{entry.name}{way}", tip)


def _with_file(choices: tuple[Choice, ...], chosen: str) -> tuple[Choice, ...]:
    """Add the row of a file that was opened by its path."""
    if any(choice.name == chosen for choice in choices):
        return choices
    return (*choices, Choice(chosen, Path(chosen).name, chosen))


def _offer(entry: CatalogueEntry, failed: bool) -> str:
    """What a model is and, where fetching is not possible or ``failed``, how a person gets it."""
    about = f"<b>{escape(entry.name)}</b> ({entry.size_mb} MB, {escape(entry.licence)})"
    if entry.url and not failed:
        return f"{about}: {escape(entry.good_for)}."
    folder = entry.path.parent
    why = "" if entry.url else f"{escape(entry.by_hand)}. "
    return (
        f"{about}: {why}Open {_link(entry.url or entry.page)} and put "
        f"<b>{breakable(escape(entry.file))}</b> into {_link(folder.as_uri(), str(folder))}."
    )


def _link(address: str, text: str = "") -> str:
    shown = breakable(escape(text or address))
    return f'<a href="{escape(address)}" style="color: {_LINK}">{shown}</a>'
