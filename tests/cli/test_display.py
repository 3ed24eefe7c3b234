"""A machine without a display gets a line that says so, not a crash of Qt."""

from __future__ import annotations

import pytest

from napari_samunet.cli import display
from napari_samunet.cli.main import main


@pytest.fixture
def without_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.mark.parametrize("arguments", [[], ["benchmark", "--only", "window"]])
def test_without_a_display_no_window_is_tried(arguments, without_display, capsys):
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "needs a display" in line


def test_missing_system_libraries_are_named_with_their_packages(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(display, "_loads", lambda library: "xcb" not in library)
    assert main([]) == 2
    error = capsys.readouterr().err
    assert "apt-get install libxcb-cursor0" in error
    assert "libegl1" not in error


def test_wayland_needs_no_x11_libraries(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setattr(display, "_loads", lambda library: "xcb" not in library)
    assert display.missing_packages() == []
