"""Train a model from a TOML configuration; a stopped run goes on where it was."""

from __future__ import annotations

import argparse
from pathlib import Path

from napari_samunet.cli.output import check_folder, check_writable
from napari_samunet.errors import BadUsage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet train``."""
    parser.add_argument(
        "config",
        type=Path,
        help="TOML file; builtin: that of the shipped weights (resources/train/builtin.toml)",
    )
    parser.add_argument(
        "--out", type=Path, help="folder of the run (default: runs/NAME of the configuration)"
    )
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda, mps or auto")
    parser.add_argument("--threads", type=int, help="CPU threads of the training process")
    parser.add_argument(
        "--calibrate",
        type=Path,
        metavar="WEIGHTS",
        help="do not train: fit the scores of these weights on synthetic images, in their file",
    )
    parser.add_argument("--samples", type=int, default=400, help="images to calibrate on")


def run(arguments: argparse.Namespace) -> int:
    """Train, and print where the weights are; or calibrate, and print the map.

    Raises
    ------
    InputError
        A bad configuration, device or option, or a folder that cannot be written; nothing is made
        then.
    """
    from napari_samunet.assets import asset
    from napari_samunet.training.config import SHIPPED, read_config

    threads = arguments.threads
    if threads is not None and threads < 1:
        raise BadUsage(f"--threads counts from 1, but {threads} came.")
    shipped = str(arguments.config) == "builtin"
    config = read_config(asset(SHIPPED) if shipped else arguments.config)
    folder = arguments.out or Path("runs") / arguments.config.stem
    if arguments.calibrate is None:
        check_folder(folder)

    import torch

    from napari_samunet.models.device import choose_device

    if threads is not None:
        torch.set_num_threads(threads)
    device = str(choose_device(arguments.device))
    if arguments.calibrate is not None:
        return _calibrate(arguments, config.scenes)

    from napari_samunet.training.loop import Trainer

    weights = Trainer(config, folder, device).run()
    print(f"weights: {weights}")
    return 0


def _calibrate(arguments: argparse.Namespace, scenes) -> int:  # type: ignore[no-untyped-def]
    from napari_samunet.training.calibration import calibrate

    if arguments.samples < 2:
        raise BadUsage(f"--samples counts from 2, but {arguments.samples} came.")
    check_writable(arguments.calibrate)
    fitted = calibrate(arguments.calibrate, scenes, arguments.samples, arguments.device)
    print(f"score map of {arguments.calibrate}: {', '.join(map(str, fitted))}")
    return 0
