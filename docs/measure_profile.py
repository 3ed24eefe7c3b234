"""Where the time of encoding goes: a network in plain PyTorch, and as it answers here.

    python docs/measure_profile.py sam-vit-b-256

prints, for each of the two, the share of each kind of operation, in units of what the plain form
takes in all. Published networks get seeded weights, which take the same time as trained ones.
"""

from __future__ import annotations

import sys
from collections import Counter

import torch
from torch.profiler import ProfilerActivity, profile

from napari_samunet.evaluation.contenders import pair_from, pair_of
from napari_samunet.models.load import load_model
from napari_samunet.models.system import System

ROUNDS = 8
SHOWN = 8
KINDS = {
    "matrix products": ("mm", "linear", "matmul", "einsum"),
    "convolutions": ("conv",),
    "attention": ("attention", "softmax"),
    "norms": ("norm",),
    "copies": ("copy", "cat", "clone", "index", "pad", "roll", "fill", "gather", "empty"),
    "sums, products, activations": ("add", "mul", "gelu", "relu", "div", "sub", "sigmoid"),
}


def main(name: str) -> None:
    """Print the table of a system."""
    pair = pair_from(load_model(name, device="cpu")) if name == "builtin" else pair_of(name)
    plain, ours = Counter[str](), Counter[str]()
    for _ in range(ROUNDS):  # in turns: whatever else the machine does strikes both alike
        plain += spent(pair.plain)
        ours += spent(pair.ours)
    whole = plain.total()
    print(f"| {name} | plain PyTorch | ours |\n|---|---:|---:|")
    kinds = [kind for kind, _ in (plain + ours).most_common(SHOWN)]
    for kind in kinds:
        print(f"| {kind} | {plain[kind] / whole:.0%} | {ours[kind] / whole:.0%} |")
    print(f"| all | 100% | {ours.total() / whole:.0%} |")


def spent(system: System) -> Counter[str]:
    """Microseconds of each kind of operation in one encoding."""
    image = torch.rand(1, system.contract.channels, system.contract.side, system.contract.side)
    system.encode(image)
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        system.encode(image)
    found: Counter[str] = Counter()
    for event in watched.key_averages():
        found[kind_of(event.key)] += round(event.self_cpu_time_total)
    return found


def kind_of(operation: str) -> str:
    """Name of the kind that an operation of torch is of."""
    for kind, words in KINDS.items():
        if any(word in operation for word in words):
            return kind
    return "other"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "builtin")
