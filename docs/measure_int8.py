"""What eight bits would give and take: the built-in encoder in int8 beside float32, in one run.

    pip install nncf
    python docs/measure_int8.py SLICES [--every 2]

SLICES is a folder of slice cases; those with masks by people are measured. The encoder is quantised
after training on synthetic samples (NNCF, for transformers), and both run in OpenVINO, in turns.
Printed are how many times sooner it encodes, and macro Dice per prompt with either.
"""

from __future__ import annotations

import argparse
import copy
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import openvino
import torch
from measure_ablation import COLUMNS, measure
from torch import Tensor

from napari_samunet.evaluation.cases import human_cases
from napari_samunet.models.load import load_model
from napari_samunet.models.openvino_encoder import traced_encoder
from napari_samunet.models.system import System
from napari_samunet.training.config import SceneConfig
from napari_samunet.training.stream import SampleStream

SAMPLES = 200
SEED = 77_000_002  # no training run has it


class Compiled:
    """An encoder that OpenVINO compiled."""

    precision = "measured"

    def __init__(self, model: Any) -> None:
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        options["INFERENCE_NUM_THREADS"] = str(torch.get_num_threads())
        self._compiled = openvino.Core().compile_model(model, "CPU", options)

    def encode(self, image: Tensor) -> dict[str, Tensor]:
        """One image (1, C, S, S) → features."""
        answer = self._compiled([image.contiguous().numpy()])
        return {port.get_any_name(): torch.from_numpy(value) for port, value in answer.items()}


def main() -> None:
    """Quantise, measure both in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of slice cases")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each K-th case")
    args = parser.parse_args()
    model = load_model("builtin", device="cpu")
    images = _images(model)
    encoders = {"float32": Compiled(_trace(model)), "int8": Compiled(_quantised(model, images))}
    ratio = np.median([_sooner(encoders, image) for image in images])
    print(f"int8 encodes {ratio:.2f} times as fast as float32 ({len(images)} images, in turns)")
    cases = human_cases(args.folder)[:: args.every]
    print(f"{len(cases)} cases; macro Dice: {', '.join(COLUMNS)}")
    for name, encoder in encoders.items():
        system = copy.copy(model)
        system.encoder = encoder
        measure(name, cases, system)


def _images(model: System) -> list[Tensor]:
    contract = model.contract
    scenes = replace(SceneConfig(), pool=100, workers=0)
    stream = iter(SampleStream(scenes, contract.side, SEED))
    shown = ((next(stream)[0][0] * 255).round().numpy() for _ in range(SAMPLES))
    return [model.prepare(image) for image in shown]


def _trace(model: System) -> Any:
    return traced_encoder(model.module, (model.contract.channels,) + 2 * (model.contract.side,))


def _quantised(model: System, images: list[Tensor]) -> Any:
    import nncf

    return nncf.quantize(
        _trace(model),
        nncf.Dataset([image.numpy() for image in images]),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(images),
    )


def _sooner(encoders: dict[str, Compiled], image: Tensor) -> float:
    """How many times as long float32 takes as int8."""
    seconds = []
    for name in ("float32", "int8"):
        began = perf_counter()
        encoders[name].encode(image)
        seconds.append(perf_counter() - began)
    return seconds[0] / seconds[1]


if __name__ == "__main__":
    main()
