"""Which system a checkpoint belongs to, and whether its tensors fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from napari_samunet.errors import BadCheckpoint
from napari_samunet.io.names import listed
from napari_samunet.models.builtin import recipe_of
from napari_samunet.models.checkpoint import Checkpoint, shared_prefix
from napari_samunet.models.recipe import Recipe
from napari_samunet.models.systems import RECIPES, RESIZED

_SHOWN = 6


@dataclass(frozen=True)
class Recognition:
    """The system that a checkpoint was taken for.

    Attributes
    ----------
    recipe
        The system.
    note
        How it was chosen where several have the same tensors; empty where it was clear.
    others
        Names of the other systems with the same tensors, which the file may as well belong to.
    """

    recipe: Recipe
    note: str = ""
    others: tuple[str, ...] = ()


def recognise(checkpoint: Checkpoint, system: str | None = None) -> Recognition:
    """Tell a checkpoint's system from its tensor names and shapes.

    Parameters
    ----------
    checkpoint
        What was read.
    system
        Name of a system that overrides the guess, e.g. ``"medsam"``.

    Raises
    ------
    BadCheckpoint
        No known system has such tensors, or there is no system of that name.
    """
    own = recipe_of(checkpoint.metadata)
    if own is not None and system in (None, own.name):
        return Recognition(own)
    shapes = {name: tuple(tensor.shape) for name, tensor in checkpoint.tensors.items()}
    matching = [recipe for recipe in RECIPES if recipe.matches(shapes)]
    if system is not None:
        asked = recipe_named(system)
        return Recognition(asked, f"taken as {system}, as asked", _names_without(matching, asked))
    if not matching:
        raise BadCheckpoint(_unknown(checkpoint))
    return _decide(matching, checkpoint.path.name)


def recipe_named(name: str) -> Recipe:
    """The system of that name.

    Raises
    ------
    BadCheckpoint
        There is none.
    """
    for recipe in (*RECIPES, *RESIZED):
        if recipe.name == name:
            return recipe
    known = ", ".join(recipe.name for recipe in (*RECIPES, *RESIZED))
    raise BadCheckpoint(f"A system of these was wanted: {known}; but '{name}' came.")


def _decide(matching: Sequence[Recipe], file_name: str) -> Recognition:
    """Let the file name choose among systems with equal tensors; else the one without a hint."""
    fitting = [recipe for recipe in matching if recipe.hint in file_name.lower()]
    chosen = max(fitting, key=lambda recipe: len(recipe.hint), default=matching[0])
    others = _names_without(matching, chosen)
    if not others:
        return Recognition(chosen)
    named = chosen.hint and chosen in fitting
    reason = "by its file name" if named else "as its file name says nothing else"
    note = f"taken as {chosen.name} {reason}; system='{others[0]}' has the same tensors"
    return Recognition(chosen, note, others)


def _names_without(recipes: Sequence[Recipe], chosen: Recipe) -> tuple[str, ...]:
    return tuple(recipe.name for recipe in recipes if recipe is not chosen)


def _unknown(checkpoint: Checkpoint) -> str:
    names = [checkpoint.prefix + name for name in checkpoint.tensors]
    known = ", ".join(recipe.name for recipe in RECIPES)
    within = [f"the {n} that begin with `{word}`" for word, n in _models_within(checkpoint).items()]
    remedy = (
        f"save one model alone: {' or '.join(within)}"
        if within
        else f"wanted is a checkpoint of one of these: {known}"
    )
    return (
        f"{checkpoint.path.name} holds {len(names)} tensors of no known system (first: "
        f"{', '.join(names[:3])}); {remedy}."
    )


def _models_within(checkpoint: Checkpoint) -> dict[str, int]:
    """First words, such as `ema_model.`, whose names are those of a known system, and how many."""
    found = {}
    words = [name.partition(".")[0] + "." for name in checkpoint.tensors if "." in name]
    for word in dict.fromkeys(words):
        inside = [name for name in checkpoint.tensors if name.startswith(word)]
        start = shared_prefix(inside)
        shapes = {name.removeprefix(start): checkpoint.tensors[name].shape for name in inside}
        if any(recipe.matches(shapes) for recipe in RECIPES):
            found[checkpoint.prefix + word] = len(inside)
    return found


def skeleton(recipe: Recipe) -> nn.Module:
    """The network without memory for its weights.

    Raises
    ------
    BadCheckpoint
        The file describes itself as a network that cannot be built.
    """
    try:
        with torch.device("meta"):
            return recipe.build()
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise BadCheckpoint(
            f"The weights file describes a network that cannot be built ({error}); get it again."
        ) from error


def differences(module: nn.Module, tensors: Mapping[str, Tensor]) -> list[str]:
    """What keeps tensors from being exactly a network's weights, in readable lines; empty: nothing.

    Parameters
    ----------
    module
        The network, e.g. a :func:`skeleton`.
    tensors
        Stored tensors under the network's names.
    """
    own = module.state_dict()
    wanted = {name: tuple(value.shape) for name, value in own.items()}
    came = {name: tuple(value.shape) for name, value in tensors.items()}
    lines = _listed("missing", [name for name in wanted if name not in came])
    lines += _listed("extra", [name for name in came if name not in wanted])
    fractions = [name for name in wanted if name in came and own[name].is_floating_point()]
    whole = [name for name in fractions if not tensors[name].is_floating_point()]
    lines += _listed("of whole numbers, as of a quantised network", whole)
    unfit = [name for name in fractions if not _is_finite(tensors[name])]
    lines += _listed("with values that are no numbers, as of a training that diverged", unfit)
    reshaped = [
        f"{name} is {came[name]} instead of {shape}"
        for name, shape in wanted.items()
        if name in came and came[name] != shape
    ]
    return lines + _listed("of another shape", reshaped)


def _is_finite(tensor: Tensor) -> bool:
    return tensor.is_meta or bool(torch.isfinite(tensor).all())


def _listed(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"{len(names)} {what}: {listed(names, _SHOWN)}"]
