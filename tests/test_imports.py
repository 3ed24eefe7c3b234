"""Starting stays quick and the core stays usable without a window: who imports what."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import napari_samunet

PACKAGE = Path(__file__).resolve().parents[1] / "napari_samunet"
ORDER = ["types", "errors", "assets", "geometry", "packed", "replacing", "io", "preprocess"]
ORDER += ["embedding", "prompts", "models", "inference", "session"]
ORDER += ["evaluation", "training", "cli", "plugin"]
# The package's own lazy names reach up to the session, so only what comes after may use them.
ROOT_RANK = ORDER.index("session")
ROOT_NAMES = {"__init__", *napari_samunet.__all__}
WINDOW_TOOLKITS = {"napari", "qtpy", "PyQt6", "PySide6", "PyQt5", "vispy", "magicgui"}
# The commands that open a window are the only ones that reach for the plugin, when they run.
OPENS_WINDOW = {"cli/open.py", "cli/benchmark.py", "cli/resume.py"}


def _sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _loaded_after(*modules: str) -> set[str]:
    """Import modules in a fresh interpreter and return the top-level names that it then holds."""
    code = (
        "import sys, importlib, json\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_importing_the_package_is_quick_because_it_loads_neither_torch_nor_qt():
    assert not _loaded_after("napari_samunet") & ({"torch"} | WINDOW_TOOLKITS)


def test_help_and_version_never_wait_for_torch():
    code = (
        "import sys\n"
        "from napari_samunet.cli.main import COMMANDS, main\n"
        "told = [main([command, '--help']) for command in COMMANDS]\n"
        "sys.exit(any(told) or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


def test_the_core_runs_on_a_server_without_napari_or_qt():
    core = [
        _module(path)
        for path in _sources()
        if not _name(path).startswith("plugin/") and _name(path) not in OPENS_WINDOW
    ]
    assert len(core) > 20
    assert not _loaded_after(*core) & WINDOW_TOOLKITS


def test_training_starts_on_a_bare_machine_without_windows_plots_or_image_files():
    spared = {"matplotlib", "imageio", "skimage", "psygnal", "nibabel", "pydicom", "SimpleITK"}
    assert not _loaded_after("napari_samunet.training.loop") & (WINDOW_TOOLKITS | spared)


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_a_module_imports_only_what_stands_above_it(path: Path):
    own = _rank(_module(path))
    for imported in _imports(path):
        if _name(path) in OPENS_WINDOW and imported.startswith("napari_samunet.plugin"):
            continue
        assert _rank(imported) <= own, f"{_name(path)} must not import {imported}"


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_only_the_plugin_names_napari_or_qt(path: Path):
    if _name(path).startswith("plugin/"):
        return
    named = {imported.partition(".")[0] for imported in _all_imports(path)}
    assert not named & WINDOW_TOOLKITS, f"{_name(path)} imports {named & WINDOW_TOOLKITS}"


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_a_file_is_short_enough_to_read(path: Path):
    count = len(path.read_text(encoding="utf-8").splitlines())
    assert count <= 300, f"{_name(path)} has {count} lines: would two rooms be clearer?"


def _rank(module: str) -> int:
    parts = module.split(".")
    if parts[1:] == ["__version__"]:
        return -1
    if len(parts) == 1 or parts[1] in ROOT_NAMES:
        return ROOT_RANK
    return ORDER.index(parts[1])


def _imports(path: Path) -> list[str]:
    if path == PACKAGE / "__init__.py":
        return []
    return [name for name in _all_imports(path) if name.split(".")[0] == "napari_samunet"]


def _all_imports(path: Path) -> list[str]:
    """Every absolute module name that a file imports, inside functions and type checks too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            joined = [f"{node.module}.{alias.name}" for alias in node.names]
            names += joined if node.module == "napari_samunet" else [node.module]
    return names
