"""What a person does with whole objects; every action can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from napari_samunet.errors import ExportRefused, InputError
from napari_samunet.io.export import check_target, write_and_replace
from napari_samunet.plugin.coordinates import locate
from napari_samunet.plugin.sharing import noticed
from napari_samunet.session.labelset import LabelName, label_sets, read_label_set

if TYPE_CHECKING:
    from napari_samunet.plugin.choice import ImageChoice
    from napari_samunet.session.session import Session
    from napari_samunet.session.state import Overlap

Action: TypeAlias = "Callable[[Session], object]"


class Grouping:
    """Actions on the objects of the image that is worked on.

    Parameters
    ----------
    choice : ImageChoice
        Whose session is acted on.
    step
        Does an action with that session; an error is said and changes nothing.
    """

    def __init__(self, choice: ImageChoice, step: Callable[[Action], None]) -> None:
        self._choice, self._step = choice, step
        self.overlap: Overlap = "keep"

    def select(self, number: int) -> None:
        """Go on with an object."""
        self._step(lambda session: session.select(number))

    def rename(self, number: int, name: str) -> None:
        """Give an object another name; an empty one changes nothing."""
        if name:
            self._step(lambda session: session.rename_object(number, name))

    def delete(self, numbers: Sequence[int]) -> None:
        """Remove the chosen objects; one undo brings them back."""
        self._after_hand_edits(lambda session: session.delete_objects(*numbers))

    def lock(self, number: int, locked: bool) -> None:
        """Protect an object, or stop that."""
        self._after_hand_edits(lambda session: session.lock_object(number, locked))

    def lock_current(self) -> None:
        """Protect the current object, or stop that."""
        current = self._current()
        if current is not None:
            self.lock(current.id, not current.locked)

    def show(self, number: int, visible: bool) -> None:
        """Show or hide an object."""
        self._step(lambda session: session.show_object(number, visible))

    def merge(self, numbers: Sequence[int]) -> None:
        """Join the chosen objects; the current one keeps its number, else the first."""
        current = self._current()
        kept = numbers[0] if current is None or current.id not in numbers else current.id
        self._after_hand_edits(lambda session: session.merge_objects(kept, list(numbers)))

    def split(self, number: int) -> None:
        """Make an object of every island."""
        self._after_hand_edits(lambda session: session.split_object(number))

    def fill(self, numbers: Sequence[int]) -> None:
        """Fill the holes of the chosen objects, slice by slice."""
        self._after_hand_edits(lambda session: session.fill_holes(*numbers))

    def pick(self) -> None:
        """Make the object under the mouse the current one."""
        work, viewer = self._choice.work, self._choice.viewer
        if work is None:
            return
        try:
            spot = locate(viewer, work.image, viewer.cursor.position)
        except InputError as error:
            self._choice.say(str(error))
            return
        found = work.session.object_at((spot.row, spot.col), spot.ref.index, spot.ref.axis)
        if found is None:
            self._choice.say("There is no accepted object under the mouse.")
        else:
            self.select(found.id)
            self._choice.say(f"'{found.name}' is the current object now.")

    def use_preset(self, name: str) -> None:
        """Add the objects of a preset list, but those whose names are there."""
        self._add(lambda: label_sets()[name])

    def use_file(self, path: str | Path) -> None:
        """Add the objects that a file lists, but those whose names are there."""
        self._add(lambda: read_label_set(path))

    def save_log(self, path: str | Path) -> None:
        """Write time, prompts and edits of each object as a table."""
        work, target = self._choice.work, Path(path).expanduser()
        if work is None:
            return
        table = work.session.effort()

        def write(draft: Path) -> None:
            draft.write_text(table, encoding="utf-8")

        try:
            target = check_target(target, work.volume)
            write_and_replace(target, write)
        except ExportRefused as error:
            self._choice.say_error("The log was not written", error)
        else:
            self._choice.say(f"Written: {target}")

    def set_overlap(self, rule: Overlap) -> None:
        """Choose what happens where an accepted mask meets another object."""
        self.overlap = rule
        if self._choice.work is not None:
            self._choice.work.session.overlap = rule
        self._choice.changed.emit()

    def _after_hand_edits(self, action: Action) -> None:
        """Do what changes masks, or protects them: what others wrote into them is taken first."""
        if self._choice.work is not None:
            self._choice.work.take_hand_edits()
        self._step(action)

    def _add(self, read: Callable[[], Sequence[LabelName]]) -> None:
        def add(session: Session) -> None:
            names = read()
            there = {known.name for known in session.objects}
            new = {item.name: item for item in names if item.name not in there}
            with noticed(session) as notices:
                if new:
                    session.add_label_set(list(new.values()))
            if len(new) < len(names):
                count = f"{len(names) - len(new)} of {len(names)}"
                notices.insert(0, f"{count} names are there already")
            if notices:
                self._choice.say("; ".join(notices))

        self._after_hand_edits(add)

    def _current(self):
        return None if self._choice.work is None else self._choice.work.session.current


def begin_next(session: Session) -> None:
    """Go to the next object of a list, or begin a new one, unless this one is empty too."""
    current = session.current
    if current is None or not current.voxels:
        return
    following = session.next_empty()
    if following is None:
        session.new_object()
    else:
        session.select(following)
