"""The built-in member of the SAM-UNet family: its sizes and its contract travel with its weights.

A weights file of ours is a safetensors file whose metadata holds ``config`` (JSON of
``SamUNetConfig``) and, where it differs from the default below, ``contract`` (JSON of
``InputContract``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import partial
from typing import Any

from napari_samunet.errors import BadCheckpoint
from napari_samunet.models.contract import InputContract
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.samunet import SamUNetConfig, build


def contract_of(config: SamUNetConfig) -> InputContract:
    """The contract of a member of ours: square crops, grey values 0–1, four masks at full side."""
    return InputContract(
        side=config.image_size,
        fit="crop",
        resample="antialias",
        channels=config.in_channels - int(config.local_contrast),  # that one it makes itself
        mean=(0.0,),
        std=(1.0,),
        scale="0-1",
        mask_side=config.image_size,
        candidates="one-click",
        zoom=True,
        # On the slice cases Dice moves by 2e-5 at most, logits by 1e-4 (every eighth case).
        half=True,
    )


def metadata_of(config: SamUNetConfig, contract: InputContract | None = None) -> dict[str, str]:
    """What a safetensors file of ours says about itself beside its tensors."""
    said = {"config": json.dumps(asdict(config))}
    if contract is not None:
        plain = asdict(contract)
        said["contract"] = json.dumps(
            {key: sorted(v) if isinstance(v, frozenset) else v for key, v in plain.items()}
        )
    return said


def recipe_of(metadata: Mapping[str, str]) -> Recipe | None:
    """The recipe that a file of ours describes, or None where the file is of somebody else.

    Raises
    ------
    BadCheckpoint
        The description names fields that this version does not know, or no values for them.
    """
    said = _json(metadata.get("config", ""))
    if not said.keys() & {field.name for field in fields(SamUNetConfig)}:
        return None  # others too keep a "config" beside their tensors
    config = _filled(SamUNetConfig(), said)
    contract = _filled(contract_of(config), _json(metadata.get("contract", "")))
    return Recipe("builtin", "SAM-UNet, built-in member", contract, partial(build, config))


def _json(text: str) -> dict[str, Any]:
    """The fields that a text describes; none where it describes something else."""
    try:
        values = json.loads(text)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _filled(default, values: Mapping[str, Any]):  # type: ignore[no-untyped-def]
    """A frozen dataclass with other values; lists become what the default's field holds."""
    known = {field.name: type(getattr(default, field.name)) for field in fields(default)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise BadCheckpoint(
            f"The weights file describes itself with {', '.join(unknown)}, which this version "
            "does not know; update napari-samunet."
        )
    for name, value in values.items():
        kind = list if known[name] in (tuple, frozenset) else known[name]
        if not isinstance(value, kind):
            raise BadCheckpoint(
                f"The weights file says that {name} is {value!r}, which it cannot be; get it again."
            )
    return replace(default, **{name: known[name](value) for name, value in values.items()})
