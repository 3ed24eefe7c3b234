"""Make the pictures of the Model section: a SAM-Med2D checkpoint that answers, and a refused file.

    python docs/make_model_screenshots.py CHECKPOINT [--out docs/images]

CHECKPOINT is a SAM-Med2D file, or the folder of checkpoint layouts that the tests use: a full-size
file with rule-made weights, which mean nothing, is made from it then.
On a server: ``xvfb-run -s "-screen 0 1600x1000x24" python docs/make_model_screenshots.py …``.
"""

from __future__ import annotations

import argparse
import json
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory

from person import Person

SLICE = 20
NAME = "sam-med2d_b.pth"
HALF = 1 << 20  # bytes of a download that broke off


def main() -> None:
    """Open a checkpoint, then one that is cut off, and save the window each time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, help="SAM-Med2D file, or folder of layouts")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        checkpoint = args.checkpoint
        if checkpoint.is_dir():
            checkpoint = made_by_rule(checkpoint, Path(folder) / NAME)
        cut_off = Path(folder) / "cut_off.pth"
        with checkpoint.open("rb") as whole:
            cut_off.write_bytes(whole.read(HALF))
        take_pictures(checkpoint, cut_off, args.out)


def take_pictures(checkpoint: Path, cut_off: Path, out: Path) -> None:
    """Be a person who opens both files."""
    person = Person("builtin")
    person.go_to(SLICE)
    person.widget.model.set_open(True)
    models = person.act.models
    for path, picture in ((checkpoint, "model_loaded.png"), (cut_off, "model_rejected.png")):
        models.choose(str(path))
        person.wait_for(lambda: not models.view().busy)
        person.rest(0.5)
        person.take_picture(out / picture)
    person.viewer.close()


def made_by_rule(layouts: Path, path: Path) -> Path:
    """Write the checkpoint as its authors save theirs, every value made from its tensor's name."""
    import torch

    rule = runpy.run_path(str(layouts / "weights_by_rule.py"))["tensor"]
    table = json.loads((layouts / "sam_med2d_vit_b.json").read_text())
    made = {name: rule(name, shape, dtype) for name, shape, dtype in table}
    state = {name: torch.from_numpy(value) for name, value in made.items() if value is not None}
    torch.save({"model": state}, path)
    return path


if __name__ == "__main__":
    main()
