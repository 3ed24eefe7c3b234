"""One address → one file, over a connection that nobody can turn into a weaker one.

pooch carries the bytes; this adds where it may be sent on to, how long a server may be silent, and
a plain reason for everything that can go wrong.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from napari_samunet.errors import FetchCancelled, NotFetched
from napari_samunet.replacing import cause_of

if TYPE_CHECKING:
    from requests import Response

Progress = Callable[[int, int | None], object]
"""``progress(done, total)`` in bytes, total None where the server does not tell; returning False
stops the download."""

SILENCE_S = 30.0
"""A server that says nothing for so long has failed."""

_CHUNK = 1 << 14
"""Bytes after which a stop is heard: within a second on a line of 20 kB/s."""
_WEB_PAGES = ("text/html", "application/xhtml+xml")


def download(
    url: str, path: Path, progress: Progress | None = None, silence_s: float = SILENCE_S
) -> None:
    """Write what an address answers with into a file, completely or with an error.

    Parameters
    ----------
    url
        ``https``; plain ``http`` on this computer (loopback) only. The same holds for every address
        that the server sends on to, and the scheme must stay what it is.
    path
        A new file; whoever calls removes it after an error.
    progress
        Told now and then; returning False stops.
    silence_s
        How long the server may say nothing, in seconds.

    Raises
    ------
    FetchCancelled
        ``progress`` returned False.
    NotFetched
        The reason in one short sentence.
    """
    import pooch
    import requests

    _check_address(url)
    carry = pooch.HTTPDownloader(
        progressbar=_Meter(progress),
        chunk_size=_CHUNK,
        timeout=silence_s,
        hooks={"response": check_response},
        headers={"Accept-Encoding": "identity"},  # so that the length is that of the file
    )
    try:
        carry(url, str(path), None)
    except requests.RequestException as error:
        raise NotFetched(_network_reason(error, urlsplit(url).hostname or url)) from error
    except OSError as error:
        raise NotFetched(_local_reason(error, path)) from error


class _Meter:
    """A progress bar as pooch drives one, which tells and stops instead of drawing."""

    def __init__(self, progress: Progress | None) -> None:
        self.total = 0
        self._done = 0
        self._tell = progress or (lambda done, total: None)

    def update(self, count: int) -> None:
        self._done += count
        done = min(self._done, self.total) if self.total else self._done
        if self._tell(done, self.total or None) is False:
            raise FetchCancelled("The download was stopped; nothing was kept of it.")

    def reset(self) -> None:
        """Begin to count again: pooch then counts the whole file at once, if it knows how much."""
        if self.total:
            self._done = 0

    def close(self) -> None:
        """Nothing is drawn, so nothing is to be taken away."""


def check_response(response: Response, **_how: Any) -> None:
    """Look at every answer on the way, before anything of it is followed or kept."""
    if response.is_redirect:
        target = urljoin(response.url, response.headers["location"])
        _check_redirect(response.url, target)
        return
    host = urlsplit(response.url).hostname
    if response.status_code != HTTPStatus.OK:  # a part of the file, or nothing, is no success
        raise NotFetched(f"{host} answered {response.status_code} {response.reason}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _WEB_PAGES:
        raise NotFetched(
            f"{host} sent a web page in place of the file; "
            "perhaps this network asks you to log in first"
        )
    length = response.headers.get("content-length", "0")
    if not length.isdecimal():
        raise NotFetched(f"{host} says that the file is {length!r} bytes long, which is no number")


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return
    raise NotFetched(f"only https addresses are fetched, but this one is {url}")


def _check_redirect(start: str, target: str) -> None:
    """Refuse to be sent to another scheme; the two of the web may change on this computer only."""
    here, there = urlsplit(start), urlsplit(target)
    at_home = _is_loopback(here.hostname) and _is_loopback(there.hostname)
    if here.scheme != there.scheme and not (at_home and there.scheme in ("http", "https")):
        raise NotFetched(
            f"{here.hostname} sends on from {here.scheme} to {there.scheme} ({target}), "
            "which is refused"
        )
    _check_address(target)


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _network_reason(error: Exception, host: str) -> str:
    import requests
    from requests.utils import get_environ_proxies

    if isinstance(error, (requests.exceptions.ProxyError, requests.exceptions.InvalidSchema)):
        return (
            f"the proxy that this computer is set to use did not lead to {host} "
            f"({_proxys_word(error)}); ask who runs this network, or set HTTPS_PROXY to "
            "http://NAME:PASSWORD@PROXY:PORT"
        )
    if isinstance(error, requests.exceptions.InvalidURL) and get_environ_proxies(f"https://{host}"):
        return (  # without the address, which holds a password
            "the address of the proxy that this computer is set to use cannot be read; set "
            "HTTPS_PROXY to http://NAME:PASSWORD@PROXY:PORT, and write signs of the password such "
            "as # / @ : as %23 %2F %40 %3A"
        )
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"{host} was silent for too long"
    if isinstance(error, requests.exceptions.SSLError):
        return f"the secure connection to {host} failed: its certificate is not trusted here"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {host} broke off in the middle of the file"
    if isinstance(error, requests.ConnectionError):
        return f"{host} cannot be reached; this computer may be offline"
    return f"{host} sent what cannot be followed ({type(error).__name__})"


def _proxys_word(error: Exception) -> str:
    """What the proxy, or the way to it, said: requests hides it under two other errors."""
    refused = getattr(error.args[0], "reason", None)
    return str(getattr(refused, "original_error", error))


def _local_reason(error: OSError, path: Path) -> str:
    """What this computer's disk said, or requests of its certificates, which has no number."""
    if error.errno is None:
        return f"{error}; look at what REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk of {path.parent} is full"
    return f"{path.parent} cannot be written to ({cause_of(error)})"
