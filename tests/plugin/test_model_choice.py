"""Another model is chosen, fetched or refused, and the one before answers as long as it has to."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QComboBox, QLabel, QProgressBar, QPushButton

from napari_samunet.errors import BadCheckpoint, FetchCancelled, NotFetched
from napari_samunet.models import catalogue
from napari_samunet.models.catalogue import find_entry
from napari_samunet.plugin.background import Background
from napari_samunet.plugin.engine import SharedEngine
from napari_samunet.plugin.model_choice import ModelChoice
from napari_samunet.plugin.panels.model import ModelPanel
from napari_samunet.plugin.panels.passage import breakable

pytestmark = pytest.mark.viewer


class Desk:
    """The section as a person sees it, above a model that loads at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parent = QObject()
        self.loads: list[tuple[str, str | None]] = []
        self.go_on = threading.Event()
        self.fetched: list[tuple[int, int | None]] = [(1_000_000, 41_000_000)]
        self.fetch_error: Exception | None = None
        self.panel = ModelPanel()
        self.inference = Background(self.parent)
        self.engine = SharedEngine(self.load)
        self.models = ModelChoice(self.engine, self.inference, self.parent, self.fetch)
        self.panel.model_requested.connect(self.models.choose)
        self.panel.system_requested.connect(self.models.read_as)
        self.panel.offer_taken.connect(self.models.take_offer)
        self.panel.cancel_requested.connect(self.models.cancel)
        self.models.changed.connect(self.refresh)
        self.refresh()
        self.panel.show()

    def refresh(self) -> None:
        self.panel.show_model(self.models.view())

    def load(self, name: str, system: str | None = None) -> SimpleNamespace:
        self.loads.append((name, system))
        if name.endswith(".txt"):
            raise BadCheckpoint(f"{name} is a text file; choose the weights themselves.")
        names = ("sam-vit-b", "medsam")
        others = tuple(other for other in names if other != system) if "sam" in name else ()
        named = system or (others[0] if others else "builtin")
        others = tuple(other for other in others if other != named)
        made = SimpleNamespace(name=named, device="cpu", others=others, note="by its name")
        return SimpleNamespace(system=made, cache=None)

    def fetch(self, entry, progress) -> Path:
        for seen in self.fetched:
            if progress(*seen) is False:
                raise FetchCancelled("stopped")
        self.go_on.wait(20)
        if self.fetch_error is not None:
            raise self.fetch_error
        if progress(41_000_000, 41_000_000) is False:
            raise FetchCancelled("stopped")
        entry.path.parent.mkdir(parents=True, exist_ok=True)
        entry.path.write_bytes(b"weights")
        return entry.path

    def pick(self, name: str) -> None:
        """Choose a row as a mouse does."""
        combo = self.panel._names
        row = combo.findData(name)
        assert row >= 0
        combo.setCurrentIndex(row)
        combo.activated.emit(row)

    def text(self) -> str:
        """All that can be read."""
        labels = [label for label in self.panel.findChildren(QLabel) if label.isVisible()]
        return " ".join(label.text().replace("\u200b", "") for label in labels)

    def seen(self, kind: type, text: str = "") -> list:
        found = self.panel.findChildren(kind)
        return [part for part in found if part.isVisible() and (not text or part.text() == text)]


@pytest.fixture
def desk(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "models_folder", lambda: tmp_path / "models")
    made = Desk(tmp_path)
    qtbot.addWidget(made.panel)
    made.models.use("builtin")
    qtbot.waitUntil(lambda: made.models.ready)
    yield made
    made.go_on.set()
    made.models.cancel()
    made.inference.close(5)


def test_the_list_shows_all_models_and_which_have_to_be_fetched(desk: Desk):
    rows = [desk.panel._names.itemText(n) for n in range(desk.panel._names.count())]
    assert rows[0] == "built-in"
    assert "mobile-sam (fetch)" in rows
    assert "sam-med2d (by hand)" in rows
    assert "Answers: built-in, on the CPU" in desk.text()


def test_a_model_is_fetched_beside_the_one_that_answers_and_then_answers(desk: Desk, qtbot):
    desk.pick("mobile-sam")
    assert desk.loads == [("builtin", None)]  # nothing is fetched before somebody says so
    assert "41 MB" in desk.text()
    (fetch,) = desk.seen(QPushButton, "Fetch")
    fetch.click()
    qtbot.waitUntil(lambda: "1 of 41 MB" in [bar.text() for bar in desk.seen(QProgressBar)])
    assert "Answers: built-in" in desk.text()
    assert not desk.seen(QPushButton, "Fetch")
    desk.go_on.set()
    qtbot.waitUntil(lambda: desk.engine.name == "mobile-sam")
    qtbot.waitUntil(lambda: not desk.seen(QProgressBar))
    assert desk.loads[-1] == ("mobile-sam", None)
    assert desk.panel._names.currentText() == "mobile-sam"


def test_a_download_is_cancelled_at_once_even_while_its_server_is_silent(desk: Desk, qtbot):
    desk.pick("mobile-sam")
    desk.seen(QPushButton, "Fetch")[0].click()
    desk.seen(QPushButton, "Cancel")[0].click()  # the thread still waits
    assert not desk.seen(QProgressBar)
    assert desk.seen(QPushButton, "Fetch")  # it can be begun again
    desk.go_on.set()
    qtbot.wait(100)
    assert desk.loads == [("builtin", None)]
    assert not find_entry("mobile-sam").path.exists()


def test_a_download_that_fails_says_why_and_can_be_tried_again(desk: Desk, qtbot):
    desk.fetch_error = NotFetched("mobile-sam was not fetched: the server cannot be reached.")
    desk.go_on.set()
    desk.pick("mobile-sam")
    desk.seen(QPushButton, "Fetch")[0].click()
    qtbot.waitUntil(lambda: "cannot be reached" in desk.text())
    assert "Answers: built-in" in desk.text()
    entry = find_entry("mobile-sam")  # it can be brought from another computer
    for part in (entry.url, entry.file, str(entry.path.parent)):
        assert part in desk.text()
    desk.fetch_error = None
    desk.seen(QPushButton, "Fetch")[0].click()
    qtbot.waitUntil(lambda: desk.engine.name == "mobile-sam")
    assert "cannot be reached" not in desk.text()


def test_a_model_behind_a_consent_page_says_where_it_is_and_where_it_goes(desk: Desk, qtbot):
    desk.pick("sam-med2d")
    entry = find_entry("sam-med2d")
    for part in (entry.page, entry.file, str(entry.path.parent)):
        assert part in desk.text()
    assert entry.path.parent.is_dir()  # so that the link to it opens
    (again,) = desk.seen(QPushButton, "Look again")
    again.click()
    assert desk.loads == [("builtin", None)]
    entry.path.write_bytes(b"put there by hand")
    again.click()
    qtbot.waitUntil(lambda: desk.engine.name == "sam-med2d")
    assert entry.page not in desk.text()


def test_a_file_that_is_refused_says_why_and_the_model_before_still_answers(desk: Desk, qtbot):
    desk.panel.model_requested.emit("/somewhere/notes.txt")
    qtbot.waitUntil(lambda: "is a text file" in desk.text())
    assert "Not loaded: /somewhere/notes.txt" in desk.text()
    assert "Answers: built-in" in desk.text()
    assert desk.panel._names.currentText() == "built-in"
    desk.pick("builtin")
    qtbot.waitUntil(lambda: "text file" not in desk.text())


def test_a_file_that_fits_two_systems_shows_the_choice_and_it_can_be_changed(desk: Desk, qtbot):
    assert "Read as" not in desk.text()
    desk.panel.model_requested.emit("/somewhere/sam.pth")
    qtbot.waitUntil(lambda: "Read as" in desk.text())
    combo = desk.panel._systems
    assert [combo.itemText(n) for n in range(combo.count())] == ["sam-vit-b", "medsam"]
    assert combo.currentText() == "sam-vit-b"
    assert "sam-vit-b (sam.pth)" in desk.text()
    combo.activated.emit(1)
    qtbot.waitUntil(lambda: "medsam (sam.pth)" in desk.text())
    assert desk.loads[-1] == ("/somewhere/sam.pth", "medsam")
    assert combo.currentText() == "medsam"


def test_every_control_has_a_tooltip_and_a_name_for_screen_readers(desk: Desk, qtbot):
    desk.panel.model_requested.emit("/somewhere/sam.pth")
    qtbot.waitUntil(lambda: bool(desk.models.view().systems))
    desk.pick("mobile-sam")
    desk.seen(QPushButton, "Fetch")[0].click()
    for kind in (QComboBox, QPushButton):
        for control in desk.panel.findChildren(kind):
            named = control.accessibleName() or control.text()
            assert named
            assert control.toolTip(), named


def test_long_names_never_make_the_panel_wider_than_its_dock(desk: Desk):
    view = desk.models.view()
    long = "image_encoder.sam_img_encoder.blocks." * 20 + "f706ad9c4eb7f219" * 4
    told = {"problem": long, "answering": f"Answers: {long}", "offer": breakable(long)}
    desk.panel.show_model(replace(view, **told))
    assert desk.panel.minimumSizeHint().width() <= 250
