"""Which model answers, and how another one comes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QProgressBar, QSizePolicy

from napari_samunet.plugin.panels.passage import Passage
from napari_samunet.plugin.panels.section import (
    Section,
    button,
    drop_down,
    literal,
    side_by_side,
)

_PROBLEM = "color: #e08a2e"  # seen on napari's dark and on its light theme
_SHOWN = 220  # characters of a problem; the tooltip has all of it
_PERMILLE = 1000


@dataclass(frozen=True)
class Choice:
    """One row of the list: its name or path, what it says, and its tooltip."""

    name: str
    text: str
    tip: str


@dataclass(frozen=True)
class ModelView:
    """Everything that the section shows.

    Attributes
    ----------
    choices : tuple of Choice
    chosen : str
        Name or path of the one that is chosen.
    answering : str
        Which model answers and on what it runs.
    systems : tuple of str
        What the loaded file may be read as, the present one first; empty where that is clear.
    note : str
        How the system was chosen.
    offer : str
        About a chosen model that is not here, as rich text; "" for none.
    action : str
        What the button beside the offer says; "" for no button.
    progress : (int, int or None) or None
        Bytes that have come of how many; None while nothing is fetched.
    problem : str
        Why the latest choice was not taken.
    busy : bool
        A model is being loaded.
    """

    choices: tuple[Choice, ...]
    chosen: str
    answering: str
    systems: tuple[str, ...]
    note: str
    offer: str
    action: str
    progress: tuple[int, int | None] | None
    problem: str
    busy: bool


class ModelPanel(Section):
    """A list of models, a button for files, what answers now, and a download in progress.

    Signals: ``model_requested(name_or_path)``, ``system_requested(name)``, ``offer_taken()``,
    ``cancel_requested()``.
    """

    model_requested = Signal(str)
    system_requested = Signal(str)
    offer_taken = Signal()
    cancel_requested = Signal()

    def __init__(self) -> None:
        super().__init__("Model")
        self._names = drop_down(
            "Model", "Which model answers; those that are not here can be fetched"
        )
        self._names.activated.connect(self._choose)
        self._open = button("Open…", "", self._ask, "Open a checkpoint")
        self._open.setToolTip("Use a checkpoint file: SAM, MedSAM, SAM-Med2D, SAM-UNet …")
        self._open.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.body.addLayout(side_by_side(self._names, self._open, stretch=(1, 0)))
        self._answering = Passage()
        self.body.addWidget(self._answering)
        self._systems_label = QLabel("Read as")
        self._systems = drop_down("Read the checkpoint as", "")
        self._systems.activated.connect(self._choose_system)
        self.body.addLayout(side_by_side(self._systems_label, self._systems, stretch=(0, 1)))
        self._offer = Passage()
        self._offer.setTextFormat(Qt.TextFormat.RichText)
        self._offer.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self._offer.linkActivated.connect(_open_address)
        self.body.addWidget(self._offer)
        self._take = button("Fetch", "", self.offer_taken.emit)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Download of the model")
        self._cancel = button("Cancel", "", self.cancel_requested.emit, "Cancel the download")
        self._cancel.setToolTip("Stop the download; nothing of it is kept")
        self._cancel.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.body.addWidget(self._take)
        self.body.addLayout(side_by_side(self._bar, self._cancel, stretch=(1, 0)))
        self._problem = Passage()
        self._problem.setStyleSheet(_PROBLEM)
        self.body.addWidget(self._problem)

    def show_model(self, view: ModelView) -> None:
        """Show the state of the models."""
        self._names.setEnabled(not view.busy)
        self._open.setEnabled(not view.busy)
        _fill(self._names, view.choices, view.chosen)
        self._answering.setText(view.answering)
        self._systems.setToolTip(literal(view.note))
        _fill(self._systems, [Choice(name, name, "") for name in view.systems], view.systems[:1])
        for part in (self._systems_label, self._systems):
            part.setVisible(bool(view.systems))
        self._offer.setText(view.offer)
        self._offer.setVisible(bool(view.offer))
        self._take.setText(view.action)
        self._take.setAccessibleName(f"{view.action} the chosen model")
        self._take.setToolTip(literal(f"{view.action}: {view.chosen}"))
        self._take.setVisible(bool(view.action))
        self._show_progress(view.progress)
        self._problem.setText(_clipped(view.problem))
        self._problem.setToolTip(literal(view.problem))
        self._problem.setVisible(bool(view.problem))

    def _show_progress(self, progress: tuple[int, int | None] | None) -> None:
        for part in (self._bar, self._cancel):
            part.setVisible(progress is not None)
        if progress is None:
            return
        done, total = progress
        # Qt counts with 32 bits, which are too few for the bytes of a large model.
        self._bar.setRange(0, _PERMILLE if total else 0)
        self._bar.setValue(done * _PERMILLE // total if total else 0)
        whole = f" of {total / 1e6:.0f}" if total else ""
        self._bar.setFormat(f"{done / 1e6:.0f}{whole} MB")

    def _choose(self, row: int) -> None:
        self.model_requested.emit(self._names.itemData(row))

    def _choose_system(self, row: int) -> None:
        self.system_requested.emit(self._systems.itemData(row))

    def _ask(self) -> None:
        wanted = "Checkpoints (*.safetensors *.pt *.pth);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Open a checkpoint", "", wanted)
        if path:
            self.model_requested.emit(path)


def _clipped(text: str) -> str:
    """Keep whole sentences where there are several, else whole words."""
    if len(text) <= _SHOWN:
        return text
    start = text[:_SHOWN]
    return f"{start.rpartition('. ')[0] or start.rpartition(' ')[0]} …"


def _fill(combo: QComboBox, choices: Sequence[Choice], chosen: str | Sequence[str]) -> None:
    """Show these rows; an open list is left alone where nothing has changed."""
    rows = [(choice.text, choice.name) for choice in choices]
    shown = [(combo.itemText(n), combo.itemData(n)) for n in range(combo.count())]
    if rows != shown:
        combo.clear()
        for number, choice in enumerate(choices):
            combo.addItem(choice.text, choice.name)
            combo.setItemData(number, literal(choice.tip), Qt.ItemDataRole.ToolTipRole)
    wanted = chosen if isinstance(chosen, str) else "".join(chosen)
    combo.setCurrentIndex(combo.findData(wanted))


def _open_address(address: str) -> None:
    QDesktopServices.openUrl(QUrl(address))
