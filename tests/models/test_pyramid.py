"""The built-in member: prompts must reach its decoder where they were made."""

import pytest
import torch
import torch.nn.functional as F

from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.pyramid import draw_prompts, match_clicks
from napari_samunet.models.samunet import build, with_local_contrast

SIDE = 64
GREY = torch.zeros(1, 1, SIDE, SIDE)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return build("builtin").eval()


def test_an_encoded_slice_answers_any_prompt_at_the_full_side(model):
    features = model.encode(torch.rand(1, 1, 128, 128))
    points, labels = torch.tensor([[[20.0, 30.0]]]), torch.tensor([[1]])
    box = torch.tensor([[5.0, 5.0, 90.0, 70.0]])
    for prompts in (PromptTensors(points, labels), PromptTensors(box_xyxy=box)):
        logits, scores = model.decode(features, prompts)
        assert logits.shape == (1, 4, 128, 128)
        assert scores.shape == (1, 4)
        assert 0 <= scores.min() <= scores.max() <= 1
    logits, _ = model.decode(features, PromptTensors(points, labels, box, logits[:, :1]))
    assert torch.isfinite(logits).all()


def test_the_built_in_member_is_small_enough_to_ship(model):
    halves = 2 * sum(value.numel() for value in model.state_dict().values())
    assert halves <= 30e6


def test_a_click_is_drawn_at_its_x_and_y():
    points = torch.tensor([[[40.0, 10.0], [5.0, 50.0]]])
    maps = draw_prompts(GREY, PromptTensors(points, torch.tensor([[1, 0]])))[0]
    assert divmod(int(maps[0].argmax()), SIDE) == (10, 40)
    assert divmod(int(maps[3].argmax()), SIDE) == (50, 5)


def test_a_padding_point_draws_nothing():
    padding = PromptTensors(torch.zeros(1, 1, 2), torch.tensor([[-1]]))
    assert not draw_prompts(GREY, padding).any()
    assert not match_clicks(torch.ones(1, 4, 8, 8), padding, SIDE).any()


def test_clicks_to_the_rim_are_matched_with_what_every_gpu_can_do(monkeypatch):
    """Apple's, with torch before 2.11, knows no padding with the border."""
    grid_sample, paddings = F.grid_sample, []

    def watched(*given, **named):
        paddings.append(named.get("padding_mode", "zeros"))
        return grid_sample(*given, **named)

    monkeypatch.setattr(F, "grid_sample", watched)
    torch.manual_seed(0)
    match = F.normalize(torch.randn(1, 16, 32, 32), dim=1).expand(99, -1, -1, -1)
    clicks = torch.rand(99, 1, 2) * SIDE - 0.5
    clicks[:2, 0] = torch.tensor([[-0.5, -0.5], [SIDE - 0.5, SIDE - 0.5]])
    matched = match_clicks(match, PromptTensors(clicks, torch.ones(99, 1)), SIDE)[:, 0]
    assert paddings == ["zeros"]
    at = ((clicks + 0.5) / SIDE * 2 - 1)[:, :, None]
    border = grid_sample(match, at, align_corners=False, padding_mode="border")
    assert torch.allclose(matched, (border * match).sum(1), atol=1e-6)


def test_a_box_is_drawn_as_area_and_inscribed_ellipse():
    box = torch.tensor([[10.0, 20.0, 29.0, 49.0]])
    maps = draw_prompts(GREY, PromptTensors(box_xyxy=box))[0]
    rows, cols = maps[6].nonzero().T
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (20, 49, 10, 29)
    assert maps[7][34, 19] > 0.9
    assert maps[7][20, 10] < 0


def test_a_box_shows_which_greys_it_holds_and_its_surroundings_do_not():
    grey = torch.full((1, 1, SIDE, SIDE), -0.5)
    grey[..., 22:28, 12:16] = grey[..., 40:46, 20:28] = 0.6  # two parts of one thing
    box = torch.tensor([[10.0, 20.0, 29.0, 49.0]])
    told = draw_prompts(grey, PromptTensors(box_xyxy=box))[0, 8]
    assert (told[grey[0, 0] > 0] > 0.9).all()
    assert (told[grey[0, 0] < 0] < 0).all()


def test_an_earlier_answer_shows_which_greys_it_took_and_which_it_left():
    grey = torch.full((1, 1, SIDE, SIDE), -0.5)
    grey[..., 10:30, 10:30] = 0.6
    logits = torch.full((1, 1, SIDE, SIDE), -8.0)
    logits[..., 10:30, 10:20] = 8  # half of it
    told = draw_prompts(grey, PromptTensors(mask_logits=logits))[0, 11]
    assert (told[10:30, 10:30] > 0.8).all()
    assert (told[:10] < -0.9).all()


def test_a_box_round_everything_tells_no_greys_apart():
    box = torch.tensor([[0.0, 0.0, SIDE - 1, SIDE - 1]])
    assert not draw_prompts(GREY, PromptTensors(box_xyxy=box))[0, 8].any()


def test_a_click_recognises_what_looks_like_its_place():
    features = torch.zeros(1, 2, 8, 8)
    features[:, 0, :, :4], features[:, 1, :, 4:] = 1, 1
    click = PromptTensors(torch.tensor([[[8.0, 8.0]]]), torch.tensor([[1]]))
    likeness = match_clicks(features, click, SIDE)[0, 0]
    assert (likeness[:, :4] > 0.99).all()
    assert (likeness[:, 4:] < 0.01).all()


def test_a_faint_organ_in_a_zoomed_frame_gets_contrast():
    image = torch.full((1, 1, 32, 32), 0.5)
    image[..., 8:24, 8:24] = 0.52
    local = with_local_contrast(image)[0, 1]
    assert local[16, 16] - local[0, 0] > 1
