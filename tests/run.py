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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from napari_samunet.cli.display import has_display, missing_packages

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> int:
    """Prepare, run pytest, return its exit status."""
    _provide(_needed_packages())
    status = 0 if sys.argv[1:] else _check()
    with _display() as environment:
        if sys.argv[1:]:
            return _pytest(sys.argv[1:], environment)
        return max(status, _all(environment))


def _check() -> int:
    """Check style and types; return the worst exit status."""
    checks = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "napari_samunet"])
    commands = [[sys.executable, "-m", *check] for check in checks]
    return max(subprocess.run(each, cwd=REPOSITORY, check=False).returncode for each in commands)


def _all(environment: dict[str, str]) -> int:
    """Run all tests, beside them those that open windows, which wait more than they work."""
    with TemporaryFile("w+") as kept, ThreadPoolExecutor(1) as beside:
        windows = beside.submit(_pytest, ["tests/plugin"], environment, kept)
        status = _pytest(["--ignore=tests/plugin", "tests"], environment)
        status = max(status, windows.result())
        kept.seek(0)
        shutil.copyfileobj(kept, sys.stdout)
    return status


def _pytest(arguments: list[str], environment: dict[str, str], out: TextIO | None = None) -> int:
    """Run pytest; once more if it dies of a signal, as drawing in software has been seen to."""

    def run() -> int:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, stdout=out, stderr=out, check=False
        ).returncode

    status = run()
    if status >= 0:
        return status
    print(f"pytest died of signal {-status}, which is a defect; running it again.", flush=True)
    return abs(run())


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
def _display() -> Iterator[dict[str, str]]:
    """Give an environment with a display, and end the virtual one afterwards."""
    if has_display():
        yield dict(os.environ)
        return
    reading, writing = os.pipe()
    screen = ["-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), *screen],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()  # written once the server takes connections
    if not number:
        sys.exit("Xvfb did not start; set DISPLAY to a display that works.")
    try:
        yield {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
