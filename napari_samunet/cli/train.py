"""Train a model from a TOML configuration; a stopped run goes on where it was."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet train``."""
    parser.add_argument("config", type=Path, help="TOML file, e.g. resources/train/builtin.toml")
    parser.add_argument(
        "--out", type=Path, help="folder of the run (default: runs/NAME of the configuration)"
    )
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--threads", type=int, help="CPU threads of the training process")


def run(arguments: argparse.Namespace) -> int:
    """Train, and print where the weights are."""
    import torch

    from napari_samunet.training.config import read_config
    from napari_samunet.training.loop import Trainer

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    config = read_config(arguments.config)
    folder = arguments.out or Path("runs") / arguments.config.stem
    weights = Trainer(config, folder, arguments.device).run()
    print(f"weights: {weights}")
    return 0
