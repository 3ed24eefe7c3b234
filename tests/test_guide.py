"""The guide keeps its promises: every picture, key and test that it names exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from napari_samunet.plugin.keys import KEYS

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
NAPARI_KEYS = {"Ctrl+E"}


def test_every_picture_of_the_guide_is_there():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", GUIDE)
    assert len(pictures) >= 8
    missing = [name for name in pictures if not (ROOT / "docs" / name).is_file()]
    assert not missing


def test_every_key_of_the_guide_is_bound():
    named = set(re.findall(r"\*\*((?:(?:Ctrl|Shift)\+)?(?:[A-Z]|F1|Delete|Backspace))\*\*", GUIDE))
    assert len(named) > 12
    assert not named - {key.shown for key in KEYS.values()} - NAPARI_KEYS


def test_every_defect_of_others_has_a_test_that_exists():
    named = set(re.findall(r"`(test_\w+)`", GUIDE))
    rows = [line for line in GUIDE.splitlines() if line.startswith("|") and "`test_" in line]
    assert len(rows) == 12
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert not named - written


def test_no_weights_of_others_are_shipped_and_every_listed_model_tells_its_licence():
    shipped = {path.stem for path in (ROOT / "resources/weights").iterdir() if path.suffix != ".md"}
    assert shipped == {"builtin"}, "trained here, under the licence of the project"
    listed = tomllib.loads((ROOT / "resources/models.toml").read_text(encoding="utf-8"))["model"]
    assert listed
    assert all(entry["licence"] for entry in listed)
