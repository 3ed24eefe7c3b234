"""The guide keeps its promises: every picture, key and test that it names exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nibabel
import numpy as np

from napari_samunet.evaluation.cases import find_cases, read_case
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


def test_what_the_guide_writes_down_of_an_own_image_can_be_measured(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.+?cases/.+?)```", GUIDE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    labels = np.zeros((12, 10, 50), np.uint8)
    labels[3:7, 2:6, 42] = 5
    nibabel.save(nibabel.Nifti1Image(labels.astype(np.int16) * 10, np.eye(4)), "ct.nii.gz")
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), "labels.nii.gz")
    exec(code, {})
    (path,) = find_cases("cases")
    case = read_case(path)
    assert (case.structure, case.mask.sum(), case.window) == ("liver", 16, (-160, 240))


def test_no_weights_of_others_are_shipped_and_every_listed_model_tells_its_licence():
    shipped = {path.stem for path in (ROOT / "resources/weights").iterdir() if path.suffix != ".md"}
    assert shipped == {"builtin"}, "trained here, under the licence of the project"
    listed = tomllib.loads((ROOT / "resources/models.toml").read_text(encoding="utf-8"))["model"]
    assert listed
    assert all(entry["licence"] for entry in listed)
