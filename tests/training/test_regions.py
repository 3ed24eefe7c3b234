"""Body regions must be drawn as their table says: organs in place, parts inside their wholes."""

import pytest
import torch

from napari_samunet.training import regions as regions_module
from napari_samunet.training.anatomy import AIR
from napari_samunet.training.appearance import paint
from napari_samunet.training.regions import draw_region, read_regions

NAMES = [region.name for region in read_regions()[0]]


def _only(monkeypatch, name):
    """Make ``draw_region`` draw the named region."""
    regions, tissues = read_regions()
    chosen = tuple(region for region in regions if region.name == name)
    monkeypatch.setattr(regions_module, "read_regions", lambda: (chosen, tissues))


@pytest.mark.parametrize("name", NAMES)
def test_every_region_can_be_drawn_and_painted(monkeypatch, name):
    _only(monkeypatch, name)
    generator = torch.Generator().manual_seed(7)
    labels = draw_region(generator, 2, 96)
    assert labels.ids.max() < len(labels.tissues) == len(labels.weight)
    assert labels.parent.shape == (2, len(labels.tissues))
    assert len(labels.ids.unique()) > 4, "a region without organs teaches nothing"
    image = paint(generator, labels)
    assert torch.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() <= 1


def test_parts_come_after_the_whole_that_they_lie_in():
    for seed in range(6):
        labels = draw_region(torch.Generator().manual_seed(seed), 1, 96)
        for own, parent in enumerate(labels.parent[0].tolist()):
            assert parent < own or parent == own == 0


def test_a_canal_is_drawn_inside_the_body_and_its_cord_inside_the_canal(monkeypatch):
    _only(monkeypatch, "neck")
    labels = draw_region(torch.Generator().manual_seed(3), 4, 160)
    canal = labels.tissues.index("fluid")
    cord = labels.tissues.index("white")
    assert labels.parent[0, cord] == canal
    for ids in labels.ids:
        family = (ids == canal) | (ids == cord)
        around = torch.nn.functional.max_pool2d((ids == cord)[None].float(), 3, 1, 1)[0] > 0
        assert (ids == cord).any()
        assert not (around & ~family & (ids == AIR)).any()


def test_a_tumour_goes_where_the_edema_around_it_goes(monkeypatch):
    _only(monkeypatch, "head")
    labels = draw_region(torch.Generator().manual_seed(0), 8, 160)
    edema = labels.tissues.index("edema")
    tumour = labels.tissues.index("tumour")
    inside = 0
    for ids in labels.ids:
        if (ids == edema).sum() < 100:
            continue
        middle = (ids == edema).nonzero().float().mean(0)
        own = (ids == tumour).nonzero().float()
        assert len(own), "an edema of this region holds a tumour"
        inside += 1
        assert (own.mean(0) - middle).norm() < 0.15 * 160
    assert inside > 4


def test_air_is_dark_and_bone_brighter_than_lung_in_ct_through_every_window(monkeypatch):
    _only(monkeypatch, "thorax")
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        labels = draw_region(generator, 2, 96)
        if labels.kind != "ct":
            continue
        image = paint(generator, labels)
        bones, lungs = (
            torch.tensor([tissue == name for tissue in labels.tissues])[labels.ids]
            for name in ("cortex", "lung")
        )
        assert image[labels.ids == AIR].mean() < 0.3
        assert image[bones].mean() > image[lungs].mean() + 0.2


def test_equal_seeds_draw_equal_regions():
    first, second = (draw_region(torch.Generator().manual_seed(5), 2, 96) for _ in range(2))
    assert torch.equal(first.ids, second.ids)
    assert first.tissues == second.tissues


def test_what_joins_an_organ_is_meant_with_it(monkeypatch):
    _only(monkeypatch, "spinal cord")
    labels = draw_region(torch.Generator().manual_seed(1), 1, 96)
    columns, horns, commissure = [i for i, t in enumerate(labels.tissues) if t == "grey"]
    assert labels.rim[horns] == labels.rim[commissure] == columns
    assert labels.parent[0, horns] == labels.parent[0, commissure] == columns


def test_a_wall_that_is_meant_alone_does_not_hold_its_core(monkeypatch):
    _only(monkeypatch, "heart")
    labels = draw_region(torch.Generator().manual_seed(1), 1, 96)
    blood = [i for i, tissue in enumerate(labels.tissues) if tissue == "blood"]
    assert labels.parent[0, blood[0]] == 0, "the left ventricle is a target beside its myocardium"
    assert labels.parent[0, blood[1]] == blood[1] - 1, "other chambers lie in their walls"
