"""A journal is read as far as it can be followed, whatever a disk did."""

from __future__ import annotations

import io

import pytest
from disc_engine import SHAPE, DiscEngine, square
from kept_sessions import all_states, kept, read_back, state_bytes, work

from napari_samunet.errors import UnreadableFile
from napari_samunet.session import history as history_module
from napari_samunet.session import journal as journal_module
from napari_samunet.session import story as story_module
from napari_samunet.session.frames import pack
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import Shelf
from napari_samunet.session.story import read_story


@pytest.mark.parametrize("cut", [1, 2, 40, 300, 2000])
def test_a_write_that_a_power_loss_cut_short_costs_only_itself(volume, tmp_path, cut):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier, whole = state_bytes(session), journal.path.stat().st_size
    session.add_point((30, 9), index=2)
    journal.close()
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[: min(len(content) - 1, whole + cut)])
    again = Session.resume(journal.path, volume, DiscEngine())
    assert state_bytes(again) == earlier
    again.add_point((20, 20), index=3)
    again._journal.close()
    assert state_bytes(Session.resume(again._journal.path, volume, DiscEngine())) == state_bytes(
        again
    )


@pytest.mark.parametrize("count", [5, 8, 4096])
def test_zeros_that_a_power_loss_left_cost_nothing(volume, tmp_path, caplog, count):
    session, journal = kept(volume, tmp_path)
    work(session)
    journal.close()
    with journal.path.open("ab") as file:
        file.write(bytes(count))
    assert Shelf(tmp_path).last(ImageIdentity(volume)).about.endswith(", 2 objects")
    again = Session.resume(journal.path, volume, DiscEngine())
    assert state_bytes(again) == state_bytes(session)
    again.add_point((20, 20), index=3)
    again._journal.close()
    assert again._journal.path == journal.path
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(again)
    assert not caplog.text, "nothing is missing, so nothing is said"


def test_what_lies_behind_a_damaged_place_is_left_as_it_is(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier, whole = state_bytes(session), journal.path.stat().st_size
    for column in (20, 30):
        session.add_point((10, column), index=2)
    journal.close()
    content = bytearray(journal.path.read_bytes())
    content[whole + 30] ^= 255
    journal.path.write_bytes(content)
    told: list[str] = []
    again = Session.resume(journal.path, volume, DiscEngine())
    again._journal._on_problem = told.append
    assert state_bytes(again) == earlier
    again.add_point((20, 20), index=3)
    again._journal.close()
    assert journal.path.read_bytes() == content
    assert state_bytes(read_back(again._journal.path, volume)) == state_bytes(again)
    assert "cannot be read" in told[0]


def test_a_frame_that_the_disk_garbled_ends_the_story_there(volume, tmp_path):
    session, journal = kept(volume, tmp_path)
    session.add_point((10, 9), index=2)
    assert journal.flush(10)
    earlier, whole = state_bytes(session), journal.path.stat().st_size
    session.add_point((30, 9), index=2)
    journal.close()
    content = bytearray(journal.path.read_bytes())
    content[whole + 30] ^= 255
    journal.path.write_bytes(content)
    again = Session(volume, DiscEngine())
    again.take_up(read_story(journal.path))
    assert state_bytes(again) == earlier


def test_what_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "notes.samunet"
    path.write_bytes(b"samunet journal 1\n" + io.BytesIO(b"but nothing more").read())
    with pytest.raises(UnreadableFile, match="is none"):
        read_story(path)


def test_a_session_is_read_however_many_steps_were_taken_back(volume, tmp_path, monkeypatch):
    """Whoever reads may hold fewer steps than the one who worked: in bytes, or in number."""
    session, journal = kept(volume, tmp_path)
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
    assert all_states(read_back(journal.path, volume)) == all_states(session)
    monkeypatch.setattr(history_module, "MAX_STEPS", 3)
    assert state_bytes(read_back(journal.path, volume)) == state_bytes(session)


def test_work_on_a_journal_that_can_be_followed_only_in_part_is_kept(
    volume, tmp_path, monkeypatch, caplog
):
    def edited(words, arrays):
        return pack(words | ({"time": []} if words.get("name") == "paint" else {}), arrays)

    monkeypatch.setattr(journal_module, "pack", edited)
    session, journal = kept(volume, tmp_path)
    work(session)
    journal.close()
    again = Session.resume(journal.path, volume, DiscEngine())
    assert "cannot be read and are missing here" in caplog.text
    again.add_point((20, 20), index=4)
    again.accept()
    again._journal.close()
    assert state_bytes(read_back(again._journal.path, volume)) == state_bytes(again)


def test_a_step_that_cannot_be_followed_costs_nothing_that_came_before(volume, tmp_path, caplog):
    session, journal = kept(volume, tmp_path)
    work(session)
    journal.close()
    odd = pack({"kind": "step", "name": "?", "time": 0, "order": [99], "answers": []}, {})
    whole = journal.path.read_bytes() + odd
    journal.path.write_bytes(whole)
    again = Session.resume(journal.path, volume, DiscEngine())
    assert state_bytes(again) == state_bytes(session)
    assert "cannot be read and are missing here" in caplog.text
    again.add_point((20, 20), index=4)
    again._journal.close()
    assert state_bytes(read_back(again._journal.path, volume)) == state_bytes(again)
    assert journal.path.read_bytes() == whole, "nor is it deleted"
