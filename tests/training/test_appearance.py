"""Painted scenes must look like their modality, and defects must not leak from one into another."""

import torch

from napari_samunet.training import artefacts
from napari_samunet.training.appearance import _alike, _coil, _echoes, _window
from napari_samunet.training.radiograph import shine_through
from napari_samunet.training.regions import Tissue


def _generator():
    return torch.Generator().manual_seed(1)


def _chest():
    """A body with two lungs: grey values and ids, (2, 96, 96)."""
    ids = torch.zeros(2, 96, 96, dtype=torch.int64)
    ids[:, 8:88, 8:88] = 8
    ids[:, 24:72, 16:40] = ids[:, 24:72, 56:80] = 9
    grey = torch.tensor([0.1] * 8 + [0.8, 0.3])
    return grey[ids], ids


def test_bright_tissue_keeps_its_edge_where_no_ultrasound_is_drawn():
    image, ids = _chest()
    nowhere = torch.zeros(2, 1, 1, dtype=torch.bool)
    assert torch.equal(_echoes(_generator(), image, ids, nowhere), image)


def test_tissues_are_drawn_together_but_for_the_darkest_and_the_brightest():
    greys = torch.rand(400, 4, generator=_generator())
    soft = Tissue((30, 60))
    kinds = [soft, soft, Tissue((-1000, -900), dark=True), Tissue((100, 300), bright=True)]
    shown = _alike(_generator(), greys, kinds)
    assert torch.equal(shown[:, 2:], greys[:, 2:])
    apart, before = ((x[:, 0] - x[:, 1]).abs() for x in (shown, greys))
    assert 0.2 < (apart < before).float().mean() < 0.8
    assert apart.mean() < 0.9 * before.mean()


def test_a_coil_is_brightest_beside_itself_and_mostly_there_is_none():
    gain = _coil(_generator(), 400, 32).flatten(1)
    used = (gain < 1).any(1)
    assert 0.05 < used.float().mean() < 0.25
    assert (gain[used].max(1).values > 2 * gain[used].min(1).values).all()


def test_lungs_of_a_radiograph_are_darker_than_what_lies_beside_them_yet_shade_off():
    image, ids = _chest()
    shown = shine_through(_generator(), image, ids)
    assert shown.shape == image.shape
    assert torch.isfinite(shown).all()
    for scene, organs in zip(shown, ids, strict=True):
        assert scene[organs == 9].mean() < scene[organs == 8].mean()
        assert scene[organs == 9].std() > 0.01, "a lung of one grey is no projection"


def test_metal_in_ct_is_brightest_and_its_streaks_reach_far(monkeypatch):
    monkeypatch.setattr(artefacts, "METAL", 1.0)
    flat = torch.full((3, 96, 96), 0.5)
    shown = artefacts.add_streaks(_generator(), flat)
    assert (shown.flatten(1).max(1).values >= 2).all()
    assert ((shown - flat).abs() > 0.01).float().mean() > 0.5


def test_images_without_metal_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(artefacts, "METAL", 0.0)
    flat = torch.rand(3, 32, 32, generator=_generator())
    assert torch.equal(artefacts.add_streaks(_generator(), flat), flat)


def test_ghosts_are_fainter_than_what_moved(monkeypatch):
    monkeypatch.setattr(artefacts, "MOVED", 1.0)
    image = torch.zeros(2, 96, 96)
    image[:, 40:50, 40:50] = 1
    shown = artefacts.add_ghosts(_generator(), image)
    assert (shown[:, 45, 45] > 0.7).all()
    elsewhere = shown.clone()
    elsewhere[:, 40:50, 40:50] = 0
    assert (
        (elsewhere.flatten(1).max(1).values > 0) & (elsewhere.flatten(1).max(1).values < 0.2)
    ).all()


def test_radiographs_and_mr_are_often_burnt_out_and_ultrasound_is_not():
    ramp = torch.linspace(0, 1, 64 * 64).view(1, 64, 64).expand(400, -1, -1)
    white = {
        kind: (_window(_generator(), ramp, kind) == 1).flatten(1).float().mean(1)
        for kind in ("xray", "mr", "us")
    }
    assert 0.3 < (white["xray"] > 0.1).float().mean() < 0.5
    assert 0.05 < (white["mr"] > 0.1).float().mean() < 0.25
    assert (white["us"] < 0.05).all()
