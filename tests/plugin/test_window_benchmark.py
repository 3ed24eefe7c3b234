"""What is measured in a window is what a person gets there."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_samunet.plugin.engine import load_engine


def test_the_benchmark_clicks_on_the_engine_that_ships_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMUNET_ENGINE", "torch")
    monkeypatch.setenv("SAMUNET_CACHE", str(tmp_path / "own"))
    measured = load_engine("builtin", device="cpu", folder=tmp_path / "measured")
    shipped = load_engine("builtin")
    assert measured.cache.folder.path == tmp_path / "measured"
    assert shipped.cache.folder.path == tmp_path / "own"
    assert measured.system.precision == shipped.system.precision
    assert measured.cache.folder.half == shipped.cache.folder.half
    assert measured.cache.ram.max_bytes == shipped.cache.ram.max_bytes
