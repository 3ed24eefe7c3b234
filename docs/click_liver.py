"""Segment an organ of a real CT in a real window, with real mouse events; print the Dice.

    python docs/click_liver.py CT REFERENCE [--label 5] [--slice 106] [--model NAME_OR_PATH]
        [--out labels.nii.gz] [--pictures FOLDER]

A box around the organ is dragged, then its middle is clicked, the mask accepted and exported.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nibabel
import numpy as np
from person import Person
from qtpy.QtCore import Qt

from napari_samunet.evaluation.metrics import dice
from napari_samunet.io.labels import read_labels
from napari_samunet.io.open import open_volume
from napari_samunet.plugin.reader import plain_name
from napari_samunet.prompts.simulate import first_click, tight_box


def main() -> None:
    """Box, click, accept, export, and compare."""
    args = _arguments()
    volume = open_volume(args.image)
    truth = read_labels(args.reference, volume)[args.slice] == args.label
    person = Person(args.model, [(volume, Path(plain_name(args.image)))])
    person.go_to(args.slice)
    _picture(person, args.pictures, "opened")
    person.press(Qt.Key.Key_W)
    top, left, bottom, right = tight_box(truth)
    person.drag((top, left), (bottom, right))
    print(f"Dice with the box: {dice(_shown(person), truth):.3f}")
    _picture(person, args.pictures, "box")
    person.press(Qt.Key.Key_Q)
    person.click(first_click(truth))
    print(f"Dice with box and click: {dice(_shown(person), truth):.3f}")
    _picture(person, args.pictures, "click")
    person.press(Qt.Key.Key_G)
    person.act.export(args.out)
    person.wait_for(lambda: not person.act.is_busy)
    _picture(person, args.pictures, "exported")
    person.viewer.close()
    _compare(args, truth)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image", type=Path, help="CT in NIfTI")
    parser.add_argument("reference", type=Path, help="labels on its grid")
    parser.add_argument("--label", type=int, default=5, help="of the organ (5: liver)")
    parser.add_argument("--slice", type=int, default=106, help="along axis 0")
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--out", type=Path, default=Path("labels.nii.gz"))
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the window")
    return parser.parse_args()


def _shown(person: Person) -> np.ndarray:
    return person.act.work.session.preview.mask


def _picture(person: Person, folder: Path | None, name: str) -> None:
    if folder is not None:
        person.take_picture(folder / f"{name}.png")


def _compare(args: argparse.Namespace, truth: np.ndarray) -> None:
    """Say what nibabel, which knows nothing of us, finds in the export."""
    source, written = nibabel.load(args.image), nibabel.load(args.out)
    labels = np.asarray(written.dataobj).T
    print(f"Dice of the export: {dice(labels[args.slice] > 0, truth):.3f}")
    print(f"Affine as the source's: {np.array_equal(source.affine, written.affine)}")
    print(f"Shape as the source's: {source.shape == written.shape}")


if __name__ == "__main__":
    main()
