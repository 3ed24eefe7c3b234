"""Make the pictures of guide.md: a real window, real mouse and key events on the sample CT.

    python docs/make_guide.py [--model NAME_OR_PATH] [--out docs/images/guide] [--only liver …]

On a server: ``xvfb-run -s "-screen 0 1600x1000x24" python docs/make_guide.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from person import Person
from qtpy.QtCore import Qt

SHIFT = Qt.KeyboardModifier.ShiftModifier
# Slice and (row, column) in the sample.
LIVER, LIVER_BOX = (20, (112, 66)), ((78, 37), (163, 107))
KIDNEY, GALLBLADDER = (143, 70), (92, 92)
TUMOUR, TUMOUR_KEYS, TUMOUR_ENDS = (26, (137, 53)), (24, 28), (23, 29)
FLUID, ELSEWHERE = (22, (95, 92)), (112, 66)


def main() -> None:
    """Make every picture, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images/guide")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        person = Person(args.model, sessions=Path(folder))
        for part in args.only:
            PARTS[part](person, lambda name: person.take_picture(args.out / f"{name}.png"))
            _start_over(person)
        person.viewer.close()


def liver(person: Person, picture: Callable[[str], None]) -> None:
    """A large organ: box, a click on each neighbour in it, accept, carry on."""
    person.go_to(LIVER[0])
    person.press(Qt.Key.Key_W)
    person.drag(*LIVER_BOX)
    person.press(Qt.Key.Key_Q)
    for neighbour in (KIDNEY, GALLBLADDER):
        person.click(neighbour, Qt.MouseButton.RightButton)
    picture("liver-box")
    person.press(Qt.Key.Key_G)
    person.act.grouping.rename(1, "liver")
    person.press(Qt.Key.Key_S, SHIFT)
    person.wait_for(lambda: not person.act.through.running)
    person.go_to(LIVER[0] + 3)
    picture("liver-carried")
    person.press(Qt.Key.Key_G)
    person.press(Qt.Key.Key_D, SHIFT)
    picture("liver-doubtful")


def tumour(person: Person, picture: Callable[[str], None]) -> None:
    """A lesion: a window that shows it, a click, two more key slices, everything between."""
    person.go_to(TUMOUR[0])
    person.press(Qt.Key.Key_8, SHIFT)
    person.click(TUMOUR[1])
    picture("tumour-click")
    person.press(Qt.Key.Key_G)
    person.act.grouping.rename(person.act.work.session.current.id, "tumour")
    for index in TUMOUR_KEYS:
        person.go_to(index)
        person.click(TUMOUR[1])
        person.press(Qt.Key.Key_G)
    _set_range(person, *TUMOUR_ENDS)
    person.press(Qt.Key.Key_S, SHIFT)
    person.wait_for(lambda: not person.act.through.running)
    person.go_to(TUMOUR[0] + 1)
    picture("tumour-carried")
    person.press(Qt.Key.Key_G)
    _set_range(person, 0, person.act.work.volume.shape[0] - 1)
    person.press(Qt.Key.Key_0, SHIFT)


def fluid(person: Person, picture: Callable[[str], None]) -> None:
    """A fluid-filled space from nothing: lasso, paint, lock, and the neighbour keeps away."""
    person.go_to(FLUID[0])
    row, column = FLUID[1]
    turns = np.linspace(0, 6.2, 30)
    ring = [(row + 16 * np.sin(turn), column + 18 * np.cos(turn)) for turn in turns]
    person.press(Qt.Key.Key_W, SHIFT)
    person.draw(ring)
    picture("fluid-lasso")
    person.press(Qt.Key.Key_J)
    person.drag((row - 8, column), (row + 8, column))
    person.press(Qt.Key.Key_G)
    current = person.act.work.session.current
    person.act.grouping.rename(current.id, "gallbladder")
    person.press(Qt.Key.Key_K, SHIFT)
    person.press(Qt.Key.Key_N)
    person.press(Qt.Key.Key_Q)
    person.click(ELSEWHERE)
    picture("fluid-locked")
    person.press(Qt.Key.Key_G)


def keys(person: Person, picture: Callable[[str], None]) -> None:
    """The ghost under the mouse, the suggestions, all keys."""
    person.go_to(LIVER[0])
    person.press(Qt.Key.Key_E, SHIFT)
    person.hover(LIVER[1])
    person.rest(2.0)
    picture("ghost")
    person.press(Qt.Key.Key_E, SHIFT)
    person.press(Qt.Key.Key_F, SHIFT)
    person.wait_for(lambda: not person.act.suggestions.running)
    picture("suggestions")
    person.act.suggestions.clear()


def planes(person: Person, picture: Callable[[str], None]) -> None:
    """The same click in a coronal plane."""
    person.viewer.dims.order = (1, 0, 2)
    person.viewer.reset_view()
    person.go_to(LIVER[1][0])
    person.click((LIVER[0], LIVER[1][1]))
    picture("coronal")
    person.viewer.dims.order = (0, 1, 2)
    person.viewer.reset_view()


def _set_range(person: Person, first: int, last: int) -> None:
    person.write("First slice", str(first + 1))
    person.write("Last slice", str(last + 1))


def _start_over(person: Person) -> None:
    while person.act.work.session.undo():
        pass
    person.press(Qt.Key.Key_Q)
    person.rest(0.5)


PARTS = {"liver": liver, "tumour": tumour, "fluid": fluid, "keys": keys, "planes": planes}


if __name__ == "__main__":
    main()
