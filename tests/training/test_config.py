"""A slip in a training configuration is one plain line, before anything is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_samunet.cli.main import main
from napari_samunet.errors import BadUsage, InputError
from napari_samunet.training.config import DevConfig, TrainConfig, read_config
from napari_samunet.training.loop import Trainer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('batch = "x"', "batch is a whole number, but 'x' came"),
        ("batch = 2.5", "batch is a whole number, but 2.5 came"),
        ("batch = true", "batch is a whole number, but True came"),
        ("batch = 0", "batch is a whole number, 1 or more, but 0 came"),
        ("images = -3", "images is a whole number, 1 or more, but -3 came"),
        ("images = 7", "images is at least one batch (16), but 7 came"),
        ("rounds = 0", "rounds is a whole number, 1 or more, but 0 came"),
        ("seed = -1", "seed is a whole number, 0 to 9223372036854775807, but -1 came"),
        ("member = 3", "member is a text, but 3 came"),
        ("ema = nan", "ema is a number, 0 to 1, but nan came"),
        ("[scenes]\npool = 0", "[scenes] pool is a whole number, 1 or more, but 0 came"),
        ("[scenes]\nside = 16", "[scenes] side is a whole number, 48 or more, but 16 came"),
        ("[dev]\nclicks = 25", "[dev] clicks is a whole number, 1 to 20, but 25 came"),
        ("[dev]\nfolder = 4", "[dev] folder is a text, but 4 came"),
        ("scenes = 4", "scenes is a table [scenes], but 4 came"),
        ("bach = 4", "bach is no key of a training configuration; wanted one of member, start,"),
        ("[scenes]\nsides = 4", "[scenes] sides is no key"),
        ("[scene]\nside = 4", "scene is no key"),
        ("member = ", "x.toml is none: "),
    ],
)
def test_a_slip_is_named_with_what_was_wanted_and_what_came(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line
    assert said in line
    assert list(tmp_path.iterdir()) == [path]  # no empty folder of a run that never was


def test_a_whole_number_does_where_a_number_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('ema = 1\nstart = "w.safetensors"\n[scenes]\nregions = 0\nworkers = 0')
    config = read_config(path)
    assert (config.ema, config.scenes.regions, config.scenes.workers) == (1, 0, 0)
    assert config.start == str(tmp_path / "w.safetensors")


def test_a_configuration_that_is_missing_is_told_without_numbers_of_errors(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=r"nowhere\.toml is not there; see ") as told:
        read_config(tmp_path / "nowhere.toml")
    assert "Errno" not in str(told.value)
    example = str(told.value).partition("; see ")[2].removesuffix(" for one.")
    assert Path(example).is_absolute(), "a clone's path does not exist beside a wheel"
    assert read_config(Path(example)).member == "builtin"
    (tmp_path / "latin.toml").write_bytes(b'member = "\xe9"')
    with pytest.raises(BadUsage, match=r"latin\.toml is none"):
        read_config(tmp_path / "latin.toml")


def test_the_shipped_configuration_is_found_by_name_far_from_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "builtin", "--device", "abacus"]) == 2
    assert "'abacus' cannot be used here" in capsys.readouterr().err  # so it was read


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"member": "nobody"}, "^member"),
        ({"start": "text.safetensors"}, "^start"),
        ({"dev": DevConfig(folder="nowhere")}, "nowhere is none"),
        ({"dev": DevConfig(folder="empty")}, "none lies there"),
        ({"dev": DevConfig(folder="spoilt")}, "is unreadable"),
    ],
)
def test_a_run_that_cannot_begin_makes_no_folder(
    change: dict, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = TrainConfig()
    Path("text.safetensors").write_text("no weights")
    Path("empty").mkdir()
    Path("spoilt").mkdir()
    Path("spoilt/a.npz").write_text("no case")
    with pytest.raises(InputError, match=said):
        Trainer(replace(config, **change), tmp_path / "run", "cpu")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadUsage, match="cannot be made"):
        Trainer(TrainConfig(), tmp_path / "file" / "run", "cpu")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "file/run"], "file is a file"),
        (["--out", "run", "--device", "abacus"], "'abacus' cannot be used here"),
        (["--out", "run", "--threads", "0"], "--threads counts from 1, but 0 came"),
    ],
    ids=" ".join,
)
def test_an_option_that_cannot_be_followed_is_refused_before_the_run(
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("x.toml").write_text("images = 16")
    assert main(["train", "x.toml", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not Path("run").exists()
