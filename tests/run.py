"""Run the tests with all they need: Qt's system libraries and a display, virtual if there is none.

``uv run tests/run.py [pytest arguments]``. Without arguments style and types are checked as well.
On a desktop the tests use its display. On a bare Debian or Ubuntu this installs the missing
libraries when it runs as root, and names them otherwise.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock
from typing import TextIO

from napari_samunet.cli.display import has_display, missing_packages

REPOSITORY = Path(__file__).resolve().parents[1]
SIDE_BY_SIDE = 2
# Into how many runs the tests with windows are cut: with more, the two sides end closer together.
PARTS = 6
_PRINTING = Lock()


def main() -> int:
    """Prepare, run pytest, return its exit status."""
    os.chdir(REPOSITORY)
    _provide(_needed_packages())
    with _displays() as displays, _bytecode() as kept:
        if sys.argv[1:]:
            return _pytest(sys.argv[1:], {**kept, **displays[0]})
        return _all(displays, kept)


def _all(displays: list[dict[str, str]], kept: dict[str, str]) -> int:
    """Check style and types and run all tests, two jobs at a time; return the worst exit status.

    Two windows on one display would take the keyboard from each other: each has its own.
    """
    free: SimpleQueue[dict[str, str]] = SimpleQueue()
    for display in displays:
        free.put(display)

    def windows(files: list[str], out: TextIO) -> int:
        display = free.get()
        try:
            return _pytest(files, {**kept, **display}, out)
        finally:
            free.put(display)

    def others(out: TextIO) -> int:
        return _pytest(["--ignore=tests/plugin", "tests"], {**kept, **displays[0]}, out)

    files = sorted(path.as_posix() for path in Path("tests/plugin").glob("test_*.py"))
    jobs = [others, _check, *(partial(windows, files[part::PARTS]) for part in range(PARTS))]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return max(pool.map(_told, jobs))


def _told(job: Callable[[TextIO], int]) -> int:
    """Do a job and print in one piece what it said."""
    with TemporaryFile("w+") as out:
        status = job(out)
        out.seek(0)
        with _PRINTING:
            shutil.copyfileobj(out, sys.stdout)
            sys.stdout.flush()
    return status


def _check(out: TextIO) -> int:
    checks = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "napari_samunet"])
    return max(_python(check, {}, out) for check in checks)


def _pytest(arguments: list[str], environment: dict[str, str], out: TextIO | None = None) -> int:
    """Run pytest; once more if it dies of a signal, as drawing in software has been seen to."""
    status = _python(["pytest", *arguments], environment, out)
    if status >= 0:
        return status
    print(f"pytest died of signal {-status}, which is a defect; running it again.", flush=True)
    return abs(_python(["pytest", *arguments], environment, out))


def _python(module: list[str], environment: dict[str, str], out: TextIO | None) -> int:
    command = [sys.executable, "-m", *module]
    environment = {**os.environ, **environment}
    return subprocess.run(command, env=environment, stdout=out, stderr=out, check=False).returncode


def _needed_packages() -> list[str]:
    needed = missing_packages()
    if not has_display() and shutil.which("Xvfb") is None:
        # Mesa's drivers draw where there is no graphics card; without a font Qt draws no text.
        needed += ["xvfb", "libgl1-mesa-dri", "fonts-dejavu-core"]
    if _may_install() and shutil.which("dciodvfy") is None:
        # Checks exported DICOM against the standard; without it those tests alone are left out.
        needed += ["dicom3tools"]
    return needed


def _may_install() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0  # Windows has neither


def _provide(packages: list[str]) -> None:
    """Install Debian packages as root; otherwise say which ones are missing and stop."""
    if not packages:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if not _may_install():
        sys.exit(f"The tests need these system packages: sudo {' '.join(install)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], env=environment, check=True)
    subprocess.run(install, env=environment, check=True)


@contextlib.contextmanager
def _bytecode() -> Iterator[dict[str, str]]:
    """Where Python is told to keep no bytecode, keep it for as long as the tests last.

    They start Python dozens of times, and each start would compile PyTorch and napari.
    """
    if not sys.dont_write_bytecode:
        yield {}
        return
    with TemporaryDirectory() as folder:
        yield {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}


@contextlib.contextmanager
def _displays() -> Iterator[list[dict[str, str]]]:
    """Give the variables of the desktop's display, or of virtual ones, which end afterwards."""
    if has_display():
        yield [{}]
        return
    with contextlib.ExitStack() as screens:
        yield [screens.enter_context(_screen()) for _ in range(SIDE_BY_SIDE)]


@contextlib.contextmanager
def _screen() -> Iterator[dict[str, str]]:
    reading, writing = os.pipe()
    size = ["-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), *size],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()  # written once the server takes connections
    if not number:
        sys.exit("Xvfb did not start; set DISPLAY to a display that works.")
    try:
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
