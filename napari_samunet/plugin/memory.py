"""Settings of memory as the window knows them: kept for the next start, and obeyed at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_samunet.embedding.budget import Budget, read_budget, write_budget
from napari_samunet.errors import reason_of
from napari_samunet.plugin.panels.memory import MemoryView

if TYPE_CHECKING:
    from napari_samunet.embedding.folder import EmbeddingFolder
    from napari_samunet.plugin.ahead import EncodingAhead
    from napari_samunet.plugin.background import Background
    from napari_samunet.plugin.engine import SharedEngine

_MB = 2**20


class Memory(QObject):
    """Budgets of the cache, what it holds, and how it is emptied.

    Parameters
    ----------
    engine : SharedEngine
        Whose cache it is.
    inference : Background
        The disk is looked at in its thread; also the parent.
    ahead : EncodingAhead
        Told whether to encode while idle, and when nothing is encoded any more.
    say : callable
        Tells the person a line.

    Notes
    -----
    Signals: ``changed()``.
    """

    changed = Signal()

    def __init__(
        self,
        engine: SharedEngine,
        inference: Background,
        ahead: EncodingAhead,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(inference)
        self._engine, self._inference, self._ahead, self._say = engine, inference, ahead, say
        self.budget = read_budget()
        self._on_disk: int | None = None
        ahead.beyond_shown = self.budget.idle

    def look(self, *_changed: object) -> None:
        """Count what is on the disk."""
        folder = self._folder()
        if folder is not None:
            self._inference.run(
                "disk", lambda: folder.bytes, self._counted, self._failed, quiet=True
            )

    def set_budget(self, budget: Budget) -> None:
        """Obey from now on what a person chose; what is None there stays as it is."""
        chosen = {name: value for name, value in asdict(budget).items() if value is not None}
        budget = replace(self.budget, **chosen)
        if budget == self.budget:
            return
        self.budget, self._ahead.beyond_shown = budget, budget.idle

        def obey() -> OSError | None:
            cache = self._engine.cache  # of a model that may be loaded only now
            if cache is not None:
                cache.use(budget)  # first: a full disk, which keeps no setting, needs it most
            try:
                write_budget(budget)
            except OSError as error:
                return error
            return None

        self._inference.run("budget", obey, self._obeyed, self._failed, quiet=True)
        self.changed.emit()

    def empty(self) -> None:
        """Delete every encoded slice, in memory and on the disk."""
        cache = self._engine.cache
        if cache is not None:
            self._ahead.forget()
            self._inference.run("empty", cache.empty, self._emptied, self._failed)

    def view(self) -> MemoryView:
        """What the panel shows."""
        cache = self._engine.cache
        system = self._engine.system
        memory = f"{(0 if cache is None else cache.bytes) / _MB:.0f} MB in memory"
        disk = "" if self._on_disk is None else f", {self._on_disk / _MB:.0f} MB on the disk"
        has_gpu = system is not None and system.device.type == "cuda"
        filled = self.budget.filled("cpu" if system is None else str(system.device))
        return MemoryView(filled, has_gpu, f"Encoded slices: {memory}{disk}")

    def _folder(self) -> EmbeddingFolder | None:
        cache = self._engine.cache
        return None if cache is None else cache.folder

    def _obeyed(self, unkept: OSError | None) -> None:
        if unkept is not None:
            self._say(
                "The cache: the new budget holds now, but could not be kept for the next start: "
                f"{reason_of(unkept)}"
            )
        self.look()

    def _counted(self, on_disk: int) -> None:
        self._on_disk = on_disk
        self.changed.emit()

    def _emptied(self, count: int) -> None:
        self._say(f"{count} encoded slices were deleted from the disk.")
        self.look()

    def _failed(self, error: BaseException) -> None:
        self._say(f"The cache: {reason_of(error)}")
