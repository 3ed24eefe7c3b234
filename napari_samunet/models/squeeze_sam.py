"""SqueezeSAM (arXiv 2312.06736), revision 2: a U-Net that takes prompts as image channels.

Clicks and box join the image before the encoder, so nothing but the normalised image can be kept
between prompts. Negative clicks and earlier masks are unknown to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_samunet.models.contract import InputContract
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.squeeze_transformer import EMBED_DIM, LightTransformer, Mlp

SIDE = 512
WIDTHS_DOWN = (64, 128, 128, 128, 128, 164, 256, 256)
WIDTHS_UP = (256, 164, 128, 128, 128, 128, 64)
MASKS = 4
CLICK_RADIUS = 5.0  # pixels of the model frame


class ConvNorm(nn.Module):
    """Convolution, ReLU, and only then batch norm."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(width_in, width, 3, 1, 1), nn.ReLU())
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) → (B, width, H, W)."""
        return self.norm(self.conv(x))


class DoubleConv(nn.Module):
    """Two convolutions of one level."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.double_conv = nn.Sequential(ConvNorm(width_in, width), ConvNorm(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) → (B, width, H, W)."""
        return self.double_conv(x)


class Down(nn.Module):
    """Half the side, then a double convolution."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(width_in, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) → (B, width, H / 2, W / 2)."""
        return self.maxpool_conv(x)


class PixelUp(nn.Module):
    """Every pixel becomes four, each with half the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        out = 4 * (width // 2)
        self.upsampler_linear = nn.Sequential(nn.Linear(width, out), nn.ReLU())
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) → (B, width / 2, 2H, 2W)."""
        x = self.upsampler_linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return F.pixel_shuffle(self.norm(x), 2)


class Up(nn.Module):
    """Up one level and together with the encoder's map of that level."""

    def __init__(self, width_in: int, width_skip: int, width: int) -> None:
        super().__init__()
        self.up = PixelUp(width_in)
        self.conv = DoubleConv(width_in // 2 + width_skip, width)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(B, width_in, H, W) and (B, width_skip, 2H, 2W) → (B, width, 2H, 2W)."""
        return self.conv(torch.cat([skip, self.up(x)], 1))


class TokenPart(nn.Module):
    """The tokens and the transformer, under the published names."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = LightTransformer()
        self.iou_token = nn.Embedding(1, EMBED_DIM)
        self.mask_tokens = nn.Embedding(MASKS, EMBED_DIM)

    def forward(self, bottom: Tensor) -> tuple[Tensor, Tensor]:
        """Deepest map (B, 256, 2, 2) → tokens (B, 5, 256) and the map after attention."""
        null_prompt = bottom.new_zeros(1, EMBED_DIM)  # the released variant takes no prompt tokens
        tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight, null_prompt])
        queries, keys = self.transformer(
            tokens.expand(len(bottom), -1, -1), bottom.flatten(2).transpose(1, 2)
        )
        return queries[:, : 1 + MASKS], keys.transpose(1, 2).reshape(bottom.shape)


class Heads(nn.Module):
    """Kernel of each mask, and predicted IoU."""

    def __init__(self) -> None:
        super().__init__()
        self.output_hypernetworks_mlps = nn.ModuleList(Mlp(WIDTHS_UP[-1], 2) for _ in range(MASKS))
        self.iou_prediction_head = Mlp(MASKS, 2)

    def forward(self, tokens: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, 5, 256) and features (B, 64, H, W) → logits (B, 4, H, W), IoU (B, 4)."""
        kernels = torch.stack(
            [mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], 1
        )
        logits = torch.einsum("bkc,bchw->bkhw", kernels, features)
        return logits, self.iou_prediction_head(tokens[:, 0])


class SqueezeSam(nn.Module):
    """The whole network, under the names of revision 2."""

    def __init__(self) -> None:
        super().__init__()
        first = WIDTHS_DOWN[0]
        patch = nn.Sequential(nn.Conv2d(5, first, 2, 2), nn.GroupNorm(1, first))
        self.patch_embed = nn.ModuleDict({"proj": patch})
        downs = [Down(a, b) for a, b in pairwise(WIDTHS_DOWN)]
        self._downs = [DoubleConv(first, first), *downs]
        self.unet_encoder = nn.ModuleDict({"down_layers": nn.ModuleList(self._downs)})
        self.get_iou_predictions_and_mask_tokens = TokenPart()
        befores, skips = (WIDTHS_DOWN[-1], *WIDTHS_UP[:-1]), WIDTHS_DOWN[-2::-1]
        self._ups = [Up(*widths) for widths in zip(befores, skips, WIDTHS_UP, strict=True)]
        self.unet_decoder = nn.ModuleDict({"unet_upscaling_layers": nn.ModuleList(self._ups)})
        self.mask_decoder = Heads()

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """Keep the normalised image: prompts join it before the encoder."""
        return {"image": image}

    def decode(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, Tensor]:
        """Masks (B, 4, S / 2, S / 2) and predicted IoU (B, 4)."""
        image = features["image"]
        drawn = draw_prompts(prompts, image)
        maps = self._encode(torch.cat([image, drawn], 1))
        tokens, x = self.get_iou_predictions_and_mask_tokens(maps[-1])
        for up, skip in zip(self._ups, reversed(maps[:-1]), strict=True):
            x = up(x, skip)
        return self.mask_decoder(tokens, x)

    def _encode(self, channels: Tensor) -> list[Tensor]:
        maps = [self.patch_embed["proj"](channels)]
        for layer in self._downs:
            maps.append(layer(maps[-1]))
        return maps[1:]


def draw_prompts(prompts: PromptTensors, image: Tensor) -> Tensor:
    """Box (inside 1; all ones without one) and discs around positive clicks, (B, 2, S, S)."""
    batch, _, rows, cols = image.shape
    y = torch.arange(rows, device=image.device, dtype=torch.float32).view(1, rows, 1)
    x = torch.arange(cols, device=image.device, dtype=torch.float32).view(1, 1, cols)
    boxes = image.new_ones(batch, rows, cols)
    if prompts.box_xyxy is not None:
        x0, y0, x1, y1 = (prompts.box_xyxy[:, i].view(-1, 1, 1) for i in range(4))
        boxes = ((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).float()
    discs = image.new_zeros(batch, rows, cols)
    if prompts.points is not None:
        points_xy, labels = prompts.points
        across = (x - points_xy[..., 0, None, None].flatten(0, 1)) ** 2
        down = (y - points_xy[..., 1, None, None].flatten(0, 1)) ** 2
        near = (across + down <= CLICK_RADIUS**2).view(batch, -1, rows, cols)
        discs = (near & (labels == 1)[..., None, None]).any(1).float()
    return torch.stack([boxes, discs], 1)


def build_squeeze_sam() -> SqueezeSam:
    """SqueezeSAM, untrained."""
    with torch.no_grad():
        return SqueezeSam()


CONTRACT = InputContract(
    side=SIDE,
    fit="stretch",
    resample="bilinear",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    scale="0-1",
    prompts=frozenset({"point", "box"}),
    trained=frozenset({"point", "box"}),
    removes=False,  # only positive clicks are drawn
    candidates="best-of-three",
    upsample="bicubic",
)
_TOKENS = "get_iou_predictions_and_mask_tokens"
_REVISION_1 = (
    (r"^image_encoder\.proj\.", "patch_embed.proj."),
    (r"^image_encoder\.down_layers\.", "unet_encoder.down_layers."),
    (r"^mask_decoder\.(transformer|iou_token|mask_tokens)\.", rf"{_TOKENS}.\1."),
    (r"^mask_decoder\.unet_upscaling_layers\.", "unet_decoder.unet_upscaling_layers."),
)

RECIPES = (
    Recipe(
        name="squeeze-sam",
        title="SqueezeSAM (revision 2)",
        contract=CONTRACT,
        build=build_squeeze_sam,
        signature={"unet_encoder.down_layers.0.double_conv.0.conv.0.weight": (64, 64, 3, 3)},
    ),
    Recipe(
        name="squeeze-sam-rev1",
        title="SqueezeSAM (revision 1)",
        contract=CONTRACT,
        build=build_squeeze_sam,
        signature={"image_encoder.down_layers.0.double_conv.0.conv.0.weight": (64, 64, 3, 3)},
        rename=_REVISION_1,
    ),
)
