"""What a person sets holds at once and tomorrow; one press deletes every encoded slice."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import torch
from qtpy.QtWidgets import QPushButton

from napari_samunet.embedding.budget import Budget, machine_share, read_budget
from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.embedding.levels import LayeredCache

pytestmark = pytest.mark.viewer
KEY = EmbeddingKey("slice", (0, 1), None, "model")


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings of this test's own, and the panel unfolded with a cache that holds one slice."""
    path = tmp_path / "memory.json"
    monkeypatch.setattr("napari_samunet.embedding.budget.settings_path", lambda: path)
    return path


@pytest.fixture
def kept(screen, settings, tmp_path):
    cache = LayeredCache(0, 2**22, EmbeddingFolder(tmp_path / "embeddings", 2**22))
    cache.put(KEY, {"embedding": torch.zeros(2**18)})
    cache.flush()
    screen.controller.engine.cache = cache
    screen.widget.memory.set_open(True)
    screen.controller.memory.look()
    screen.until(lambda: "1 MB on the disk" in screen.controller.memory.view().taken)
    return cache


def test_one_press_deletes_every_encoded_slice(screen, kept):
    buttons = screen.widget.memory.findChildren(QPushButton)
    button = next(made for made in buttons if made.text() == "Delete encoded slices")
    button.click()
    screen.until(lambda: KEY not in kept)
    screen.until(lambda: "0 MB on the disk" in screen.controller.memory.view().taken)
    assert "1 encoded slices were deleted" in screen.viewer.status


def test_after_emptying_nothing_is_encoded_until_somebody_scrolls_or_clicks(screen, kept):
    def embed(_volume, ref, _window=None):
        return kept.put(replace(KEY, content=str(ref.index)), {"embedding": torch.zeros(2**10)})

    screen.controller.ahead.forget()  # what was encoded while the window was made
    screen.engine.embed = embed
    screen.viewer.dims.set_point(0, 2)
    screen.until(lambda: len(kept.folder) == 8)  # the one of `kept`, and all seven slices
    screen.widget.memory.empty_requested.emit()
    screen.until(lambda: "8 encoded slices" in screen.viewer.status)
    screen.settle(0.4)
    assert kept.bytes == kept.folder.bytes == 0
    screen.viewer.dims.set_point(0, 4)
    screen.until(lambda: len(kept.folder) == 7)
    screen.widget.memory.empty_requested.emit()
    screen.until(lambda: "7 encoded slices" in screen.viewer.status)
    screen.click(30, 40)
    screen.until(lambda: len(kept.folder) == 7)


def test_a_budget_holds_at_once_and_at_the_next_start(screen, kept, settings):
    screen.widget.memory._boxes["disk_mb"].setValue(0)
    screen.widget.memory._boxes["disk_mb"].editingFinished.emit()
    screen.until(lambda: settings.exists() and kept.folder.bytes == 0)
    assert read_budget(settings) == Budget(disk_mb=0)


def test_a_full_disk_keeps_no_budget_and_obeys_it_all_the_same(screen, kept, settings, monkeypatch):
    def full(_budget):
        raise OSError(28, "No space left on device", str(settings))

    monkeypatch.setattr("napari_samunet.plugin.memory.write_budget", full)
    screen.widget.memory._boxes["disk_mb"].setValue(0)
    screen.widget.memory._boxes["disk_mb"].editingFinished.emit()
    screen.until(lambda: "0 MB on the disk" in screen.controller.memory.view().taken)
    assert kept.folder.bytes == kept.folder.max_bytes == 0
    assert "holds now, but could not be kept for the next start" in screen.viewer.status
    assert "No space left on device" in screen.viewer.status


def test_a_budget_that_is_set_while_a_model_loads_holds_for_that_model(screen, settings):
    cache, go_on = LayeredCache(0, 2**22), threading.Event()

    def load(_name):
        go_on.wait(20)
        screen.engine.cache = cache
        return screen.engine

    screen.controller.engine._load = load
    screen.controller.models.use("another")
    screen.widget.memory.budget_requested.emit(Budget(ram_mb=1))
    go_on.set()
    screen.until(settings.exists)
    screen.until(lambda: not screen.controller.inference.is_busy)
    assert cache.holds(2**20) == 1


def test_work_ahead_can_be_switched_off(screen, kept, settings):
    screen.widget.memory._idle.click()
    screen.until(settings.exists)
    assert not screen.controller.ahead.beyond_shown
    assert not read_budget(settings).idle


def test_a_share_of_the_machine_that_was_shown_is_not_taken_for_the_person_s_choice(
    screen, kept, settings, monkeypatch
):
    share = machine_share()
    other = replace(share, disk_mb=share.disk_mb + 77)  # a file was deleted meanwhile
    monkeypatch.setattr("napari_samunet.embedding.budget.machine_share", lambda _device: other)
    screen.widget.memory._idle.click()
    screen.until(settings.exists)
    assert read_budget(settings) == Budget(idle=False)


def test_unfolding_the_section_shows_the_budgets_in_force(screen, settings):
    screen.widget.memory.set_open(True)
    screen.settle()
    assert screen.widget.memory._boxes["ram_mb"].value() > 0
