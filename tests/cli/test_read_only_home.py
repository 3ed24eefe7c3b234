"""Where nothing can be kept, that is one plain line, and the work is done all the same."""

from __future__ import annotations

import logging
from types import SimpleNamespace

from napari_samunet.models import compile_wait, engine_choice, engine_folder


def test_a_read_only_cache_is_told_once_and_costs_nothing_else(tmp_path, monkeypatch, caplog):
    folder = tmp_path / "file" / "engines"
    (tmp_path / "file").touch()
    monkeypatch.setattr(engine_folder, "_folder", lambda: folder)
    monkeypatch.setattr(engine_folder, "_identity", lambda _system: "this")
    monkeypatch.setattr(compile_wait, "_seconds", lambda _half: 0.0)
    compiled_to = []
    system = SimpleNamespace(model_hash="weights", name="builtin")
    for name in ("decoder", "encoder"):
        half = SimpleNamespace(
            name=name,
            system=system,
            is_taken=False,
            compile=lambda kept: compiled_to.append(kept),
        )
        monkeypatch.setattr(engine_choice, "_measured", lambda *_halves: engine_choice.TORCH)
        with caplog.at_level(logging.WARNING):
            assert engine_choice._choose(half, None, 1.0) == engine_choice.TORCH
    (record,) = caplog.records
    assert str(folder) in record.getMessage()
    assert compiled_to == [None, None]
