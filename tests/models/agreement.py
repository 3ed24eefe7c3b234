"""Print how each system agrees with the published answers, and what loading costs.

    python tests/models/agreement.py [--shared FOLDER]

Builds every full-size checkpoint by rule, loads it in an interpreter of its own, and asks through
``Session.predict``. The relative error is the norm of the difference of the low-resolution logits
by the norm of the published ones; "rounding" is how far the published float32 answer lies from
ours in float64. Memory is what loading adds to the peak of the process, by the size of the file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from published import (
    Witness,
    ask,
    prompts_of,
    reference_of,
    relative,
    rule_made,
    stored_part,
    volume_of,
)

from napari_samunet import Session, load_model
from napari_samunet.inference.engine import Engine

SYSTEMS = ("res34_sam_unet", "sam_med2d_vit_b", "sam_vit_b", "mobile_sam")
KINDS = ("box", "points", "box_points", "one_point")
# getrusage would begin with the peak of the process that started this one; the kernel's does not.
LOAD = """
import json, sys, time
from pathlib import Path
import timm.models.tiny_vit
from napari_samunet.models.load import load_model
peak = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024
before, start = peak(), time.perf_counter()
load_model(sys.argv[1], device="cpu")
print(json.dumps([time.perf_counter() - start, peak() - before]))
"""


def main() -> None:
    """One row a prompt of every reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = Path(__file__).resolve().parents[3] / "shared"
    parser.add_argument("--shared", type=Path, default=beside)
    folder = parser.parse_args().shared / "checkpoints"
    head = ("system", "prompt", "error", "rounding", "pixels %", "load s", "memory / file")
    print(ROW.format(*head))
    with tempfile.TemporaryDirectory() as made:
        for name in SYSTEMS:
            path = Path(made) / f"{name}.pth"
            torch.save(rule_made(folder, name), path)
            seconds, bytes_added = cost_of_loading(path)
            cost = f"{seconds:.1f}", f"{bytes_added / path.stat().st_size:.2f}"
            for row in agreement(folder, name, path):
                print(ROW.format(name, *row, *cost), flush=True)
            path.unlink()


ROW = "{:<16} {:<11} {:>9} {:>9} {:>9} {:>7} {:>14}"


def cost_of_loading(path: Path) -> tuple[float, int]:
    """Seconds, and bytes added to the peak memory of a fresh process (Linux)."""
    told = subprocess.run(
        [sys.executable, "-c", LOAD, str(path)], capture_output=True, text=True, check=True
    )
    seconds, bytes_added = json.loads(told.stdout.splitlines()[-1])
    return seconds, bytes_added


def agreement(folder: Path, name: str, path: Path) -> Iterator[tuple[str, str, str, str]]:
    """Prompt, relative error, the published answer's rounding, per cent of other pixels."""
    answer = reference_of(folder, f"image_{name}")
    session = Session(volume_of(answer["image"]), Engine(load_model(path, device="cpu")))
    witness = Witness(session)
    for kind in (kind for kind in KINDS if f"{kind}_mask" in answer):
        prompts = prompts_of(answer, kind)
        ours, exact = ask(session, prompts), witness.answer(prompts)
        stored = np.squeeze(answer[f"{kind}_low_res"])
        error = relative(stored_part(ours.model_logits, stored), stored)
        rounding = relative(stored, stored_part(exact.model_logits, stored))
        pixels = 100 * float((ours.mask != answer[f"{kind}_mask"]).mean())
        yield kind, f"{error:.1e}", f"{rounding:.1e}", f"{pixels:.3f}"


if __name__ == "__main__":
    main()
