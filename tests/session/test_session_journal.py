"""A crash, a power loss or kill -9 takes no work away: prompts, masks, undo and place come back."""

from __future__ import annotations

import errno
import io
import os
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from disc_engine import SHAPE, DiscEngine, make_volume, square

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.io.origin import UNKNOWN
from napari_samunet.io.volume import Volume
from napari_samunet.session import history as history_module
from napari_samunet.session import journal as journal_module
from napari_samunet.session import shelf as shelf_module
from napari_samunet.session import story as story_module
from napari_samunet.session.frames import MAGIC, pack
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.lock import hold
from napari_samunet.session.record import StateWriter
from napari_samunet.session.reopen import image_of_session
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import KEPT_DAYS, Shelf
from napari_samunet.session.store import load_state
from napari_samunet.session.story import read_story
from napari_samunet.types import SliceRef


def _kept(volume: Volume, folder: Path) -> tuple[Session, Journal]:
    session = Session(volume, DiscEngine())
    journal = Journal(ImageIdentity(volume), Shelf(folder).new_path)
    session.keep_journal(journal)
    return session, journal


def _work(session: Session) -> None:
    """A bit of everything that a person does."""
    session.new_object("Leber, groß")
    session.add_point((10.25, 9), index=2)
    session.add_point((14, 9), index=2, positive=False)
    session.accept()
    session.propagate(1, 4)
    session.select(1)
    session.add_point((4, 4), index=3, window=(-10, 90))
    session.undo()
    session.new_object("vein")
    session.paint(square(SHAPE[::2], 2, 3, 4), index=7, axis=1)
    session.add_box((1, 2, 4, 8), index=7, axis=1)
    session.add_scribble(square(SHAPE[1:], 5, 2, 9), positive=False, index=5)
    session.remove_prompt(session.prompts[0])
    session.rename_object(2, "portal vein")
    session.undo()


def _bytes(session: Session) -> bytes:
    """The whole state, in one row of bytes."""
    writer = StateWriter()
    words = writer.state(session._state)
    return pack(words, writer.arrays)


def _read(path: Path, volume: Volume) -> Session:
    """What comes back of a journal."""
    session = Session(volume, DiscEngine())
    session.take_up(read_story(path))
    return session


def _all_states(session: Session) -> list[bytes]:
    """The state after every undo down to the first, and after every redo up again."""
    undone = 0
    while session.can_redo:
        session.redo()
    found = [_bytes(session)]
    while session.undo():
        undone += 1
        found.append(_bytes(session))
    while session.redo():
        found.append(_bytes(session))
    return found


def test_everything_comes_back_with_every_step_of_undo_and_redo(volume, tmp_path):
    before, journal = _kept(volume, tmp_path)
    _work(before)
    assert journal.flush(10)
    after = Session(volume, DiscEngine())
    after.take_up(read_story(journal.path))
    assert _bytes(after) == _bytes(before)
    assert (after.undo_name, after.redo_name) == (before.undo_name, before.redo_name)
    assert _all_states(after) == _all_states(before)
    np.testing.assert_array_equal(after.labels, before.labels)


def test_a_session_that_was_continued_is_kept_further(volume, tmp_path):
    first, journal = _kept(volume, tmp_path)
    _work(first)
    journal.close()
    second = Session.resume(journal.path, volume, DiscEngine())
    second.add_point((20, 20), index=4)
    second.accept()
    second._journal.close()
    third = Session.resume(journal.path, volume, DiscEngine())
    assert _bytes(third) == _bytes(second)
    assert _all_states(third) == _all_states(second)
    third._journal.close()


def test_the_next_click_gives_the_answer_that_it_would_have_given(volume, tmp_path):
    before, journal = _kept(volume, tmp_path)
    before.add_point((10, 9), index=2)
    assert journal.flush(10)
    after = Session(volume, DiscEngine())
    after.take_up(read_story(journal.path))
    for session in (before, after):
        session.add_point((30, 30), index=2)
        session.accept()
    np.testing.assert_array_equal(after.labels, before.labels)


def test_it_is_private_to_its_owner(volume, tmp_path):
    session, journal = _kept(volume, tmp_path / "sessions")
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_looking_at_an_image_leaves_no_file(volume, tmp_path):
    _session, journal = _kept(volume, tmp_path)
    journal.note_position(SliceRef(0, 3))
    journal.close()
    assert not list(tmp_path.iterdir())


def test_the_shown_slice_is_remembered(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    for index in range(5):
        journal.note_position(SliceRef(0, index))
    journal.close()
    assert read_story(journal.path).position == SliceRef(0, 4)


@pytest.mark.parametrize("cut", [1, 2, 40, 300, 2000])
def test_a_write_that_a_power_loss_cut_short_costs_only_itself(volume, tmp_path, cut):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier, whole = _bytes(session), journal.path.stat().st_size
    session.add_point((30, 9), index=2)
    journal.close()
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[: min(len(content) - 1, whole + cut)])
    again = Session.resume(journal.path, volume, DiscEngine())
    assert _bytes(again) == earlier
    again.add_point((20, 20), index=3)
    again._journal.close()
    assert _bytes(Session.resume(again._journal.path, volume, DiscEngine())) == _bytes(again)


@pytest.mark.parametrize("count", [5, 8, 4096])
def test_zeros_that_a_power_loss_left_cost_nothing(volume, tmp_path, caplog, count):
    session, journal = _kept(volume, tmp_path)
    _work(session)
    journal.close()
    with journal.path.open("ab") as file:
        file.write(bytes(count))
    assert Shelf(tmp_path).last(ImageIdentity(volume)).about.endswith(", 2 objects")
    again = Session.resume(journal.path, volume, DiscEngine())
    assert _bytes(again) == _bytes(session)
    again.add_point((20, 20), index=3)
    again._journal.close()
    assert again._journal.path == journal.path
    assert _bytes(_read(journal.path, volume)) == _bytes(again)
    assert not caplog.text, "nothing is missing, so nothing is said"


def test_what_lies_behind_a_damaged_place_is_left_as_it_is(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier, whole = _bytes(session), journal.path.stat().st_size
    for column in (20, 30):
        session.add_point((10, column), index=2)
    journal.close()
    content = bytearray(journal.path.read_bytes())
    content[whole + 30] ^= 255
    journal.path.write_bytes(content)
    told: list[str] = []
    again = Session.resume(journal.path, volume, DiscEngine())
    again._journal._on_problem = told.append
    assert _bytes(again) == earlier
    again.add_point((20, 20), index=3)
    again._journal.close()
    assert journal.path.read_bytes() == content
    assert _bytes(_read(again._journal.path, volume)) == _bytes(again)
    assert "cannot be read" in told[0]


def test_a_frame_that_the_disk_garbled_ends_the_story_there(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier, whole = _bytes(session), journal.path.stat().st_size
    session.add_point((30, 9), index=2)
    journal.close()
    content = bytearray(journal.path.read_bytes())
    content[whole + 30] ^= 255
    journal.path.write_bytes(content)
    again = Session(volume, DiscEngine())
    again.take_up(read_story(journal.path))
    assert _bytes(again) == earlier


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = {tests!r}
from disc_engine import make_volume
from test_session_journal import _bytes, _kept, _work
session, journal = _kept(make_volume(), Path({folder!r}))
_work(session)
journal.flush()
Path({folder!r}, "expected").write_bytes(_bytes(session))
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
        assert child.stdout.readline() == b"worked\n"
        time.sleep(0.3)
        os.kill(child.pid, signal.SIGKILL)
    volume = make_volume()
    entry = Shelf(tmp_path).last(ImageIdentity(volume))
    assert entry is not None, "the lock went with the process"
    session = Session.resume(entry.path, volume, DiscEngine())
    if session.prompts and session.prompts[-1].ref == SliceRef(0, 1):
        session.undo()  # killed between a click and its undo
    assert _bytes(session) == (tmp_path / "expected").read_bytes()
    session._journal.close()


def test_the_latest_journal_of_this_very_image_is_found(volume, tmp_path):
    shelf, paths = Shelf(tmp_path), []
    for turn in range(2):
        session, journal = _kept(volume, tmp_path)
        session.add_point((10, 9), index=2)
        journal.close()
        os.utime(journal.path, (1e9 + turn, 1e9 + turn))
        paths.append(journal.path)
    assert shelf.last(ImageIdentity(volume)).path == paths[1]
    other = Volume.from_array(volume.array + 1)
    assert shelf.last(ImageIdentity(other)) is None


def test_what_another_window_works_on_is_not_offered(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    assert Shelf(tmp_path).last(ImageIdentity(volume)) is None
    journal.close()
    assert Shelf(tmp_path).last(ImageIdentity(volume)).path == journal.path


def test_a_changed_file_is_noticed_and_its_session_never_laid_over_it(tmp_path):
    from napari_samunet.io.export import export_labels
    from napari_samunet.io.open import open_volume

    values = np.arange(4 * 8 * 9).reshape(4, 8, 9) % 200
    path = export_labels(values, Volume.from_array(values), tmp_path / "image.nii.gz")
    session, journal = _kept(open_volume(path), tmp_path)
    session.add_point((3, 3), index=1)
    journal.close()
    export_labels(values + 1, Volume.from_array(values), path)
    changed, shelf = ImageIdentity(open_volume(path)), Shelf(tmp_path)
    assert shelf.last(changed) is None
    assert shelf.of_other_content(changed).path == journal.path
    with pytest.raises(InputError, match="another or a changed one"):
        Session.resume(journal.path)


def test_a_full_disk_is_told_and_the_work_goes_on(volume, tmp_path, monkeypatch):
    told: list[str] = []
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path, told.append)
    session = Session(volume, DiscEngine())
    session.keep_journal(journal)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_module.os, "fsync", full)
    for column in (9, 20, 30):
        session.add_point((10, column), index=2)
    journal.flush(10)
    assert len(told) == 1
    assert "No space left" in told[0]
    assert len(session.prompts) == 3


def test_old_journals_are_deleted_because_they_show_patients(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    journal.close()
    shelf = Shelf(tmp_path)
    shelf.tidy()
    assert journal.path.exists()
    old = time.time() - (KEPT_DAYS + 1) * 24 * 3600
    os.utime(journal.path, (old, old))
    shelf.tidy()
    assert not journal.path.exists()


_DAY = 24 * 3600
WRONG_CLOCKS = {"without its battery": -20 * 365 * _DAY, "a year ahead": 365 * _DAY}


def _written_by(clock: float, volume: Volume, folder: Path) -> Path:
    """A journal of a clock that is so many seconds ahead."""
    session, journal = _kept(volume, folder)
    session.add_point((10, 9), index=2)
    journal.close()
    os.utime(journal.path, (time.time() + clock,) * 2)
    return journal.path


@pytest.mark.parametrize("clock", WRONG_CLOCKS.values(), ids=WRONG_CLOCKS)
def test_work_that_a_wrong_clock_dated_is_kept_for_30_days_more(
    volume, tmp_path, monkeypatch, clock
):
    path, shelf = _written_by(clock, volume, tmp_path), Shelf(tmp_path)
    seen = time.time()
    for days, there in ((0, True), (29, True), (31, False)):
        with monkeypatch.context() as later:
            later.setattr(shelf_module.time, "time", lambda: seen + days * _DAY)  # noqa: B023
            shelf.tidy()
        assert path.exists() == there, f"after {days} days"


@pytest.mark.parametrize("clock", WRONG_CLOCKS.values(), ids=WRONG_CLOCKS)
def test_work_that_a_wrong_clock_dated_is_not_offered_in_place_of_newer_work(
    volume, tmp_path, clock
):
    wrong, right = (_written_by(each, volume, tmp_path) for each in (clock, -_DAY))
    shelf = Shelf(tmp_path)
    for _ in range(2):
        assert [entry.path for entry in shelf.entries()] == [right, wrong]
        assert shelf.last(ImageIdentity(volume)).path == right
        shelf.tidy()  # as each window does before it looks


def test_what_a_wrong_clock_dated_keeps_its_order(volume, tmp_path):
    paths = [_written_by(-20 * 365 * _DAY + turn, volume, tmp_path) for turn in range(5)]
    shelf = Shelf(tmp_path)
    for _ in range(2):
        assert [entry.path for entry in shelf.entries()] == paths[::-1]
        shelf.tidy()


def test_a_clock_that_is_wrong_now_costs_no_work_its_day(volume, tmp_path, monkeypatch):
    path = _written_by(-_DAY, volume, tmp_path)
    written = path.stat().st_mtime
    monkeypatch.setattr(shelf_module.time, "time", lambda: 1e9)
    Shelf(tmp_path).tidy()
    assert path.stat().st_mtime == written


def _framed(content: bytes) -> bytes:
    """A frame with a right checksum, whatever is in it."""
    return struct.pack("<II", len(content), zlib.crc32(content)) + content


def _packed_text(text: bytes) -> bytes:
    return _framed(zlib.compress(struct.pack("<I", len(text)) + text))


_HEAD_WORDS = {"format": journal_module.FORMAT}
DAMAGED = {
    "zeros": bytes(64),
    "torn": pack(_HEAD_WORDS, {})[:-3],
    "not packed": _framed(b"garbage"),
    "empty": _framed(zlib.compress(b"")),
    "no JSON": _packed_text(b"{{{{{"),
    "JSON without end": _packed_text(b"[" * 10**5),
    "a list": _packed_text(b'{"words": [], "arrays": []}'),
    "an array of objects": _packed_text(b'{"words": {}, "arrays": [["a", "O", [1]]]}'),
    "no image": pack(_HEAD_WORDS, {}),
    "an empty image": pack({**_HEAD_WORDS, "image": {}}, {}),
    "a shape that is none": pack(
        {**_HEAD_WORDS, "image": {"digest": "0", "shape": 5, "path": None}}, {}
    ),
}


@pytest.mark.parametrize("head", DAMAGED.values(), ids=DAMAGED)
def test_one_damaged_journal_hides_no_other_and_is_refused_in_plain_words(volume, tmp_path, head):
    session, journal = _kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    journal.close()
    (tmp_path / "damaged.samunet").write_bytes(MAGIC + head)
    shelf, identity = Shelf(tmp_path), ImageIdentity(volume)
    assert [entry.path for entry in shelf.entries()] == [journal.path]
    assert shelf.last(identity).path == journal.path
    assert shelf.of_other_content(identity) is None
    for read in (read_story, image_of_session):
        with pytest.raises(UnreadableFile, match="beginning"):
            read(tmp_path / "damaged.samunet")


@pytest.mark.parametrize("head", DAMAGED.values(), ids=DAMAGED)
def test_old_journals_that_cannot_be_read_are_deleted_too(tmp_path, head):
    path, old = tmp_path / "damaged.samunet", time.time() - (KEPT_DAYS + 1) * 24 * 3600
    path.write_bytes(MAGIC + head)
    Shelf(tmp_path).tidy()
    assert path.exists()
    os.utime(path, (old, old))
    with path.open("rb") as held:
        assert hold(held)
        Shelf(tmp_path).tidy()
        assert path.exists(), "somebody writes on it"
    Shelf(tmp_path).tidy()
    assert not path.exists()


def test_work_in_progress_is_not_replaced_by_an_old_session(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
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
    assert _bytes(busy) == _bytes(session)


def test_what_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "notes.samunet"
    path.write_bytes(b"samunet journal 1\n" + io.BytesIO(b"but nothing more").read())
    with pytest.raises(UnreadableFile, match="is none"):
        read_story(path)


def test_a_step_never_waits_for_the_disk(volume, tmp_path):
    awake = threading.Event()

    def asleep(identity: ImageIdentity) -> Path:
        assert awake.wait(60)
        return Shelf(tmp_path).new_path(identity)

    session, journal = Session(volume, DiscEngine()), Journal(ImageIdentity(volume), asleep)
    session.keep_journal(journal)
    _work(session)
    assert journal.path is None, "nothing is on the disk yet, and the work went on"
    awake.set()
    journal.close()
    assert _bytes(_read(journal.path, volume)) == _bytes(session)


def _slow(call, seconds: float):
    def slowly(*args):
        time.sleep(seconds)
        return call(*args)

    return slowly


def test_closing_waits_for_a_slow_disk_as_long_as_it_takes_one_step_after_the_other(
    volume, tmp_path, monkeypatch
):
    session, journal = _kept(volume, tmp_path)
    monkeypatch.setattr(journal_module, "pack", _slow(pack, 0.15))
    for column in range(5, 45, 5):
        session.add_point((10, column), index=2)
    journal.close(timeout=0.6)
    assert _bytes(_read(journal.path, volume)) == _bytes(session)


def test_a_disk_that_hangs_while_a_window_closes_is_told_and_written_to_once_it_answers(
    volume, tmp_path, monkeypatch
):
    told: list[str] = []
    awake, sync = threading.Event(), os.fsync
    monkeypatch.setattr(journal_module.os, "fsync", lambda number: (awake.wait(60), sync(number)))
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
    assert _bytes(_read(journal.path, volume)) == _bytes(session)


class _FullDisk(io.FileIO):
    """Takes so many bytes."""

    room = 10**9

    def write(self, content) -> int:
        if self.tell() + len(content) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def test_a_full_disk_hinders_no_closing_and_keeps_what_was_written_before(
    volume, tmp_path, monkeypatch
):
    told: list[str] = []
    monkeypatch.setattr(
        journal_module.os,
        "fdopen",
        lambda number, mode: io.BufferedRandom(_FullDisk(number, mode)),
    )
    session = Session(volume, DiscEngine())
    journal = Journal(ImageIdentity(volume), Shelf(tmp_path).new_path, told.append)
    session.keep_journal(journal)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier = _bytes(session)
    monkeypatch.setattr(_FullDisk, "room", journal.path.stat().st_size + 10)
    session.add_point((30, 9), index=2)
    journal.close()
    assert len(told) == 1
    assert "No space left" in told[0]
    assert _bytes(_read(journal.path, volume)) == earlier


def _both_continue(volume: Volume, folder: Path) -> tuple[Session, Session, list[str]]:
    """Two windows that continued one session, neither of which did anything yet."""
    first, journal = _kept(volume, folder)
    _work(first)
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
        kept = _read(session._journal.path, volume)
        assert _bytes(kept) == _bytes(session)
        assert _all_states(kept) == _all_states(session), "undo reaches back to the beginning"
    assert len(told) == 1
    assert "Another window" in told[0]


def test_a_session_is_read_however_many_steps_were_taken_back(volume, tmp_path, monkeypatch):
    """Whoever reads may hold fewer steps than the one who worked: in bytes, or in number."""
    session, journal = _kept(volume, tmp_path)
    for column in range(5, 45, 5):
        session.add_point((10, column), index=2)
    for _ in range(7):
        session.undo()
    session.redo()
    session.new_object("spleen")
    session.paint(square(SHAPE[1:], 2, 3, 4), index=5)
    journal.close()
    monkeypatch.setattr(history_module, "MIN_STEPS", 2)
    monkeypatch.setattr(story_module, "bytes_of", lambda state: 2**40)
    assert _all_states(_read(journal.path, volume)) == _all_states(session)
    monkeypatch.setattr(history_module, "MAX_STEPS", 3)
    assert _bytes(_read(journal.path, volume)) == _bytes(session)


def test_a_journal_of_the_first_version_opens_and_holds_what_is_done_on_it(
    volume, tmp_path, monkeypatch
):
    """That version wrote no times."""

    def untimed(words, arrays):
        return pack({word: words[word] for word in words if word != "time"}, arrays)

    with monkeypatch.context() as first_version:
        first_version.setattr(journal_module, "pack", untimed)
        session, journal = _kept(volume, tmp_path)
        _work(session)
        journal.close()
    again = Session.resume(journal.path, volume, DiscEngine())
    assert _bytes(again) == _bytes(session)
    again.add_point((20, 20), index=4)
    again.accept()
    again._journal.close()
    assert _bytes(_read(again._journal.path, volume)) == _bytes(again)
    assert again._journal.path == journal.path


def test_work_on_a_journal_that_can_be_followed_only_in_part_is_kept(
    volume, tmp_path, monkeypatch, caplog
):
    def edited(words, arrays):
        return pack(words | ({"time": []} if words.get("name") == "paint" else {}), arrays)

    monkeypatch.setattr(journal_module, "pack", edited)
    session, journal = _kept(volume, tmp_path)
    _work(session)
    journal.close()
    again = Session.resume(journal.path, volume, DiscEngine())
    assert "cannot be read and are missing here" in caplog.text
    again.add_point((20, 20), index=4)
    again.accept()
    again._journal.close()
    assert _bytes(_read(again._journal.path, volume)) == _bytes(again)


def test_a_step_that_cannot_be_followed_costs_nothing_that_came_before(volume, tmp_path, caplog):
    session, journal = _kept(volume, tmp_path)
    _work(session)
    journal.close()
    odd = pack({"kind": "step", "name": "?", "time": 0, "order": [99], "answers": []}, {})
    whole = journal.path.read_bytes() + odd
    journal.path.write_bytes(whole)
    again = Session.resume(journal.path, volume, DiscEngine())
    assert _bytes(again) == _bytes(session)
    assert "cannot be read and are missing here" in caplog.text
    again.add_point((20, 20), index=4)
    again._journal.close()
    assert _bytes(_read(again._journal.path, volume)) == _bytes(again)
    assert journal.path.read_bytes() == whole, "nor is it deleted"


def test_a_stray_click_and_its_undo_hide_no_earlier_work(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    _work(session)
    journal.close()
    stray, later = _kept(volume, tmp_path)
    stray.add_point((10, 9), index=2)
    stray.undo()
    later.close()
    os.utime(journal.path, (1e9, 1e9))
    offered = Shelf(tmp_path).last(ImageIdentity(volume))
    assert offered.path == journal.path
    assert offered.about.endswith(", 2 objects")


def test_an_offer_tells_how_many_objects_a_session_ended_with(volume, tmp_path):
    session, journal = _kept(volume, tmp_path)
    for index, counted in enumerate(["1 object", "2 objects", "3 objects"]):
        session.new_object()
        session.add_point((10, 9), index=index)
        journal.note_position(SliceRef(0, index))
        assert journal.flush(10)
        assert f", {counted}" in _about(journal)
    session.delete_object(2)
    assert journal.flush(10)
    assert ", 2 objects" in _about(journal)
    while session.undo():
        pass
    journal.close()
    assert Shelf(tmp_path).last(ImageIdentity(volume)).about.endswith(", no objects")


def _about(journal: Journal) -> str:
    """How a session would be offered if its window were gone."""
    shelf = Shelf(journal.path.parent.parent / "crashed")
    shelf.folder.mkdir(exist_ok=True)
    (shelf.folder / journal.path.name).write_bytes(journal.path.read_bytes())
    return shelf.last(journal._identity).about


def test_time_prompts_and_edits_of_each_object_survive_too(volume, tmp_path, monkeypatch):
    from napari_samunet.session import core

    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(core.time, "time", lambda: float(next(clock)))
    before, journal = _kept(volume, tmp_path)
    before.new_object("liver")
    before.add_point((10, 9), index=2)
    before.undo()
    before.redo()
    before.add_box((1, 2, 4, 8), index=2)
    before.accept()
    journal.close()
    table = before.effort().splitlines()
    row = dict(zip(table[0].split(","), table[1].split(","), strict=True))
    assert (row["name"], row["clicks"], row["boxes"], row["undone"]) == ("liver", "1", "1", "1")
    assert float(row["seconds"]) == 50
    after = Session(volume, DiscEngine())
    after.take_up(read_story(journal.path))
    assert after.effort() == before.effort()


def test_a_long_pause_is_no_work():
    from napari_samunet.session.tally import IDLE_S, Tally

    tally = Tally()
    tally.note(0, "point", 1)
    tally.note(3600, "point", 1)
    assert f",{IDLE_S:.1f},2," in tally.table({1: "liver"})


def test_a_journal_of_an_older_version_still_tells_where_a_model_helped(
    volume, tmp_path, monkeypatch
):
    whole = StateWriter._object

    def as_before(self, item):
        words = whole(self, item)
        return {word: words[word] for word in words if word not in ("models", "origin")}

    with monkeypatch.context() as older:
        older.setattr(StateWriter, "_object", as_before)
        session, journal = _kept(volume, tmp_path)
        session.paint(square(SHAPE[1:], 2, 3, 4), index=2)
        session.accept()
        session.select(1)
        session.propagate(1, 4)
        session.rename_object(1, "carried on")  # a step without a mask
        session.new_object("painted, or of a file")
        session.paint(square(SHAPE[1:], 2, 3, 4), index=2)
        session.accept()
        journal.close()
    found = _read(journal.path, volume).handout().segments()
    assert [segment.origin.kind for segment in found] == ["SEMIAUTOMATIC", ""]


def test_where_masks_came_from_survives_with_every_undo(tmp_path):
    volume = make_volume()
    first = Session(volume, DiscEngine())
    first.paint(square(SHAPE[1:], 8, 9), index=1)
    first.accept()
    file = first.export(tmp_path / "a.nrrd")
    session, journal = _kept(volume, tmp_path / "kept")
    session.import_masks(file)
    session.add_point((9, 9), index=1)
    session.accept()
    journal.close()
    found = _read(journal.path, volume)
    assert found.handout().segments()[0].algorithm.name == "DiscEngine"
    while found.can_undo and found.handout().segments()[0].algorithm:
        found.undo()
    assert found.handout().segments()[0].origin == UNKNOWN
