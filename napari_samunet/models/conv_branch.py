"""The convolutional branches beside the vision transformer."""

from __future__ import annotations

import torchvision
from torch import Tensor, nn


class ResNetBranch(nn.Module):
    """Torchvision's ResNet under the published names ``stage0`` … ``stage4``; maps at strides 4, 8,
    16, 32.
    """

    strides = (4, 8, 16, 32)

    def __init__(self, name: str) -> None:
        super().__init__()
        net = getattr(torchvision.models, name)(weights=None)
        self.stage0 = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.stage1, self.stage2 = net.layer1, net.layer2
        self.stage3, self.stage4 = net.layer3, net.layer4
        self.skip_widths: tuple[int, ...] = ()

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, 3, S, S) → four maps, finest first."""
        x = self.stage0(image)
        maps = []
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            x = stage(x)
            maps.append(x)
        return maps


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm and a shortcut (arXiv 1512.03385)."""

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or width_in != width:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride),
                nn.Conv2d(width_in, width, 1, bias=False),
                nn.BatchNorm2d(width),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) → (B, width, H / stride, W / stride)."""
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        return self.act(y + self.shortcut(x))


_STEM = 16


class LightBranch(nn.Module):
    """The built-in model's branch: a full-side stem of 16 channels, then residual stages at strides
    2, 4, 8, 16.
    """

    strides = (2, 4, 8, 16)

    def __init__(self, in_channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, _STEM, 3, 1, 1, bias=False),
            nn.BatchNorm2d(_STEM),
            nn.ReLU(inplace=True),
        )
        stages, before = [], _STEM
        for depth, width in zip((1, 2, 2, 2), widths, strict=True):
            blocks = [ResidualBlock(before, width, 2)]
            blocks += [ResidualBlock(width, width) for _ in range(depth - 1)]
            stages.append(nn.Sequential(*blocks))
            before = width
        self.stages = nn.ModuleList(stages)
        self.skip_widths = (_STEM, *widths[:3])

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, C, S, S) → five maps at strides 1, 2, 4, 8, 16; the last four go to the transformer
        as well.
        """
        maps = [self.stem(image)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps
