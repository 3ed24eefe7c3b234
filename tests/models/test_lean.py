"""The twin that answers in a network's place answers the same, with less work."""

from __future__ import annotations

import pytest
import torch
from published import relative
from segment_anything.modeling.image_encoder import Attention, window_partition, window_unpartition
from tiny import LIKE_BUILTIN
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from napari_samunet.models import lean_attention
from napari_samunet.models.lean import lean
from napari_samunet.models.lean_attention import LeanAttention
from napari_samunet.models.mobile_sam import TinyEncoder
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.sam import Sam
from napari_samunet.models.samunet import SamUNetConfig, build

ROUNDING = 1e-5
SMALL = SamUNetConfig(image_size=64, vit_width=32, vit_depth=4, vit_heads=2, global_blocks=(0, 3))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def shaken(network: nn.Module) -> nn.Module:
    """A network none of whose tables, biases and statistics is left at nothing."""
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        if tensor.is_floating_point():
            tensor.data = torch.rand_like(tensor) + 0.5 if "var" in name else tensor.data
            tensor.data += 0.05 * torch.randn_like(tensor)
    return network.eval().requires_grad_(False)


def as_published(attention: Attention, tokens: Tensor, window: int) -> Tensor:
    """Attention with padding that counts, as SAM has it."""
    if not window:
        return attention(tokens)
    windows, padded = window_partition(tokens, window)
    return window_unpartition(attention(windows), window, padded, tokens.shape[1:3])


@pytest.mark.parametrize(
    ("grid", "window"),
    [((16, 16), 14), ((5, 9), 4), ((9, 4), 4), ((8, 8), 4), ((3, 2), 4), ((6, 6), 0)],
)
@pytest.mark.parametrize(("fused", "piece"), [(True, 0), (False, 1 << 21), (False, 100)])
def test_attention_without_padding_is_attention_with_padding(
    grid: tuple[int, int], window: int, fused: bool, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lean_attention, "PIECE", piece)
    side = window or grid[0]
    plain = Attention(24, 3, use_rel_pos=True, input_size=(side, side))
    for parameter in plain.parameters():
        parameter.data = torch.randn_like(parameter) / 3
    ours = LeanAttention(plain, window)
    ours.fused = fused
    tokens = torch.randn(2, *grid, 24)
    with torch.inference_mode():
        assert relative(ours(tokens), as_published(plain, tokens, window)) < ROUNDING


@pytest.mark.parametrize(("config", "channels"), [(SMALL, 3), (LIKE_BUILTIN, 1)])
def test_features_and_masks_are_those_of_the_network(config: SamUNetConfig, channels: int) -> None:
    network = shaken(build(config))
    twin = lean(network)
    points, box = torch.rand(1, 2, 2) * 60, torch.tensor([[8.0, 8, 40, 50]])
    labels = torch.tensor([[1, 0]])
    with torch.inference_mode():
        image = torch.rand(2, channels, 64, 64)
        plain, ours = network.encode(image), twin.encode(image)
        assert plain.keys() == ours.keys()
        for name in plain:
            assert relative(ours[name], plain[name]) < ROUNDING
        one = {name: feature[:1] for name, feature in plain.items()}
        for around in (None, box):
            prompts = PromptTensors(points, labels, around)
            wanted, _ = network.decode(one, prompts)
            got, _ = twin.decode(one, prompts)
            assert relative(got, wanted) < ROUNDING


@pytest.mark.parametrize("clicks", [1, 3, 30])
@pytest.mark.parametrize("fed_back", [False, True])
def test_masks_of_sam_are_those_of_sam(clicks: int, fed_back: bool) -> None:
    network = shaken(Sam(nn.Identity(), side=128, grid=8))
    features = {"embedding": torch.randn(1, 256, 8, 8)}
    points, labels = 128 * torch.rand(1, clicks, 2), torch.ones(1, clicks, dtype=torch.int64)
    mask = torch.randn(1, 1, 32, 32) if fed_back else None
    prompts = PromptTensors(points, labels, mask_logits=mask)
    with torch.inference_mode():
        wanted, scores = network.decode(features, prompts)
        got, our_scores = lean(network).decode(features, prompts)
    assert relative(got, wanted) < ROUNDING
    assert relative(our_scores, scores) < ROUNDING


@pytest.mark.parametrize("clicks", [1, 30])
def test_where_one_mask_is_wanted_it_is_the_first_and_costs_less(clicks: int) -> None:
    twin = lean(shaken(Sam(nn.Identity(), side=128, grid=8)))
    features = {"embedding": torch.randn(1, 256, 8, 8)}
    points, labels = 128 * torch.rand(1, clicks, 2), torch.ones(1, clicks, dtype=torch.int64)
    answers, work = [], []
    for first_only in (False, True):
        prompts = PromptTensors(points, labels, first_only=first_only)
        with torch.inference_mode(), FlopCounterMode(display=False) as counted:
            answers.append(twin.decode(features, prompts))
        work.append(counted.get_total_flops())
    (all_masks, all_scores), (mask, score) = answers
    assert mask.shape[1] == score.shape[1] == 1 < all_masks.shape[1]
    assert relative(mask, all_masks[:, :1]) < ROUNDING
    assert relative(score, all_scores[:, :1]) < ROUNDING
    assert work[1] < work[0]


def test_features_of_tiny_vit_are_its_own_and_the_image_stays() -> None:
    encoder = TinyEncoder(fine_stem=True)
    for name, table in encoder.named_parameters():
        if name.endswith("attention_biases"):
            table.data = torch.randn_like(table)
    network = shaken(nn.Sequential(encoder))
    image = torch.rand(1, 3, 64, 48).contiguous(memory_format=torch.channels_last)
    before = image.clone()
    with torch.inference_mode():
        wanted, got = network(image), lean(network)(image)
        assert relative(got, wanted) < ROUNDING
    assert torch.equal(image, before)


def test_the_network_itself_stays_and_its_tensors_are_not_copied() -> None:
    network = shaken(build(SMALL))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    twin = lean(network)
    plain, ours = dict(network.named_parameters()), dict(twin.named_parameters())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    attention = "image_encoder.sam_img_encoder.blocks.0.attn.qkv.weight"
    assert ours[attention].data_ptr() == plain[attention].data_ptr()
    assert any(isinstance(part, nn.BatchNorm2d) for part in network.modules())
    assert not any(isinstance(part, nn.BatchNorm2d) for part in twin.resnet.modules())


def test_a_grid_that_windows_do_not_fill_costs_its_own_tokens_only() -> None:
    plain = Attention(64, 4, use_rel_pos=True, input_size=(14, 14))
    ours, tokens = LeanAttention(plain, 14), torch.randn(1, 16, 16, 64)
    work = []
    for attend in (lambda: as_published(plain, tokens, 14), lambda: ours(tokens)):
        with torch.inference_mode(), FlopCounterMode(display=False) as counted:
            attend()
        work.append(counted.get_total_flops())
    assert work[1] < 0.4 * work[0]  # 256 tokens instead of 784


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_moves_features_by_its_rounding_only(kind: torch.dtype) -> None:
    """An accelerator's way, which a processor can go as well, only not sooner."""
    twin = lean(shaken(build(SMALL)))
    for part in twin.modules():
        if isinstance(part, LeanAttention):
            part.fused = True
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        wanted = twin.encode(image)
        with torch.autocast("cpu", kind):
            got = twin.encode(image)
    for name in wanted:
        assert relative(got[name].float(), wanted[name]) < 16 * torch.finfo(kind).eps
