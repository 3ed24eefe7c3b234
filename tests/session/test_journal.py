"""A crash, a power loss or kill -9 takes no work away: prompts, masks, undo and place come back."""

from __future__ import annotations

import errno
import io
import os
import runpy
import shutil
import stat
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
from disc_engine import SHAPE, DiscEngine, make_volume, square
from kept_sessions import all_states, kept, read_back, state_bytes, work

from napari_samunet.errors import InputError
from napari_samunet.io.origin import UNKNOWN
from napari_samunet.io.volume import Volume
from napari_samunet.session import journal as journal_module
from napari_samunet.session import lock as lock_module
from napari_samunet.session.frames import MAGIC, pack, read_frames
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import Shelf
from napari_samunet.session.store import load_state
from napari_samunet.session.story import read_story
from napari_samunet.types import SliceRef


def test_everything_comes_back_with_every_step_of_undo_and_redo(volume, tmp_path):
    before, journal = kept(volume, tmp_path)
    work(before)
    assert journal.flush(10)
    after = Session(volume, DiscEngine())
    after.take_up(read_story(journal.path))
    assert state_bytes(after) == state_bytes(before)
    assert (after.undo_name, after.redo_name) == (before.undo_name, before.redo_name)
    assert all_states(after) == all_states(before)
    np.testing.assert_array_equal(after.labels, before.labels)


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EDEADLK, errno.EINVAL, None])
def test_a_windows_share_without_locks_is_written_on_from_where_the_file_stands(
    tmp_path, monkeypatch, refusal
):
    """A lock lies far behind the end of the file, and what follows must not be written there."""

    def locking(_descriptor: int, _mode: int, _count: int) -> None:
        if refusal is not None:
            raise OSError(refusal, "refused")

    with monkeypatch.context() as on_windows:
        on_windows.setattr(sys, "platform", "win32")
        locks = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
        on_windows.setitem(sys.modules, "msvcrt", locks)
        namespace = runpy.run_path(lock_module.__file__)
    path = tmp_path / "kept"
    path.write_bytes(b"begun")
    with path.open("r+b") as file:
        file.seek(5)
        by_another = refusal in (errno.EACCES, errno.EDEADLK)
        assert namespace["hold"](file) is not by_another
        file.write(b", and went on")
    assert path.read_bytes() == b"begun, and went on"
    assert namespace["is_held"](path) is by_another


def test_a_session_that_was_continued_is_kept_further(volume, tmp_path):
    first, journal = kept(volume, tmp_path)
    work(first)
    journal.close()
    second = Session.resume(journal.path, volume, DiscEngine())
    second.add_point((20, 20), index=4)
    second.accept()
    second._journal.close()
    third = Session.resume(journal.path, volume, DiscEngine())
    assert state_bytes(third) == state_bytes(second)
    assert all_states(third) == all_states(second)
    third._journal.close()


def _cut_off(session: Session, volume: Volume) -> tuple[bytes, bytes]:
    """Carry an object on, noted slice by slice, and end in the middle of it.

    Returns the state before, and the one that comes of what was found.
    """
    session.add_point((10, 9), index=3)
    plan, before = session.plan_propagation(0, 5), state_bytes(session)
    answers = {}

    def tell(ref, answer):
        answers[ref] = answer
        session.note_found(plan, answers)
        return len(answers) < 3

    found = plan.run(session.engine, tell)
    other = Session(volume, DiscEngine())
    other.start_from(session._state)
    assert other.apply_propagation(plan, found, as_preview=True)
    return before, state_bytes(other)


def test_what_a_propagation_had_found_when_it_was_killed_comes_back_as_a_step(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    before, found = _cut_off(session, volume)
    journal.close()
    after = Session.resume(journal.path, volume, DiscEngine())
    assert sorted(ref.index for ref in after.previews) == [0, 1, 2, 3]
    assert state_bytes(after) == found
    after.accept()
    after._journal.close()
    again = read_back(journal.path, volume)
    assert all_states(again) == all_states(after)
    assert again.undo_name == "accept"
    again.undo()
    assert again.undo_name == "propagate"
    again.undo()
    assert state_bytes(again) == before


@pytest.mark.parametrize("then", ["dropped", "another step"])
def test_what_a_propagation_found_counts_no_more_once_a_person_went_on(volume, tmp_path, then):
    session, journal = kept(volume, tmp_path)
    _cut_off(session, volume)
    if then == "dropped":
        session.forget_found()
    else:
        session.add_point((30, 30), index=3)
    assert journal.flush(10)
    assert all_states(read_back(journal.path, volume)) == all_states(session)


@pytest.mark.parametrize("across", [False, True])
def test_each_mask_that_a_propagation_finds_is_written_once(volume, tmp_path, across):
    """However often it is noted on the way, or long propagations would fill the disk."""
    session, journal = kept(volume, tmp_path)
    if across:
        session.paint(square(SHAPE[::2], 0, 20, 6), index=12, axis=1)
    session.add_point((10, 9), index=3)
    plan, answers = session.plan_propagation(0, 5), {}

    def tell(ref, answer):
        answers[ref] = answer
        session.note_found(plan, answers)
        assert journal.flush(10)

    session.apply_propagation(plan, plan.run(session.engine, tell), as_preview=True)
    journal.close()
    with journal.path.open("rb") as file:
        file.seek(len(MAGIC))
        frames = [words for _offset, (words, _arrays) in read_frames(file)]
    assert [words["kind"] for words in frames[-6:]] == ["found"] * 5 + ["step"]
    assert [len(words["answers"]) for words in frames[-6:]] == [1] * 5 + [0]


def test_a_journal_that_begins_in_the_midst_of_a_session_holds_what_was_there(volume, tmp_path):
    before = Session(volume, DiscEngine())
    before.add_point((10, 9), index=2)
    before.accept()
    before.add_point((20, 9), index=2)
    session = Session.resume(before.save(tmp_path / "work.npz"), volume, DiscEngine())
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path)
    session.keep_journal(journal)
    session.new_object("kidney")
    journal.close()
    assert all_states(read_back(journal.path, volume)) == all_states(session)


def test_the_next_click_gives_the_answer_that_it_would_have_given(volume, tmp_path):
    before, journal = kept(volume, tmp_path)
    before.add_point((10, 9), index=2)
    assert journal.flush(10)
    after = Session(volume, DiscEngine())
    after.take_up(read_story(journal.path))
    for session in (before, after):
        session.add_point((30, 30), index=2)
        session.accept()
    np.testing.assert_array_equal(after.labels, before.labels)


@pytest.mark.skipif(os.name != "posix", reason="a user's folders are private on Windows")
def test_it_is_private_to_its_owner(volume, tmp_path):
    session, journal = kept(volume, tmp_path / "sessions")
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_looking_at_an_image_leaves_no_file(volume, tmp_path):
    _session, journal = kept(volume, tmp_path)
    journal.note_position(SliceRef(0, 3))
    journal.close()
    assert not list(tmp_path.iterdir())


def test_the_shown_slice_is_remembered(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    for index in range(5):
        journal.note_position(SliceRef(0, index))
    journal.close()
    assert read_story(journal.path).position == SliceRef(0, 4)


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = {tests!r}
from disc_engine import make_volume
from kept_sessions import state_bytes, kept, work
session, journal = kept(make_volume(), Path({folder!r}))
work(session)
journal.flush()
Path({folder!r}, "expected").write_bytes(state_bytes(session))
print("worked", flush=True)
while True:
    session.add_point((20, 20), index=1)
    session.undo()
"""


def test_kill_minus_nine_in_the_midst_of_work_loses_nothing_of_before(tmp_path):
    code = KILLED.format(
        tests=[str(folder) for folder in Path(__file__).parents[:2]], folder=str(tmp_path)
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline().strip() == b"worked"
            time.sleep(0.3)
        finally:
            child.kill()  # it never ends by itself
    volume = make_volume()
    entry = Shelf(tmp_path).last(ImageIdentity(volume))
    assert entry is not None, "the lock went with the process"
    session = Session.resume(entry.path, volume, DiscEngine())
    if session.prompts and session.prompts[-1].ref == SliceRef(0, 1):
        session.undo()  # killed between a click and its undo
    assert state_bytes(session) == (tmp_path / "expected").read_bytes()
    session._journal.close()


def test_a_full_disk_is_told_and_the_work_goes_on(volume, tmp_path, monkeypatch):
    told: list[str] = []
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path, told.append)
    session = Session(volume, DiscEngine())
    session.keep_journal(journal)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for column in (9, 20, 30):
        session.add_point((10, column), index=2)
    journal.flush(10)
    assert len(told) == 1
    assert "No space left" in told[0]
    assert len(session.prompts) == 3


def test_work_in_progress_is_not_replaced_by_an_old_session(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    journal.close()
    busy = Session(volume, DiscEngine())
    busy.add_point((10, 9), index=2)
    with pytest.raises(InputError, match="before anything is done"):
        busy.take_up(read_story(journal.path))
    saved = session.save(tmp_path / "saved.npz")
    with pytest.raises(InputError, match="before anything is done"):
        busy.start_from(load_state(saved, volume)[1])
    assert len(busy.prompts) == 1
    busy.undo()
    busy.take_up(read_story(journal.path))
    assert state_bytes(busy) == state_bytes(session)


def test_a_step_never_waits_for_the_disk(volume, tmp_path):
    awake = threading.Event()

    def asleep(identity: ImageIdentity) -> Path:
        assert awake.wait(60)
        return Shelf(tmp_path).new_path(identity)

    session, journal = Session(volume, DiscEngine()), Journal(ImageIdentity(volume), asleep)
    session.keep_journal(journal)
    work(session)
    assert journal.path is None, "nothing is on the disk yet, and the work went on"
    awake.set()
    journal.close()
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)


def _slow(call, seconds: float):
    def slowly(*args):
        time.sleep(seconds)
        return call(*args)

    return slowly


def test_closing_waits_for_a_slow_disk_as_long_as_it_takes_one_step_after_the_other(
    volume, tmp_path, monkeypatch
):
    session, journal = kept(volume, tmp_path)
    monkeypatch.setattr(journal_module, "pack", _slow(pack, 0.15))
    for column in range(5, 45, 5):
        session.add_point((10, column), index=2)
    journal.close(timeout=0.6)
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)


def test_a_disk_that_hangs_while_a_window_closes_is_told_and_written_to_once_it_answers(
    volume, tmp_path, monkeypatch
):
    told: list[str] = []
    awake, sync = threading.Event(), os.fsync
    monkeypatch.setattr("os.fsync", lambda number: (awake.wait(60), sync(number)))
    session = Session(volume, DiscEngine())
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path, told.append)
    session.keep_journal(journal)
    session.add_point((10, 9), index=2)
    session.accept()
    session.rename_object(1, "liver")
    journal.close(timeout=0.2)
    assert len(told) == 1
    assert "last steps may not be kept" in told[0]
    awake.set()
    assert journal.flush(10)
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)


class _FullDisk(io.FileIO):
    """Takes so many bytes."""

    room = 10**9

    def write(self, content) -> int:
        room = self.room - self.tell()
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content[:room])


@pytest.fixture
def full_disk(volume, tmp_path, monkeypatch):
    """A session after its first step, its journal, what was told, and a disk that is full now."""
    told: list[str] = []
    monkeypatch.setattr("os.fdopen", lambda number, mode, buffering: _FullDisk(number, mode))
    session = Session(volume, DiscEngine())
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path, told.append)
    session.keep_journal(journal)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    monkeypatch.setattr(_FullDisk, "room", journal.path.stat().st_size + 10)
    return session, journal, told


def test_a_full_disk_hinders_no_closing_and_keeps_what_was_written_before(volume, full_disk):
    session, journal, told = full_disk
    earlier = state_bytes(session)
    session.add_point((30, 9), index=2)
    journal.close()
    assert len(told) == 2
    assert "not being kept on the disk (No space left" in told[0]
    assert told[1].startswith("Your last steps are not on the disk")
    assert state_bytes(read_back(journal.path, volume)) == earlier


def test_once_a_full_disk_has_room_again_all_is_kept_with_every_step(
    volume, full_disk, monkeypatch
):
    session, journal, told = full_disk
    session.add_point((30, 9), index=2)
    session.accept()
    session.rename_object(1, "liver")
    assert journal.flush(10)
    assert journal.problem == told[0]
    monkeypatch.setattr(_FullDisk, "room", 10**9)
    session.undo()
    assert journal.flush(10)
    assert not journal.problem
    assert len(told) == 2
    assert "kept on the disk again" in told[1]
    journal.close()
    again = read_back(journal.path, volume)
    assert state_bytes(again) == state_bytes(session)
    for one in (session, again):
        one.redo()
        for _ in range(4):
            one.undo()
        assert not one.can_undo
    assert state_bytes(again) == state_bytes(session)


def test_what_a_full_disk_refused_is_written_though_nobody_works_on(volume, full_disk, monkeypatch):
    session, journal, _ = full_disk
    monkeypatch.setattr(journal_module, "RETRY_S", 0.05)
    session.accept()
    assert journal.flush(10)
    assert journal.problem
    monkeypatch.setattr(_FullDisk, "room", 10**9)
    end = time.monotonic() + 10
    while journal.problem and time.monotonic() < end:
        time.sleep(0.01)
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)
    journal.close()


def test_closing_is_the_last_attempt_to_keep_what_a_full_disk_refused(
    volume, full_disk, monkeypatch
):
    session, journal, _ = full_disk
    session.accept()
    assert journal.flush(10)
    monkeypatch.setattr(_FullDisk, "room", 10**9)
    journal.close()
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)


def test_a_folder_that_takes_no_file_at_first_takes_it_with_a_later_step(volume, tmp_path):
    told: list[str] = []
    closed = tmp_path / "sessions"
    closed.write_bytes(b"")  # where the folder would be
    journal = Journal(ImageIdentity(volume), Shelf(closed).new_path, told.append)
    session = Session(volume, DiscEngine())
    session.keep_journal(journal)
    work(session)
    assert journal.flush(10)
    assert journal.path is None
    assert journal.problem
    closed.unlink()
    session.undo()
    journal.close()
    assert not journal.problem
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is not deleted there")
@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("what", ["file", "folder", "replaced"])
def test_a_journal_that_is_deleted_under_the_window_is_kept_in_a_new_file(
    volume, tmp_path, what, goes_on
):
    told: list[str] = []
    folder = tmp_path / "sessions"
    journal = Journal(ImageIdentity(volume), Shelf(folder).new_path, told.append)
    session = Session(volume, DiscEngine())
    session.keep_journal(journal)
    work(session)
    assert journal.flush(10)
    before = journal.path
    if what == "file":
        before.unlink()
    elif what == "folder":
        shutil.rmtree(folder)
    else:
        (folder / "other").write_bytes(b"what a backup brought back")
        (folder / "other").replace(before)
    if goes_on:
        session.undo()
    journal.close()
    assert len(told) == 1
    assert "deleted or moved" in told[0]
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)
    assert journal.path.stat().st_mode & 0o077 == 0


def _both_continue(volume: Volume, folder: Path) -> tuple[Session, Session, list[str]]:
    """Two windows that continued one session, neither of which did anything yet."""
    first, journal = kept(volume, folder)
    work(first)
    journal.close()
    told: list[str] = []
    one, two = (Session.resume(journal.path, volume, DiscEngine()) for _ in range(2))
    two._journal._on_problem = told.append
    return one, two, told


@pytest.mark.parametrize("closed", [True, False])
def test_two_windows_that_continue_one_session_both_keep_their_work(volume, tmp_path, closed):
    one, two, told = _both_continue(volume, tmp_path)
    one.add_point((20, 20), index=4)
    one.accept()
    assert one._journal.flush(10)
    if closed:
        one._journal.close()
    two.new_object("spleen")
    two.add_point((30, 30), index=3)
    two._journal.close()
    one._journal.close()
    assert one._journal.path != two._journal.path
    for session in (one, two):
        found = read_back(session._journal.path, volume)
        assert state_bytes(found) == state_bytes(session)
        assert all_states(found) == all_states(session), "undo reaches back to the beginning"
    assert len(told) == 1
    assert "Another window" in told[0]


def test_where_masks_came_from_survives_with_every_undo(tmp_path):
    volume = make_volume()
    first = Session(volume, DiscEngine())
    first.paint(square(SHAPE[1:], 8, 9), index=1)
    first.accept()
    file = first.export(tmp_path / "a.nrrd")
    session, journal = kept(volume, tmp_path / "kept")
    session.import_masks(file)
    session.add_point((9, 9), index=1)
    session.accept()
    journal.close()
    found = read_back(journal.path, volume)
    assert found.handout().segments()[0].algorithm.name == "DiscEngine"
    while found.can_undo and found.handout().segments()[0].algorithm:
        found.undo()
    assert found.handout().segments()[0].origin == UNKNOWN


def test_a_resumed_session_keeps_every_mask_where_an_old_answer_came_back(volume, tmp_path):
    """Its words stand in an earlier frame than those of the masks that came back with it."""
    before = Session(volume, DiscEngine())
    before.add_point((10, 9), index=2)
    before.accept()
    before.paint(square(SHAPE[1:], 20, 30), index=4)
    before.accept()
    before.delete_objects(1, 2)
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path)
    before.keep_journal(journal)
    for act in (before.undo, before.redo, before.undo):
        act()
    journal.close()
    after = read_back(journal.path, volume)
    assert state_bytes(after) == state_bytes(before)
    assert after.labels[4, 22, 32] == 2
