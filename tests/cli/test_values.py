"""Points, boxes and windows are read as they are written in the help."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

import pytest
from held_files import refuse_files

from napari_samunet.cli import values
from napari_samunet.cli.output import check_folder, check_writable, plain_warnings, replace_text
from napari_samunet.errors import BadUsage


def test_points_are_row_then_column_and_positive_unless_said():
    assert values.point("120,88") == ((120, 88), True)
    assert values.point("120.5,88,-") == ((120.5, 88), False)
    assert values.point("120,88,+") == ((120, 88), True)


def test_a_box_may_be_drawn_from_any_corner():
    assert values.box("80,60,150,130") == values.box("150,130,80,60") == (80, 60, 150, 130)


def test_a_range_of_slices_holds_both_ends_in_any_order():
    assert values.slice_range("30:60") == values.slice_range("60:30") == (30, 60)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.point, "1"),
        (values.point, "1,2,3"),
        (values.box, "1,2,3,x"),
        (values.window, "5,5"),
        (values.window, "inf,5"),
        (values.slice_range, "1-2"),
    ],
)
def test_what_is_no_value_is_shown_back(read, text):
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        read(text)


def test_a_text_file_is_replaced_whole(tmp_path: Path):
    target = tmp_path / "report.json"
    target.write_text("old")
    replace_text(target, "new é")
    assert target.read_text(encoding="utf-8") == "new é"
    assert list(tmp_path.iterdir()) == [target]


def test_a_report_may_be_read_by_whom_the_umask_lets(tmp_path: Path):
    replace_text(tmp_path / "report.json", "{}")
    (tmp_path / "plain").touch()
    assert (tmp_path / "report.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_text_that_cannot_be_written_leaves_the_old_file(tmp_path: Path):
    target = tmp_path / "report.json"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(target, "\ud800")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_target_is_checked_before_the_work(tmp_path: Path):
    with pytest.raises(BadUsage, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(BadUsage, match="does not exist"):
        check_writable(tmp_path / "missing" / "report.json")
    with pytest.raises(BadUsage, match="device"):
        check_writable(os.devnull)
    assert check_writable(tmp_path / "report.json").parent == tmp_path
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("on_windows", [True, False])
def test_a_folder_that_takes_no_file_is_told_whatever_the_system_says_of_it(
    tmp_path: Path, monkeypatch, on_windows: bool
):
    """Windows says of every folder that it may be written to."""
    monkeypatch.setattr(os, "access", lambda *_arguments: True)
    monkeypatch.setattr("napari_samunet.replacing._ON_WINDOWS", on_windows)
    refuse_files(monkeypatch, tmp_path)
    with pytest.raises(BadUsage, match=r"takes no file \(Permission denied\)"):
        check_writable(tmp_path / "report.json")
    with pytest.raises(BadUsage, match=r"takes no file \(Permission denied\)"):
        check_folder(tmp_path / "pictures")


def test_a_folder_is_checked_before_the_work_and_not_made(tmp_path: Path, monkeypatch):
    wanted = tmp_path / "a" / "b"
    assert check_folder(wanted) == wanted
    assert not (tmp_path / "a").exists()
    assert not list(tmp_path.iterdir())
    refuse_files(monkeypatch, tmp_path)
    for folder in (tmp_path, wanted):
        with pytest.raises(BadUsage, match=r"takes no file \(Permission denied\)"):
            check_folder(folder)
    (tmp_path / "a").touch()
    with pytest.raises(BadUsage, match="is a file"):
        check_folder(wanted)


def test_a_warning_is_one_plain_line_whatever_other_libraries_make_of_logging(capsys):
    with plain_warnings():
        try:
            raise OSError
        except OSError:
            logging.getLogger("napari_samunet.models").warning("no\nroom", exc_info=True)
    assert capsys.readouterr().err == "samunet: no room\n"
    assert logging.getLogger("napari_samunet").propagate
