"""A web server on this computer that stands in for the network, and what it serves."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from napari_samunet.models.catalogue import CatalogueEntry

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()

# A second process with the same folder and the same list entry as this one.
OTHER_PROCESS = """
import sys
from pathlib import Path
from napari_samunet.models import catalogue
from napari_samunet.models.catalogue import CatalogueEntry
catalogue.models_folder = lambda: Path({folder!r})
entry = CatalogueEntry("weights", "sam-vit-b", "https://example.org", "weights.pt", 1, "", "", "",
                       url={url!r}, sha256={sha256!r})
catalogue.entries = lambda: (entry,)
"""

Page = Callable[[BaseHTTPRequestHandler], None]


class Loopback:
    """Serves pages by path; ``asked`` lists the paths in the order in which they came."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.goes_on = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str = "/weights.pt") -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self.goes_on.set()
        self._server.shutdown()
        self._server.server_close()

    def file(self, content: bytes, path: str = "/weights.pt", kind: str = "") -> str:
        """Serve a whole file."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            self._head(handler, len(content), kind)
            handler.wfile.write(content)

        self.pages[path] = page
        return self.url(path)

    def unsized(self, content: bytes, path: str = "/weights.pt") -> str:
        """Send a whole file without saying how large it is."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(content)

        self.pages[path] = page
        return self.url(path)

    def half(self, content: bytes, path: str = "/weights.pt") -> str:
        """Promise a whole file, send its first half and hang up."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            self._head(handler, len(content))
            handler.wfile.write(content[: len(content) // 2])

        self.pages[path] = page
        return self.url(path)

    def slow(self, content: bytes, path: str = "/weights.pt") -> str:
        """Send the first half and wait for ``goes_on`` before the other one."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            self._head(handler, len(content))
            middle = len(content) // 2
            handler.wfile.write(content[:middle])
            handler.wfile.flush()
            self.goes_on.wait(60)
            handler.wfile.write(content[middle:])

        self.pages[path] = page
        return self.url(path)

    def answer(self, status: int, length: str, content: bytes, path: str = "/weights.pt") -> str:
        """Answer with any status, and tell any length."""

        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Length", length)
            handler.end_headers()
            handler.wfile.write(content)

        self.pages[path] = page
        return self.url(path)

    def redirect(self, target: str, path: str = "/weights.pt") -> str:
        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", target)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self.pages[path] = page
        return self.url(path)

    def _head(self, handler: BaseHTTPRequestHandler, length: int, kind: str = "") -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind or "application/octet-stream")
        handler.send_header("Content-Length", str(length))
        handler.end_headers()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                loopback.asked.append(self.path)
                page = loopback.pages.get(self.path)
                if page is None:
                    self.send_error(404)
                    return
                try:
                    page(self)
                except ConnectionError:
                    return  # whoever asked has hung up

            def do_CONNECT(self) -> None:
                """As a proxy that wants a name and a password, and gets none."""
                self.send_error(407)

            def log_message(self, *_words: object) -> None:
                """Tests print nothing."""

        return Handler


def entry_at(url: str, sha256: str = SHA256, **changes: object) -> CatalogueEntry:
    entry = CatalogueEntry(
        name="weights",
        system="sam-vit-b",
        page="https://example.org/page",
        file="weights.pt",
        size_mb=1,
        licence="",
        paper="",
        good_for="",
        url=url,
        sha256=sha256,
    )
    return replace(entry, **changes)


def nothing_kept(folder: Path) -> bool:
    return not folder.exists() or list(folder.iterdir()) == []


def start(code: str, folder: Path, url: str, sha256: str = SHA256) -> subprocess.Popen[str]:
    whole = OTHER_PROCESS.format(folder=str(folder), url=url, sha256=sha256) + code
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", whole], text=True, **pipes)


def wait_for(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
