"""SAM-UNet: SAM's vision transformer beside a convolutional branch, fused twice.

One family, several members. The published ones (ResNet-34 or -50, 256 pixels, boxes) follow arXiv
2408.09886 and carry the names of the published state dicts; ``builtin`` is the small member that
this package trains and ships. All of them encode an image once (:meth:`SamUNet.encode`) and answer
each prompt from the encoded features (:meth:`SamUNet.decode`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from segment_anything.modeling import ImageEncoderViT, PromptEncoder
from torch import Tensor, nn

from napari_samunet.models.adapters import Reshaper, bridge, upscaler
from napari_samunet.models.conv_branch import LightBranch, ResNetBranch
from napari_samunet.models.encoder import Features
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.promptable import Divided
from napari_samunet.models.pyramid import PyramidDecoder, draw_prompts, match_clicks
from napari_samunet.models.single_mask_decoder import SingleMaskDecoder


@dataclass(frozen=True)
class SamUNetConfig:
    """Sizes of one member of the family.

    ``conv`` names the convolutional branch (``"resnet34"``, ``"resnet50"`` or ``"light"``),
    ``decoder`` the mask decoder (``"single"``: the published one, one mask at a quarter of the
    side; ``"pyramid"``: ours, four masks at the full side, prompts as maps at every scale).
    ``window`` 0 makes every block attend globally. ``local_contrast`` adds a channel with the frame
    standardised, so that a zoomed faint organ has contrast.
    """

    image_size: int = 256
    in_channels: int = 3
    patch_size: int = 16
    vit_width: int = 768
    vit_depth: int = 12
    vit_heads: int = 12
    window: int = 14
    global_blocks: tuple[int, ...] = (2, 5, 8, 11)
    embed_dim: int = 256
    conv: str = "resnet34"
    conv_widths: tuple[int, ...] = (64, 128, 256, 512)
    decoder: str = "single"
    decoder_widths: tuple[int, ...] = ()
    local_contrast: bool = False

    @property
    def grid(self) -> int:
        """Side of the token grid."""
        return self.image_size // self.patch_size


MEMBERS: dict[str, SamUNetConfig] = {
    "res34": SamUNetConfig(),
    "res50": SamUNetConfig(conv="resnet50", conv_widths=(256, 512, 1024, 2048)),
    "builtin": SamUNetConfig(
        image_size=128,
        in_channels=2,
        vit_width=192,
        vit_depth=4,
        vit_heads=6,
        window=0,
        global_blocks=(0, 1, 2, 3),
        embed_dim=128,
        conv="light",
        conv_widths=(32, 64, 128, 192),
        decoder="pyramid",
        decoder_widths=(96, 64, 48, 16),
        local_contrast=True,
    ),
}


class ImageEncoder(nn.Module):
    """Holder of the ViT under its published name."""

    def __init__(self, config: SamUNetConfig) -> None:
        super().__init__()
        self.sam_img_encoder = ImageEncoderViT(
            img_size=config.image_size,
            patch_size=config.patch_size,
            in_chans=config.in_channels,
            embed_dim=config.vit_width,
            depth=config.vit_depth,
            num_heads=config.vit_heads,
            out_chans=config.embed_dim,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=config.window,
            global_attn_indexes=config.global_blocks,
        )


class PromptTokens(nn.Module):
    """Holder of SAM's prompt encoder under its published name."""

    def __init__(self, config: SamUNetConfig) -> None:
        super().__init__()
        self.sam_prompt_encoder = PromptEncoder(
            embed_dim=config.embed_dim,
            image_embedding_size=(config.grid, config.grid),
            input_image_size=(config.image_size, config.image_size),
            mask_in_chans=16,
        )


class SamUNet(Divided):
    """A member of the SAM-UNet family; see the module docstring."""

    def __init__(self, config: SamUNetConfig) -> None:
        super().__init__()
        self.config = config
        self.image_encoder = ImageEncoder(config)
        self.prompt_encoder = PromptTokens(config)
        self.resnet: LightBranch | ResNetBranch
        if config.conv == "light":
            self.resnet = LightBranch(config.in_channels, config.conv_widths)
        else:
            self.resnet = ResNetBranch(config.conv)
        strides = self.resnet.strides
        self.adapters_in = nn.ModuleList(
            Reshaper(width, stride, config.vit_width, config.patch_size)
            for width, stride in zip(config.conv_widths, strides, strict=True)
        )
        self.mask_decoder: SingleMaskDecoder | PyramidDecoder
        if config.decoder == "single":
            self.adapters_bridge = nn.ModuleList(bridge(config.vit_width) for _ in range(3))
            self.embedding_encoder = upscaler(config.embed_dim)
            self.mask_decoder = SingleMaskDecoder(config.embed_dim)
        else:
            # The prompt maps of the pyramid replace SAM's mask downscaling: logits go in whole.
            self.prompt_encoder.sam_prompt_encoder.mask_downscaling = nn.Identity()
            self.mask_decoder = PyramidDecoder(
                config.embed_dim, self.resnet.skip_widths, config.decoder_widths
            )

    def encode(self, image: Tensor) -> Features:
        """Everything about an image that no prompt changes.

        Parameters
        ----------
        image
            Normalised image in the model frame, shape (B, C, S, S), float. The built-in member
            takes one channel in [0, 1], the windowed slice.

        Returns
        -------
        Features by name, each with B first: ``embedding`` (B, D, G, G)
        and what the mask decoder needs beside them (``multi_scale`` of the published members,
        ``skip0…`` of the pyramid).
        """
        if self.config.local_contrast:
            image = with_local_contrast(image)
        maps = self.resnet(image)
        embedding, branches = self._vit(image, maps[-len(self.adapters_in) :])
        features = {"embedding": embedding}
        if isinstance(self.mask_decoder, PyramidDecoder):
            return features | self.mask_decoder.prepare(image, maps)
        multi_scale = self.embedding_encoder(embedding)
        for branch in branches:  # this order keeps the published sums bit for bit
            multi_scale = multi_scale + branch
        return features | {"multi_scale": multi_scale}

    def _vit(self, image: Tensor, maps: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        vit = self.image_encoder.sam_img_encoder
        tokens = vit.patch_embed(image) + vit.pos_embed
        branches: list[Tensor] = []
        stage = 0
        for index, block in enumerate(vit.blocks):
            is_global = index in self.config.global_blocks
            if is_global:  # conv features join right before the tokens see the whole image
                tokens = tokens + self.adapters_in[stage](maps[stage]).permute(0, 2, 3, 1)
            tokens = block(tokens)
            if is_global:
                if self.config.decoder == "single" and stage < 3:
                    bridged = self.adapters_bridge[2 - stage](tokens.permute(0, 3, 1, 2))
                    branches.insert(0, bridged)
                stage += 1
        return vit.neck(tokens.permute(0, 3, 1, 2)), branches

    def prompted(
        self, features: Mapping[str, Tensor], prompts: PromptTensors
    ) -> tuple[Tensor, ...]:
        """What the mask decoder is given: position code, prompts as tokens, then features."""
        prompt_encoder = self.prompt_encoder.sam_prompt_encoder
        position = prompt_encoder.get_dense_pe().to(features["embedding"].dtype)
        if isinstance(self.mask_decoder, PyramidDecoder):
            sparse, dense = prompt_encoder(prompts.points, prompts.box_xyxy, None)
            drawn = draw_prompts(features["grey"], prompts)
            matches = match_clicks(features["match"], prompts, drawn.shape[-1])
            skips = (features[f"skip{i}"] for i in range(len(self.mask_decoder.skips)))
            return position, sparse, dense, drawn, matches, features["embedding"], *skips
        sparse, dense = prompt_encoder(prompts.points, prompts.box_xyxy, prompts.mask_logits)
        return position, sparse, dense, features["embedding"], features["multi_scale"]

    def answered(self, *given: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the mask decoder makes of it."""
        return self.mask_decoder(*given)


def with_local_contrast(image: Tensor) -> Tensor:
    """Centre a windowed frame (B, 1, S, S) in [0, 1] and add it standardised within ±3 as a second
    channel.
    """
    mean = image.mean((-2, -1), keepdim=True)
    deviation = image.std((-2, -1), keepdim=True).clamp(min=1e-3)
    standardised = ((image - mean) / deviation).clamp(-3, 3)
    return torch.cat([2 * image - 1, standardised], 1)


def build(member: str | SamUNetConfig) -> SamUNet:
    """Build a member by name (``"res34"``, ``"res50"``, ``"builtin"``) or from a configuration,
    untrained.
    """
    config = MEMBERS[member] if isinstance(member, str) else member
    with torch.no_grad():
        return SamUNet(config)
