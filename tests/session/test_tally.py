"""What a session took is counted as it was worked."""

from __future__ import annotations

import csv

from disc_engine import SHAPE, DiscEngine, square
from kept_sessions import kept, read_back

from napari_samunet.session.session import Session
from napari_samunet.session.state import State
from napari_samunet.session.story import read_story
from napari_samunet.session.tally import IDLE_S, Tally


def test_time_prompts_and_edits_of_each_object_survive_too(volume, tmp_path, monkeypatch):
    from napari_samunet.session import core

    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(core.time, "time", lambda: float(next(clock)))
    before, journal = kept(volume, tmp_path)
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
    tally, liver = Tally(), State(current=1)
    tally.note(0, "point", liver, liver)
    tally.note(3600, "point", liver, liver)
    assert f",{IDLE_S:.1f},2," in tally.table({1: "liver"})


def test_a_suggestion_that_was_taken_is_not_counted_as_painted(volume):
    session = Session(volume, DiscEngine())
    session.take_suggestion(session.suggest(index=2)[0].mask, index=2)
    head, row = (line.split(",") for line in session.effort().splitlines())
    counted = dict(zip(head, row, strict=True))
    assert (counted["suggestions_taken"], counted["painted"]) == ("1", "0")


def test_taking_the_next_suggestion_counts_as_accepting_the_one_before(volume):
    session = Session(volume, DiscEngine())
    for begin in (2, 12):
        session.take_suggestion(square(SHAPE[1:], begin, 2, begin + 6), index=2)
    rows = list(csv.DictReader(session.effort().splitlines()))
    assert [(row["suggestions_taken"], row["accepted"]) for row in rows] == [("1", "1"), ("1", "0")]


def test_what_was_drawn_with_the_brush_of_napari_counts_for_the_object_that_was_drawn(
    volume, tmp_path, monkeypatch
):
    from napari_samunet.session import core

    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(core.time, "time", lambda: float(next(clock)))
    session, journal = kept(volume, tmp_path)
    session.new_object("liver")
    session.paint(square(SHAPE[1:], 5, 2, 9), index=2)
    session.accept()
    session.new_object("kidney")
    drawn = session.labels.copy()
    drawn[2, 5:20, 2:20] = 3
    session.repaint(drawn)
    rows = list(csv.DictReader(session.effort().splitlines()))
    assert [(row["label"], row["painted"]) for row in rows] == [("1", "2"), ("2", "0"), ("3", "1")]
    assert [row["seconds"] for row in rows] == ["20.0", "10.0", "10.0"]
    journal.close()
    assert read_back(journal.path, volume).effort() == session.effort()
