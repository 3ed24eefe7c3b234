"""The mask decoder of the built-in model: a U-Net way up that sees the prompts at every scale.

SAM's two-way transformer answers on the coarse grid; then the conv branch's features come back as
skips, and with them the prompts as maps (SqueezeSAM's early fusion, late): what is lost when a
click becomes a token is kept in a map. A hypernetwork turns each mask token into the kernel of its
mask (SAM, arXiv 2304.02643).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from segment_anything.modeling.mask_decoder import MLP
from segment_anything.modeling.transformer import TwoWayTransformer
from torch import Tensor, nn

from napari_samunet.models.prompt_tensors import PromptTensors

MASKS = 4  # one for clear prompts, three for the meanings of a single click, as in SAM
MAP_CHANNELS = 12
GREYS = 64  # shades that are told apart where an object is told from what lies around it
MATCH_WIDTH = 16


class PyramidDecoder(nn.Module):
    """Prompts on encoded features → four masks at the full side of the model frame, with predicted
    IoU.

    Parameters
    ----------
    embed_dim
        Channels of the embedding and of the prompt tokens.
    skip_widths
        Channels of the conv maps at strides 1, 2, 4, 8.
    widths
        Channels of the decoder at strides 8, 4, 2, 1.
    """

    def __init__(
        self, embed_dim: int, skip_widths: tuple[int, ...], widths: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.transformer = TwoWayTransformer(
            depth=2, embedding_dim=embed_dim, num_heads=8, mlp_dim=4 * embed_dim
        )
        self.score_token = nn.Embedding(1, embed_dim)
        self.mask_tokens = nn.Embedding(MASKS, embed_dim)
        self.dense_maps = nn.Conv2d(MAP_CHANNELS, embed_dim, 3, 1, 1)
        self.skips = nn.ModuleList(
            nn.Conv2d(skip, width, 1) for skip, width in zip(skip_widths[::-1], widths, strict=True)
        )
        self.match = nn.Conv2d(skip_widths[2], MATCH_WIDTH, 1)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(before, width, 2, 2)
            for before, width in zip((embed_dim, *widths[:-1]), widths, strict=True)
        )
        self.maps = nn.ModuleList(nn.Conv2d(MAP_CHANNELS + 2, width, 3, 1, 1) for width in widths)
        # Full side is dear and its detail plain: one convolution there, two below.
        self.fuse = nn.ModuleList(
            _fuse_block(width, convs) for width, convs in zip(widths, (2, 2, 2, 1), strict=True)
        )
        self.hypernetworks = nn.ModuleList(
            MLP(embed_dim, embed_dim, widths[-1], 3) for _ in range(MASKS)
        )
        self.score_head = MLP(embed_dim, embed_dim, MASKS, 3)

    def prepare(self, image: Tensor, maps: list[Tensor]) -> dict[str, Tensor]:
        """What the decoder needs of an image, computed once: skips, matching features, smoothed
        grey values.

        ``image`` is (B, C, S, S); ``maps`` are the conv maps at strides 1, 2, 4, 8, … in this
        order.
        """
        features = {
            f"skip{i}": skip(m)
            for i, (skip, m) in enumerate(zip(self.skips, maps[3::-1], strict=True))
        }
        features["match"] = F.normalize(self.match(maps[2]).float(), dim=1)
        features["grey"] = F.avg_pool2d(image[:, :1].float(), 3, 1, 1)
        return features

    def forward(
        self,
        position: Tensor,
        sparse: Tensor,
        dense: Tensor,
        drawn: Tensor,
        matches: Tensor,
        embedding: Tensor,
        *skips: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Return logits (B, 4, S, S) and predicted IoU (B, 4).

        Parameters
        ----------
        position
            Position code of the token grid, (1, D, G, G).
        sparse, dense
            Prompt tokens (B, P, D) and (B, D, G, G), from SAM's prompt encoder.
        drawn, matches
            What ``draw_prompts`` (B, 12, S, S) and ``match_clicks`` (B, 2, S / 4, S / 4) give.
        embedding, skips
            Features (B, D, G, G), and those that ``prepare`` calls ``skip0…``, coarse to fine.
        """
        pyramid = [drawn]
        for _ in range(3):
            pyramid.append(F.avg_pool2d(pyramid[-1], 2))
        # A number, too, where torch traces: older releases have tensors for sizes then.
        coarse = F.avg_pool2d(pyramid[-1], int(drawn.shape[-1] // 8 // embedding.shape[-1]))
        source = embedding + (dense + self.dense_maps(coarse))
        x, mask_tokens, scores = self._transform(source, position, sparse)
        for level, (up, fuse) in enumerate(zip(self.ups, self.fuse, strict=True)):
            maps = pyramid[3 - level]
            matched = F.interpolate(
                matches, size=maps.shape[-2:], mode="bilinear", align_corners=False
            )
            x = up(x) + skips[level] + self.maps[level](torch.cat([maps, matched], 1))
            x = x + fuse(x)
        kernels = torch.stack(
            [mlp(mask_tokens[:, i]) for i, mlp in enumerate(self.hypernetworks)], 1
        )
        logits = torch.einsum("bkc,bchw->bkhw", kernels.float(), x.float())
        return logits, scores

    def _transform(
        self, source: Tensor, position: Tensor, sparse: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch = sparse.shape[0]
        tokens = torch.cat([self.score_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([tokens.expand(batch, -1, -1), sparse], 1)
        position = position.expand(batch, -1, -1, -1)
        queries, keys = self.transformer(source, position, tokens)
        scores = self.score_head(queries[:, 0]).float().sigmoid()
        return keys.transpose(1, 2).reshape(source.shape), queries[:, 1 : 1 + MASKS], scores


def _fuse_block(width: int, convs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(convs):
        layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3, 1, 1)]
    return nn.Sequential(*layers)


def draw_prompts(grey: Tensor, prompts: PromptTensors) -> Tensor:
    """Prompts as maps (B, 12, S, S) in [-1, 1], zero where a prompt is absent.

    Positive and negative clicks each as a narrow spot, a wide one and likeness of grey value; a box
    as its area, as the level set of its inscribed ellipse, and as how much more often a grey value
    is found in it than around it; earlier logits as tanh, as their sign, and as how much more often
    a grey value is found inside than outside (the histograms of GrabCut, Rother et al. 2004).
    """
    batch, _, side, _ = grey.shape
    maps = grey.new_zeros(batch, MAP_CHANNELS, side, side)
    if prompts.points is not None:
        points_xy, labels = prompts.points
        for channel, value in ((0, 1), (3, 0)):
            maps[:, channel : channel + 3] = _click_maps(grey, points_xy, labels == value)
    if prompts.box_xyxy is not None:
        maps[:, 6:9] = _box_maps(grey, prompts.box_xyxy)
    if prompts.mask_logits is not None:
        inside = prompts.mask_logits.float().sigmoid()
        maps[:, 9:10] = torch.tanh(prompts.mask_logits / 2)
        maps[:, 10:11] = (prompts.mask_logits > 0).float()
        maps[:, 11:12] = more_often(grey, inside, 1 - inside)
    return maps


def _grid(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    axis = torch.arange(side, device=device, dtype=torch.float32)
    return axis.view(1, 1, 1, side), axis.view(1, 1, side, 1)


def _click_maps(grey: Tensor, points_xy: Tensor, chosen: Tensor) -> Tensor:
    side = grey.shape[-1]
    if grey.device.type == "cpu" and not chosen.any():  # an accelerator would be waited for
        return grey.new_zeros(len(grey), 3, side, side)
    x, y = _grid(side, grey.device)
    points = points_xy.float()
    squared = (x - points[..., 0, None, None]) ** 2 + (y - points[..., 1, None, None]) ** 2
    column = points[..., 0].round().long().clamp(0, side - 1)
    row = points[..., 1].round().long().clamp(0, side - 1)
    at_click = grey.flatten(1).gather(1, row * side + column)[..., None, None]
    spots = torch.stack(
        [
            torch.exp(-squared / 8),
            torch.exp(-squared.sqrt() / 16),
            torch.exp(-((grey - at_click) ** 2) / 0.08),  # grey spans [-1, 1],
        ],
        2,
    )
    return (spots * chosen[..., None, None, None]).amax(1)


def _box_maps(grey: Tensor, box_xyxy: Tensor) -> Tensor:
    x, y = _grid(grey.shape[-1], box_xyxy.device)
    x0, y0, x1, y1 = (box_xyxy.float()[:, i].view(-1, 1, 1, 1) for i in range(4))
    inside = ((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).float()
    wide, high = (x1 - x0) / 2, (y1 - y0) / 2
    near = (x >= x0 - wide) & (x <= x1 + wide) & (y >= y0 - high) & (y <= y1 + high)
    across = (2 * x - x0 - x1) / (x1 - x0 + 1)
    down = (2 * y - y0 - y1) / (y1 - y0 + 1)
    ellipse = (1 - across**2 - down**2).clamp(-1, 1)
    return torch.cat([inside, ellipse, more_often(grey, inside, near.float() - inside)], 1)


def more_often(grey: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """How much more often each place's grey value is found here than there, (B, 1, S, S): from -1,
    only there, to 1, only here; 0 where there is nowhere. ``here`` and ``there`` are weights.
    """
    shade = ((grey + 1) * (GREYS / 2)).long().clamp(0, GREYS - 1).flatten(1)
    one, other = (_shares(shade, weight.expand_as(grey).flatten(1)) for weight in (here, there))
    ratio = (one - other) / (one + other + 1e-3)
    ratio = ratio * (other.sum(1, keepdim=True) > 0)
    return ratio.gather(1, shade).view_as(grey)


def _shares(shade: Tensor, weight: Tensor) -> Tensor:
    """Histogram (B, GREYS), a little smoothed, of sum 1, or 0 where nothing weighs."""
    counted = weight.new_zeros(len(shade), GREYS).scatter_add(1, shade, weight)
    smooth = F.avg_pool1d(counted[:, None], 3, 1, 1)[:, 0]
    return smooth / smooth.sum(1, keepdim=True).clamp(min=1e-6)


def match_clicks(match: Tensor, prompts: PromptTensors, side: int) -> Tensor:
    """Likeness of each place to the positive and to the negative clicks, (B, 2, h, w) cosine, 0
    without such clicks.

    ``match`` are unit features (B, M, h, w); clicks are in pixels of a frame of ``side``.
    """
    batch, _, height, width = match.shape
    out = match.new_zeros(batch, 2, height, width)
    if prompts.points is None:
        return out
    points_xy, labels = prompts.points
    x, y = ((points_xy.float() + 0.5) / side * 2 - 1).unbind(-1)
    # Kept on the outermost pixel centres here: Apple's GPUs know no padding with the border.
    x, y = (at.clamp(1 / n - 1, 1 - 1 / n) for at, n in ((x, width), (y, height)))
    grid = torch.stack([x, y], -1)[:, :, None]
    at_clicks = F.grid_sample(match, grid, align_corners=False)[..., 0]
    likeness = torch.einsum("bmn,bmhw->bnhw", at_clicks, match)
    for channel, value in ((0, 1), (1, 0)):
        chosen = (labels == value)[..., None, None]
        best = likeness.masked_fill(~chosen, -2).amax(1)
        out[:, channel] = torch.where(chosen.any(1), best, torch.zeros_like(best))
    return out
