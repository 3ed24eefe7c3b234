"""A checkpoint is downloaded whole and verified, or not at all; whatever goes wrong is said."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import requests
import safetensors.torch
import torch
from held_files import hold_files
from loopback import CONTENT, Loopback, entry_at, nothing_kept, start, wait_for

from napari_samunet import replacing
from napari_samunet.errors import BadCheckpoint, FetchCancelled, NotFetched
from napari_samunet.models.catalogue import installed
from napari_samunet.models.download import check_response
from napari_samunet.models.fetch import fetch

pytestmark = pytest.mark.usefixtures("cache")


def checkpoint(value: float) -> bytes:
    return safetensors.torch.save({"weight": torch.full((1000,), value)})


def test_a_listed_file_arrives_whole_with_progress(server: Loopback, cache: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = fetch(entry_at(server.file(CONTENT)), lambda done, total: seen.append((done, total)))
    assert path == cache / "weights.pt"
    assert path.read_bytes() == CONTENT
    assert [total for _, total in seen] == [len(CONTENT)] * len(seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) > 3
    assert seen[-1][0] == len(CONTENT)
    assert list(cache.iterdir()) == [path]


def test_a_server_that_tells_no_size_still_shows_how_much_came(server: Loopback) -> None:
    seen: list[tuple[int, int | None]] = []
    fetch(entry_at(server.unsized(CONTENT)), lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {None}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] >= len(CONTENT)


def test_what_is_here_already_is_verified_and_not_fetched_again(server: Loopback) -> None:
    entry = entry_at(server.file(CONTENT))
    first = fetch(entry)
    assert fetch(entry) == first
    assert len(server.asked) == 1


def test_a_cancelled_download_leaves_nothing_and_the_next_one_starts_anew(
    server: Loopback, cache: Path
) -> None:
    entry = entry_at(server.file(CONTENT))
    with pytest.raises(FetchCancelled):
        fetch(entry, lambda done, total: done < len(CONTENT) // 2)
    assert nothing_kept(cache)
    assert fetch(entry).read_bytes() == CONTENT


def test_a_stop_is_heard_on_a_slow_line(server: Loopback, cache: Path) -> None:
    slow = server.slow(CONTENT[:80_000])  # of which half comes, and then nothing
    with pytest.raises(FetchCancelled):
        fetch(entry_at(slow), lambda _done, _total: False, silence_s=2)
    assert nothing_kept(cache)


def test_a_download_that_broke_off_leaves_nothing_and_the_next_one_starts_anew(
    server: Loopback, cache: Path
) -> None:
    entry = entry_at(server.half(CONTENT))
    with pytest.raises(NotFetched, match="broke off"):
        fetch(entry)
    assert nothing_kept(cache)
    server.file(CONTENT)
    assert fetch(entry).read_bytes() == CONTENT


def test_what_a_killed_download_left_is_cleared_away(server: Loopback, cache: Path) -> None:
    process = start(
        "from napari_samunet.models.fetch import fetch; fetch(entry)",
        cache,
        server.slow(CONTENT),
    )
    wait_for(lambda: any(part.stat().st_size for part in cache.glob("*.part")))
    process.kill()
    process.communicate()
    server.goes_on.set()
    (left,) = cache.iterdir()
    server.file(CONTENT)
    fetch(entry_at(server.url()))
    assert left.exists()  # it may belong to a download that goes on
    os.utime(left, (0, 0))
    (cache / "weights.pt").unlink()
    fetch(entry_at(server.url()))
    assert [path.name for path in cache.iterdir()] == ["weights.pt"]


@pytest.mark.parametrize(
    "target", ["ftp://127.0.0.1/weights.pt", "file:///etc/hostname", "http://example.org/weights"]
)
def test_being_sent_on_to_another_scheme_is_refused(
    server: Loopback, cache: Path, target: str
) -> None:
    with pytest.raises(NotFetched) as caught:
        fetch(entry_at(server.redirect(target)))
    assert target in str(caught.value)
    assert nothing_kept(cache)


@pytest.mark.parametrize(
    ("start_at", "target", "refused"),
    [
        ("https://a.org/x", "http://a.org/x", True),
        ("https://a.org/x", "http://127.0.0.1/x", True),
        ("https://a.org/x", "file:///x", True),
        ("https://a.org/x", "https://b.org/y", False),
        ("https://a.org/x", "/y", False),
        ("http://127.0.0.1/x", "https://localhost/x", False),
    ],
)
def test_https_stays_https(start_at: str, target: str, refused: bool) -> None:
    answer = requests.Response()
    answer.status_code, answer.url, answer.headers["location"] = 302, start_at, target
    if refused:
        with pytest.raises(NotFetched, match=r"refused|https"):
            check_response(answer)
    else:
        check_response(answer)


def test_being_sent_on_within_the_scheme_is_followed(server: Loopback) -> None:
    server.file(CONTENT, "/moved/weights.pt")
    entry = entry_at(server.redirect("/moved/weights.pt"))
    assert fetch(entry).read_bytes() == CONTENT
    assert server.asked == ["/weights.pt", "/moved/weights.pt"]


def test_plain_http_is_for_this_computer_only(cache: Path) -> None:
    with pytest.raises(NotFetched, match="only https"):
        fetch(entry_at("http://example.org/weights.pt"))
    assert nothing_kept(cache)


@pytest.mark.parametrize("kind", ["sha256", "md5", "git"])
def test_another_file_than_the_published_one_never_gets_its_place(
    server: Loopback, cache: Path, kind: str
) -> None:
    entry = replace(entry_at(server.file(CONTENT), sha256=""), **{kind: "0" * 40})
    with pytest.raises(NotFetched, match=f"its {kind} hash is"):
        fetch(entry)
    assert nothing_kept(cache)


def test_a_wrong_file_that_is_here_already_is_told_and_left_alone(
    server: Loopback, cache: Path
) -> None:
    cache.mkdir(parents=True)
    (cache / "weights.pt").write_bytes(b"mine")
    with pytest.raises(BadCheckpoint, match="not the right file"):
        fetch(entry_at(server.file(CONTENT)))
    assert (cache / "weights.pt").read_bytes() == b"mine"
    assert server.asked == []


def test_a_file_without_a_published_hash_is_pinned_when_it_is_fetched(
    server: Loopback, cache: Path
) -> None:
    first, changed = checkpoint(1.0), checkpoint(2.0)
    entry = entry_at(server.file(first), sha256="")
    path = fetch(entry)
    # The pin is a line that `sha256sum -c` reads.
    pinned = f"{hashlib.sha256(first).hexdigest()}  weights.pt\n"
    assert (cache / "weights.pt.sha256").read_text() == pinned
    path.write_bytes(b"somebody else's")
    with pytest.raises(BadCheckpoint, match="used before"):
        installed(entry)
    path.unlink()
    server.file(changed)
    with pytest.raises(NotFetched, match="used before"):
        fetch(entry)
    assert not path.exists()
    (cache / "weights.pt.sha256").unlink()  # as the message says, where the change is meant
    assert fetch(entry).read_bytes() == changed


@pytest.mark.parametrize("kind", ["empty", "apology", "half", "half of an archive"])
def test_what_is_no_whole_checkpoint_is_neither_kept_nor_pinned(
    server: Loopback, cache: Path, kind: str
) -> None:
    """Where no hash is published, or the whole file would be refused for another one later."""
    whole, archive = checkpoint(1.0), BytesIO()
    torch.save({"weight": torch.ones(1000)}, archive)
    came = {
        "empty": b"",
        "apology": b'{"error": "quota exceeded"}',
        "half": whole[: len(whole) // 2],
        "half of an archive": archive.getvalue()[: len(archive.getvalue()) // 2],
    }[kind]
    entry = entry_at(server.unsized(came), sha256="")
    with pytest.raises(NotFetched, match="no checkpoint, or not a whole one"):
        fetch(entry)
    assert nothing_kept(cache)
    server.file(whole)
    assert fetch(entry).read_bytes() == whole


def test_offline_says_the_address_and_the_place(cache: Path) -> None:
    closed = Loopback()
    closed.close()
    with pytest.raises(NotFetched) as caught:
        fetch(entry_at(closed.url()))
    message = str(caught.value)
    assert "offline" in message
    assert closed.url() in message
    assert str(cache / "weights.pt") in message
    assert "\n" not in message
    assert nothing_kept(cache)


@pytest.mark.parametrize(("is_there", "word"), [(True, "407"), (False, "proxy")])
def test_who_is_behind_a_proxy_is_not_told_to_be_offline(
    server: Loopback, cache: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool, word: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    closed = Loopback()
    closed.close()
    monkeypatch.setenv("https_proxy", (server if is_there else closed).url(""))
    with pytest.raises(NotFetched, match=word) as caught:
        fetch(entry_at("https://example.org/weights.pt"))
    assert "HTTPS_PROXY" in str(caught.value)
    assert "offline" not in str(caught.value)
    assert nothing_kept(cache)


@pytest.mark.parametrize("password", ["SEC/RET", "SEC#RET", "SEC?RET"])
def test_a_password_that_breaks_the_address_of_a_proxy_is_not_laid_to_the_server(
    cache: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", f"http://me:{password}@proxy.example:3128")
    with pytest.raises(NotFetched, match=r"address of the proxy.*%23") as caught:
        fetch(entry_at("https://example.org/weights.pt"))
    assert "SEC" not in str(caught.value), "a message may be shown to others"
    assert "RET" not in str(caught.value)
    assert nothing_kept(cache)


def test_certificates_that_are_not_there_are_not_taken_for_a_full_disk(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cache / "no.pem"))
    with pytest.raises(NotFetched, match=r"no\.pem; look at what REQUESTS_CA_BUNDLE") as caught:
        fetch(entry_at("https://127.0.0.1/weights.pt"))
    assert "written" not in str(caught.value)


def test_a_consent_page_says_the_address_and_the_place(cache: Path) -> None:
    by_hand = "it lies on a shared drive"
    with pytest.raises(NotFetched) as caught:
        fetch(entry_at("", by_hand=by_hand))
    for part in (by_hand, "https://example.org/page", str(cache / "weights.pt")):
        assert part in str(caught.value)


def test_a_web_page_is_never_kept_as_a_checkpoint(server: Loopback, cache: Path) -> None:
    url = server.file(b"<html>Please log in</html>", kind="text/html; charset=utf-8")
    with pytest.raises(NotFetched, match="log in"):
        fetch(entry_at(url, sha256=""))
    assert nothing_kept(cache)


def test_a_missing_file_and_a_silent_server_are_told(server: Loopback, cache: Path) -> None:
    with pytest.raises(NotFetched, match="404"):
        fetch(entry_at(server.url("/nowhere.pt")))
    with pytest.raises(NotFetched, match="silent"):
        fetch(entry_at(server.slow(CONTENT)), silence_s=0.3)
    assert nothing_kept(cache)


def test_what_a_virus_scanner_holds_for_a_moment_is_not_fetched_in_vain(
    server: Loopback, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entry_at(server.file(CONTENT))
    hold_files(monkeypatch, 3)
    assert fetch(entry).read_bytes() == CONTENT
    assert [path.name for path in cache.iterdir()] == ["weights.pt"]


def test_what_another_program_holds_for_good_is_told_in_plain_words(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object, **__: object) -> None:
        raise PermissionError(13, "The file is being used by another process")

    entry = entry_at(server.file(CONTENT))
    hold_files(monkeypatch, 10**9)
    monkeypatch.setattr(replacing, "_HELD_AT_MOST_S", 0.05)
    monkeypatch.setattr(os, "unlink", held)
    with pytest.raises(NotFetched, match="open in another program"):
        fetch(entry)


def test_two_processes_that_fetch_at_once_end_with_one_whole_file(
    server: Loopback, cache: Path
) -> None:
    url = server.slow(CONTENT)
    code = "from napari_samunet.models.fetch import fetch; print(fetch(entry))"
    both = [start(code, cache, url) for _ in range(2)]
    wait_for(lambda: len(server.asked) == 2)
    server.goes_on.set()
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.strip() == str(cache / "weights.pt")
    assert (cache / "weights.pt").read_bytes() == CONTENT
    assert [path.name for path in cache.iterdir()] == ["weights.pt"]


def test_a_folder_that_cannot_be_written_to_is_told(server: Loopback, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file is in the way")
    with pytest.raises(NotFetched, match="cannot be written to"):
        fetch(entry_at(server.file(CONTENT)))
    assert server.asked == []


def test_a_full_disk_is_told_before_anything_is_fetched(
    server: Loopback, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(cache.anchor)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=999_999))
    with pytest.raises(NotFetched, match="needs 1 MB"):
        fetch(entry_at(server.file(CONTENT)))
    assert server.asked == []
    assert nothing_kept(cache)


@pytest.mark.skipif(os.name != "posix", reason="Only POSIX bounds the size of files.")
def test_a_disk_that_gets_full_meanwhile_is_told(server: Loopback, cache: Path) -> None:
    code = (
        # Python would keep bytecode that is cut short, and fail to read it.
        "import resource, sys; sys.dont_write_bytecode = True\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from napari_samunet.cli.main import main; sys.exit(main(['models', 'fetch', 'weights']))"
    )
    process = start(code, cache, server.file(CONTENT))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "is full" in err
    assert "Traceback" not in err
    assert nothing_kept(cache)
