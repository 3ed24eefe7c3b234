"""A named architecture: how to build it, what it wants, and how its files are told from others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from napari_samunet.models.contract import InputContract
from napari_samunet.models.position_tables import resize_position_tables

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """One system that checkpoints exist for.

    Attributes
    ----------
    name
        Short name, the same as in the model list and for ``load_model(system=…)``.
    title
        Name as its authors write it.
    contract
        How it wants images and prompts.
    build
        Makes the untrained network; its state dict has exactly the names of the published files.
        SAM's kin take another ``side`` by keyword.
    signature
        Tensor names that only files of this system have, with their shapes (None: any shape).
    absent
        Parts of names that its files never have.
    hint
        Part of a file name that decides between systems with equal tensors, lower case.
    leave_out
        Parts of the names of tensors that are left out on purpose: adapters, unused heads.
    rename
        Regular expressions and what replaces them, in this order, that turn the stored names into
        those of ``build``.
    grid
        Side of the token grid that stored position tables are resized to; 0: taken as they are.
    """

    name: str
    title: str
    contract: InputContract
    build: Callable[..., nn.Module]
    signature: Mapping[str, Shape | None] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    hint: str = ""
    leave_out: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    grid: int = 0

    def matches(self, shapes: Mapping[str, Shape]) -> bool:
        """Whether tensors of these names and shapes look like a file of this system."""
        for name, shape in self.signature.items():
            if name not in shapes or (shape is not None and tuple(shapes[name]) != shape):
                return False
        return not any(part in name for part in self.absent for name in shapes)

    def fitted(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Stored tensors under the names and in the sizes of ``build``, without those left out on
        purpose.
        """
        kept = {
            self._renamed(name): tensor
            for name, tensor in tensors.items()
            if not any(part in name for part in self.leave_out)
        }
        return resize_position_tables(kept, self.grid) if self.grid else kept

    def _renamed(self, name: str) -> str:
        for pattern, replacement in self.rename:
            name = re.sub(pattern, replacement, name)
        return name
