"""Run the tests with all they need: Qt's system libraries and a display, virtual if there is none.

``uv run tests/run.py [pytest arguments]``. On a desktop the tests use its display. On a bare Debian
or Ubuntu this installs the missing libraries when it runs as root, and names them otherwise.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

# What Qt's xcb platform and napari's OpenGL canvas load at run time, and the packages that have it.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


def main() -> int:
    """Prepare, run pytest, return its exit status."""
    if sys.platform.startswith("linux"):
        _provide(_missing_packages())
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    with _display() as environment:
        return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


def _missing_packages() -> list[str]:
    missing = [package for name, package in LIBRARIES.items() if not _loads(name)]
    if not _has_display() and shutil.which("Xvfb") is None:
        # Mesa's drivers draw where there is no graphics card; without a font Qt draws no text.
        missing += ["xvfb", "libgl1-mesa-dri", "fonts-dejavu-core"]
    return missing


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _provide(packages: list[str]) -> None:
    """Install Debian packages as root; otherwise say which ones are missing and stop."""
    if not packages:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"The tests need these system packages: sudo {' '.join(install)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], env=environment, check=True)
    subprocess.run(install, env=environment, check=True)


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextlib.contextmanager
def _display() -> Iterator[dict[str, str]]:
    """Give an environment with a display, and end the virtual one afterwards."""
    if _has_display():
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
