"""Sessions that were cut off are listed, and what is none is refused in one line."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_samunet.cli.main import main
from napari_samunet.io.export import export_labels
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume
from napari_samunet.session import shelf as shelf_module
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import Shelf


@pytest.fixture
def sessions(tmp_path, monkeypatch):
    """Where this user's journals lie."""
    monkeypatch.setattr(shelf_module, "user_state_path", lambda name: tmp_path / name)
    return Shelf()


def _journal(sessions: Shelf, tmp_path):
    values = np.arange(4 * 8 * 9).reshape(4, 8, 9) % 200
    path = export_labels(values, Volume.from_array(values), tmp_path / "image.nii.gz")
    session = Session(open_volume(path))
    journal = Journal(ImageIdentity(session.volume), sessions.new_path)
    session.keep_journal(journal)
    session.paint(np.ones((8, 9), bool), index=1)
    journal.close()
    return path, journal.path


def test_without_a_session_those_that_can_be_continued_are_listed(sessions, tmp_path, capsys):
    path, journal = _journal(sessions, tmp_path)
    assert main(["resume"]) == 0
    told = capsys.readouterr().out
    assert str(path) in told
    assert str(journal) in told


def test_a_damaged_session_hides_no_other_in_the_list(sessions, tmp_path, capsys):
    _path, journal = _journal(sessions, tmp_path)
    damaged = journal.with_name("damaged.samunet")
    damaged.write_bytes(journal.read_bytes()[:18] + bytes(4096))
    assert main(["resume"]) == 0
    assert str(journal) in capsys.readouterr().out
    assert main(["resume", str(damaged)]) == 2
    assert "beginning cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["folder", "above"])
def test_a_folder_of_sessions_that_may_not_be_entered_is_told_in_one_line(
    sessions, monkeypatch, capsys, where
):
    """As with `sudo -u`, or with HOME set to another person's."""
    sessions.folder.mkdir(parents=True)
    closed = sessions.folder if where == "folder" else sessions.folder.parent

    def denied(call, inside):
        def asked(path, *args, **kwargs):
            if inside(Path(path)):
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *args, **kwargs)

        return asked

    monkeypatch.setattr(os, "stat", denied(os.stat, lambda path: closed in path.parents))
    for name in ("scandir", "listdir"):
        call = getattr(os, name)
        monkeypatch.setattr(os, name, denied(call, lambda path: closed in (path, *path.parents)))
    assert main(["resume"]) == 2
    told, refused = capsys.readouterr()
    assert not told
    assert refused.count("\n") == 1
    assert str(sessions.folder) in refused
    assert "Permission denied" in refused


def test_where_there_is_none_the_folder_is_named(sessions, capsys):
    assert main(["resume"]) == 0
    assert str(sessions.folder) in capsys.readouterr().out


def test_a_missing_session_and_another_file_end_with_status_2(sessions, tmp_path, capsys):
    assert main(["resume", str(tmp_path / "nothing.samunet")]) == 2
    (tmp_path / "notes.txt").write_text("no session")
    assert main(["resume", str(tmp_path / "notes.txt")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("samunet: ") for line in lines)


def test_a_session_whose_image_changed_is_refused(sessions, tmp_path, capsys):
    path, journal = _journal(sessions, tmp_path)
    export_labels(np.zeros((4, 8, 9), int), Volume.from_array(np.zeros((4, 8, 9))), path)
    assert main(["resume", str(journal)]) == 2
    assert "another or a changed one" in capsys.readouterr().err


@pytest.mark.viewer
def test_who_names_a_session_is_not_asked_whether_to_continue_one(sessions, tmp_path, qtbot):
    pytest.importorskip("napari")
    from qtpy.QtCore import QObject

    from napari_samunet.plugin.keeping import Keeping
    from napari_samunet.plugin.launch import continue_named

    path, journal = _journal(sessions, tmp_path)
    with journal.open("ab") as file:
        file.write(b"a step that was cut short")
    session = Session(open_volume(path))

    class Work(SimpleNamespace):
        __hash__ = object.__hash__

    parent, work = QObject(), Work(volume=session.volume, session=session)
    keeping = Keeping(sessions, parent)
    keeping.begin(work)
    with qtbot.waitSignal(keeping.changed):  # the last session of the image was found already
        pass
    assert keeping.offer_for(work) is not None
    continued, told = [], []
    keeping.said.connect(told.append)
    keeping.continued.connect(lambda *_what: continued.append(1))
    continue_named(keeping, work, journal)
    assert keeping.offer_for(work) is None
    keeping._found(work, sessions.last(ImageIdentity(session.volume)), None)  # or only now
    assert keeping.offer_for(work) is None
    qtbot.waitUntil(lambda: bool(continued))
    assert session.previews
    assert "missing here" in told[0], "a step is, and the window says it"
    keeping.close()
