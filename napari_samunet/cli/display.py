"""What a window needs of the system, told before Qt ends the process over it."""

from __future__ import annotations

import ctypes
import os
import sys

from napari_samunet.errors import BadUsage

# What Qt and napari's OpenGL canvas load at run time, and the Debian packages that have it.
ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
UNDER_X11 = {
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


def has_display() -> bool:
    """Say whether a window can be shown; off Linux there always is a display."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def missing_packages() -> list[str]:
    """Name the Debian packages whose libraries a window would miss, in a fixed order."""
    if not sys.platform.startswith("linux"):
        return []
    needed = ALWAYS if os.environ.get("WAYLAND_DISPLAY") else {**ALWAYS, **UNDER_X11}
    return [package for library, package in needed.items() if not _loads(library)]


def need_window() -> None:
    """Check that a window can be opened.

    Raises
    ------
    BadUsage
        There is no display, or system libraries that Qt needs are missing.
    """
    if not has_display():
        raise BadUsage(
            "A window needs a display, but neither DISPLAY nor WAYLAND_DISPLAY is set; start it "
            "on a desktop, or work without a window: samunet segment --help."
        )
    packages = missing_packages()
    if packages:
        raise BadUsage(
            "A window needs system libraries that are missing here; on Debian or Ubuntu: "
            f"sudo apt-get install {' '.join(packages)}"
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
