"""Make the picture of the README: a real window, real mouse clicks on the sample CT.

    python docs/make_screenshot.py [--model NAME_OR_PATH] [--out docs/images/window.png]

On a server: ``xvfb-run -s "-screen 0 1600x1000x24" python docs/make_screenshot.py``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from person import Person
from qtpy.QtCore import Qt

SLICE = 20
# (row, column) of the sample: the liver; the kidney behind it, which is none; the liver beside it.
LIVER, NOT_LIVER, INNER = (112, 66), (143, 70), (141, 97)
KIDNEY = (139, 158), (175, 195)


def main() -> None:
    """Click two organs and save the window."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images/window.png")
    args = parser.parse_args()
    person = Person(args.model)
    person.go_to(SLICE)
    person.click(LIVER)
    person.click(NOT_LIVER, Qt.MouseButton.RightButton)
    person.click(INNER)
    person.act.grouping.rename(1, "liver")
    person.press(Qt.Key.Key_G)
    person.press(Qt.Key.Key_N)
    person.press(Qt.Key.Key_W)
    person.drag(*KIDNEY)
    person.act.grouping.rename(2, "kidney")
    person.rest(1.0)
    person.take_picture(args.out)
    person.viewer.close()


if __name__ == "__main__":
    main()
