"""Make the moving picture of the README: one minute of real mouse and key events on the sample CT.

    python docs/make_recording.py [--model NAME_OR_PATH] [--out docs/images/recording.gif]

On a server: ``xvfb-run -s "-screen 0 1600x1000x24" python docs/make_recording.py``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from person import Person
from qtpy.QtCore import Qt

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
LIVER, NOT_LIVER, TUMOUR = (112, 66), (143, 70), (137, 53)
DOUBTFUL, LEFT_LOBE = 33, (95, 117)  # the slice where the left lobe is missing
KIDNEY_IN_IT, KIDNEY = 27, (158, 71)


class Recorder:
    """Takes half-size pictures of the window, each shown for a while.

    Parameters
    ----------
    person : Person
    """

    def __init__(self, person: Person) -> None:
        self.person = person
        self.frames: list[np.ndarray] = []
        self.durations: list[int] = []

    def take(self, seconds: float) -> None:
        """Show the window as it is now for so long."""
        shot = self.person.viewer.window.screenshot(canvas_only=False, flash=False)[..., :3]
        rows, columns = (size // 2 * 2 for size in shot.shape[:2])
        halves = shot[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, 3)
        self.frames.append(halves.mean(axis=(1, 3)).astype(np.uint8))
        self.durations.append(round(seconds * 1000))

    def save(self, path: Path) -> None:
        """Write an animated GIF that begins again at its end."""
        path.parent.mkdir(parents=True, exist_ok=True)
        iio.imwrite(path, self.frames, duration=self.durations, loop=0)
        print(f"{path}: {len(self.frames)} pictures, {sum(self.durations) / 1000:.0f} s")


def main() -> None:
    """Click, correct, carry on, take back; record all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="builtin", help="name in the list, or a checkpoint")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images/recording.gif")
    args = parser.parse_args()
    person = Person(args.model)
    record = Recorder(person)
    person.go_to(20)
    record.take(3)
    _one_organ(person, record)
    _through_the_slices(person, record)
    _a_tumour(person, record)
    record.save(args.out)
    person.viewer.close()


def _one_organ(person: Person, record: Recorder) -> None:
    person.click(LIVER)
    record.take(4)
    person.click(NOT_LIVER, Qt.MouseButton.RightButton)
    record.take(4)
    person.press(Qt.Key.Key_G)
    person.act.grouping.rename(1, "liver")
    person.rest(0.3)
    record.take(3)


def _through_the_slices(person: Person, record: Recorder) -> None:
    person.press(Qt.Key.Key_S, SHIFT)
    record.take(2)
    person.wait_for(lambda: not person.act.through.running)
    for index in (21, 23, 25, 28, 30, DOUBTFUL):
        person.go_to(index)
        record.take(1)
    person.click(LEFT_LOBE)
    record.take(3)
    _redo(person)
    person.go_to(KIDNEY_IN_IT)
    record.take(2)
    person.click(KIDNEY, Qt.MouseButton.RightButton)
    record.take(2)
    _redo(person)
    for index in (30, 28, 26):
        person.go_to(index)
        record.take(1)
    person.press(Qt.Key.Key_G)
    record.take(3)


def _redo(person: Person) -> None:
    person.press(Qt.Key.Key_R, SHIFT)
    person.wait_for(lambda: not person.act.through.running)


def _a_tumour(person: Person, record: Recorder) -> None:
    person.press(Qt.Key.Key_8, SHIFT)
    record.take(3)
    person.press(Qt.Key.Key_N)
    person.act.grouping.set_overlap("replace")
    person.click(TUMOUR)
    record.take(4)
    person.press(Qt.Key.Key_G)
    person.act.grouping.rename(2, "metastasis")
    person.press(Qt.Key.Key_0, SHIFT)
    record.take(4)
    for _ in range(6):
        person.press(Qt.Key.Key_Z, CONTROL)
        record.take(1)
    for _ in range(6):
        person.press(Qt.Key.Key_Z, CONTROL | SHIFT)
        record.take(1)
    person.rest(0.3)
    record.take(6)


if __name__ == "__main__":
    main()
