"""Kept work is found again, offered to its own image alone, and deleted in time."""

from __future__ import annotations

import os
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from kept_sessions import kept, work

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.io.volume import Volume
from napari_samunet.session import journal as journal_module
from napari_samunet.session import shelf as shelf_module
from napari_samunet.session.frames import MAGIC, pack
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.lock import hold
from napari_samunet.session.reopen import image_of_session
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import KEPT_DAYS, Shelf
from napari_samunet.session.story import read_story
from napari_samunet.types import SliceRef


def test_the_latest_journal_of_this_very_image_is_found(volume, tmp_path):
    shelf, paths = Shelf(tmp_path), []
    for turn in range(2):
        session, journal = kept(volume, tmp_path)
        session.add_point((10, 9), index=2)
        journal.close()
        os.utime(journal.path, (1e9 + turn, 1e9 + turn))
        paths.append(journal.path)
    assert shelf.last(ImageIdentity(volume)).path == paths[1]
    other = Volume.from_array(volume.array + 1)
    assert shelf.last(ImageIdentity(other)) is None


def test_what_another_window_works_on_is_not_offered(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    assert Shelf(tmp_path).last(ImageIdentity(volume)) is None
    assert Shelf(tmp_path).is_worked_on(ImageIdentity(volume))
    assert not Shelf(tmp_path).is_worked_on(ImageIdentity(volume), journal.path), "it is one's own"
    journal.close()
    assert not Shelf(tmp_path).is_worked_on(ImageIdentity(volume))
    assert Shelf(tmp_path).last(ImageIdentity(volume)).path == journal.path


def test_a_changed_file_is_noticed_and_its_session_never_laid_over_it(tmp_path):
    from napari_samunet.io.export import export_labels
    from napari_samunet.io.open import open_volume

    values = np.arange(4 * 8 * 9).reshape(4, 8, 9) % 200
    path = export_labels(values, Volume.from_array(values), tmp_path / "image.nii.gz")
    session, journal = kept(open_volume(path), tmp_path)
    session.add_point((3, 3), index=1)
    journal.close()
    export_labels(values + 1, Volume.from_array(values), path)
    changed, shelf = ImageIdentity(open_volume(path)), Shelf(tmp_path)
    assert shelf.last(changed) is None
    assert shelf.of_other_content(changed).path == journal.path
    with pytest.raises(InputError, match="another or a changed one"):
        Session.resume(journal.path)


def test_old_journals_are_deleted_because_they_show_patients(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
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
    session, journal = kept(volume, folder)
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
    session, journal = kept(volume, tmp_path)
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


def test_a_stray_click_and_its_undo_hide_no_earlier_work(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    work(session)
    journal.close()
    stray, later = kept(volume, tmp_path)
    stray.add_point((10, 9), index=2)
    stray.undo()
    later.close()
    os.utime(journal.path, (1e9, 1e9))
    offered = Shelf(tmp_path).last(ImageIdentity(volume))
    assert offered.path == journal.path
    assert offered.about.endswith(", 2 objects")


def test_an_offer_tells_how_many_objects_a_session_ended_with(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
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
