"""The command line answers bad input with one line and status 2, and never a traceback."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from napari_samunet.cli.main import COMMANDS, main


def _one_line(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.strip().splitlines()
    return line


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys):
    assert main([command, "--help"]) == 0
    assert f"usage: samunet {command}" in capsys.readouterr().out


LONG = "n" * 300  # no system looks up such a name; a folder that may not be entered raises alike


@pytest.mark.parametrize(
    "arguments",
    [
        f"{LONG}.nii",
        f"info {LONG}.nii",
        f"segment {LONG}.nii --slice 0 --point 3,4 -o o.nii",
        f"segment IMAGE --slice 0 --point 3,4 -o {LONG}.nii",
        f"segment IMAGE --slice 0 --point 3,4 -o o.nii --masks {LONG}.nii",
        f"models show {LONG}.pth",
        f"resume {LONG}.json",
        f"embed {LONG}.nii",
        f"benchmark --json {LONG}.json",
    ],
    ids=lambda text: text.replace(LONG, "LONG"),
)
def test_a_path_that_cannot_be_looked_up_is_one_line(
    arguments: str, oblique_image: Path, capsys, monkeypatch
):
    monkeypatch.chdir(oblique_image.parent)
    assert main(arguments.replace("IMAGE", oblique_image.name).split()) == 2
    line = _one_line(capsys)
    assert LONG in line
    assert "cannot be reached" in line


def test_a_mistyped_command_is_told_from_a_file(capsys):
    assert main(["segmnt"]) == 2
    line = _one_line(capsys)
    assert "segmnt" in line
    assert "segment" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["segment"],
        ["segment", "x.nii", "--slice", "one", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "3", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "3,4,0", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--box", "1,2,3", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "nan,4", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "3,4", "--window", "9,1", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "3,4", "--propagate", "4", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "3,4", "--label", "0", "-o", "y.nii"],
        ["segment", "x.nii", "--slice", "1", "--point", "3,4", "-o", "missing/y.nii"],
        ["evaluate", "nowhere"],
        ["evaluate", ".", "--clicks", "21"],
        ["evaluate", ".", "--every", "0"],
        ["info", "nowhere.nii"],
        ["info"],
        ["models", "unknown-action"],
        ["train", "nowhere.toml"],
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line_and_status_2(arguments, capsys, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert len(_one_line(capsys)) > 20
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "after"),
    [
        ([""], "samunet"),
        (["ct.nii.gz", ""], "ct.nii.gz"),
        (["info", ""], "info"),
        (["embed", ""], "embed"),
        (["train", ""], "train"),
        (["resume", ""], "resume"),
        (["evaluate", ""], "evaluate"),
        (["models", "show", ""], "show"),
        (["evaluate", ".", "--pictures="], "--pictures="),
        (["evaluate", ".", "--json", ""], "--json"),
        (["train", "x.toml", "--out", ""], "--out"),
        (["segment", "", "--slice", "1", "--point", "3,4", "-o", "y.nii"], "segment"),
        (["segment", "x.nii", "--slice", "1", "--point", "3,4", "-o", ""], "-o"),
    ],
    ids=str,
)
def test_an_unset_variable_is_not_taken_for_the_current_folder(
    arguments, after, capsys, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("ct.nii.gz").touch()
    assert main(arguments) == 2
    assert f"was wanted after '{after}', but nothing came" in _one_line(capsys)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "foo"], "models list takes no name, but 'foo' came"),
        (["list", "--system", "bar"], "models list takes no --system, but --system bar came"),
        (["fetch", "builtin", "--system", "bar"], "models fetch takes no --system"),
        (["show"], "models show needs a name"),
    ],
    ids=str,
)
def test_a_word_that_models_would_take_no_notice_of_is_refused(arguments, said, capsys):
    assert main(["models", *arguments]) == 2
    assert said in _one_line(capsys)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["models", "info IMAGE"])
def test_a_full_disk_under_what_is_printed_is_one_line(command, unbuffered, oblique_image: Path):
    arguments = command.replace("IMAGE", str(oblique_image)).split()
    with open("/dev/full", "w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "napari_samunet.cli.main", *arguments],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert "could not be written" in line


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough_is_no_error(unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        answer = subprocess.run(
            [sys.executable, "-m", "napari_samunet.cli.main", "models"],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(("system", "status"), [("win32", 0), ("linux", 2)])
def test_nor_is_it_where_windows_calls_a_closed_pipe_an_invalid_argument(
    system, status, tmp_path: Path, monkeypatch, capfd
):
    class Closed(io.FileIO):
        def write(self, _content: object) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr("napari_samunet.cli.main.sys.platform", system)
    with (tmp_path / "out").open("w") as kept:  # the command closes what it was given
        printed = io.TextIOWrapper(Closed(os.dup(kept.fileno()), "w"), write_through=True)
        monkeypatch.setattr(sys, "stdout", printed)
        assert main(["--help"]) == status
    told = capfd.readouterr().err.splitlines()
    assert len(told) == (0 if status == 0 else 1)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_name_that_the_locale_cannot_print_is_printed_otherwise(
    encoding: str, oblique_image: Path, tmp_path: Path
):
    odd = tmp_path / "Müller →.nii.gz"
    shutil.copyfile(oblique_image, odd)
    answer = subprocess.run(
        [sys.executable, "-m", "napari_samunet.cli.main", "info", odd],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
    )
    assert answer.returncode == 0, answer.stderr
    assert b"ller " in answer.stdout


def test_a_window_may_begin_below_zero(capsys, tmp_path: Path):
    missing = tmp_path / "ct.nii.gz"
    command = ["segment", str(missing), "--slice", "1", "--point", "3,4", "--window", "-160,240"]
    assert main([*command, "-o", str(tmp_path / "out.nii.gz")]) == 2
    assert "ct.nii.gz" in _one_line(capsys)  # the missing image, not the window


def test_a_defect_of_ours_is_not_dressed_up_as_bad_input(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("napari_samunet.evaluation.cases.find_cases", broken)
    with pytest.raises(ZeroDivisionError):
        main(["evaluate", "."])
