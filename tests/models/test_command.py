"""``samunet models``: a list that can be read, a download that can be stopped, a file explained."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import torch
from loopback import CONTENT, Loopback, entry_at, nothing_kept, start, wait_for
from safetensors.torch import save_file

from napari_samunet.cli.main import main
from napari_samunet.errors import BadCheckpoint
from napari_samunet.models import catalogue
from napari_samunet.models.builtin import metadata_of, recipe_of
from napari_samunet.models.catalogue import entries
from napari_samunet.models.load import load_model
from napari_samunet.models.samunet import MEMBERS, build


def member(path: Path, seed: int) -> None:
    """Write a member of ours with random weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    config = MEMBERS["builtin"]
    save_file(build(config).state_dict(), path, metadata=metadata_of(config))


def test_the_list_shows_every_model_whether_it_is_here_and_how_to_get_it(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    cache.mkdir(parents=True)
    (cache / "mobile_sam.pt").write_bytes(b"whatever")
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    here = {line.split()[0]: line[15:24].strip() for line in lines if line[:1].isalpha()}
    assert {entry.name for entry in entries()} < here.keys()
    assert (here["mobile-sam"], here["sam-vit-b"]) == ("yes", "fetch")
    assert here["sam-med2d"] == "by hand"
    table = lines[: lines.index("")]
    assert max(map(len, table)) <= 80
    assert any(str(cache) in line for line in lines)


def test_a_model_is_fetched_by_its_name(
    server: Loopback, cache: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entry_at(server.file(CONTENT))
    monkeypatch.setattr(catalogue, "entries", lambda: (entry,))
    assert main(["models", "fetch", "weights"]) == 0
    printed = capsys.readouterr()
    assert str(cache / "weights.pt") in printed.out
    assert printed.err == ""  # no bar where nobody watches


def test_what_travels_with_the_package_needs_no_download(
    capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "BUILTIN", "models.toml")  # weights need not be made yet
    assert main(["models", "fetch", "builtin"]) == 0
    assert "models.toml" in capsys.readouterr().out


def test_a_name_that_is_not_in_the_list_is_answered_with_those_that_are(capsys) -> None:
    assert main(["models", "fetch", "sam-vit-x"]) == 2
    assert "sam-vit-b" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process.")
def test_ctrl_c_stops_a_download_and_leaves_nothing(server: Loopback, cache: Path) -> None:
    # A job that a shell runs in the background is deaf to Ctrl-C, and so would be its children.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from napari_samunet.cli.main import main; sys.exit(main(['models', 'fetch', 'weights']))"
    )
    process = start(code, cache, server.slow(CONTENT))
    wait_for(lambda: any(part.stat().st_size for part in cache.glob("*.part")))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().splitlines() == ["samunet: interrupted"]
    assert nothing_kept(cache)


def test_show_tells_the_list_entry_the_file_and_what_it_is_fed(
    cache: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(cache / "weights.pt", 0)
    own = recipe_of(metadata_of(MEMBERS["builtin"]))
    entry = entry_at("https://example.org/weights.pt", sha256="", system=own.name, licence="mine")
    monkeypatch.setattr(catalogue, "entries", lambda: (entry,))
    assert main(["models", "show", "weights"]) == 0
    printed = capsys.readouterr().out
    for part in ("mine", "none published", own.title, "128 x 128 grey", "yes, exactly"):
        assert part in printed


def test_a_hand_placed_file_is_found_by_name_and_pinned_once_it_was_loaded(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = recipe_of(metadata_of(MEMBERS["builtin"]))
    entry = entry_at("", sha256="", system=own.name, by_hand="a shared drive")
    monkeypatch.setattr(catalogue, "entries", lambda: (entry,))
    cache.mkdir(parents=True)
    (cache / "weights.pt").write_bytes(b"half a downl")
    with pytest.raises(BadCheckpoint):
        load_model("weights", device="cpu")
    member(cache / "weights.pt", 0)  # what could not be loaded was not pinned
    assert load_model("weights", device="cpu").source == str(cache / "weights.pt")
    member(cache / "weights.pt", 1)
    with pytest.raises(BadCheckpoint, match="used before"):
        load_model("weights", device="cpu")
