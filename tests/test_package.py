"""What a user installs is complete: manifest and resources, whichever way it was built."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from npe2 import PluginManifest

REPOSITORY = Path(__file__).resolve().parents[1]

ASK_INSTALLED = """
import json
from npe2 import PluginManifest
import napari_samunet
from napari_samunet.assets import resources_folder
manifest = PluginManifest.from_distribution("napari-samunet")
folder = resources_folder()
print(json.dumps({
    "package": napari_samunet.__file__,
    "widgets": [widget.display_name for widget in manifest.contributions.widgets],
    "resources": sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()),
    "folder": str(folder),
}))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that building leaves nothing in the real ones."""
    copy = tmp_path_factory.mktemp("checkout") / "napari-samunet"
    kept = ["napari_samunet", "resources", "tests", ".gitignore", "napari.yaml", "hatch_build.py"]
    copy.mkdir()
    for name in [*kept, "pyproject.toml", "README.md", "LICENSE"]:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy / name)
    shutil.rmtree(copy / "napari_samunet" / "resources", ignore_errors=True)
    (copy / "napari_samunet" / "napari.yaml").unlink(missing_ok=True)
    return copy


def _build(source: Path, kind: str, target: Path) -> Path:
    """Call one of hatchling's build hooks (PEP 517 and 660), as pip and uv do; needs no network."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(target)!r}))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return target / answer.stdout.splitlines()[-1]


def _ask(tmp_path: Path, *paths: Path) -> dict:
    """Ask a fresh interpreter, far from the checkout, what the installed package finds."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    answer = subprocess.run(
        [sys.executable, "-c", ASK_INSTALLED],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def _unpack(wheel: Path, target: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def _resources() -> list[str]:
    folder = REPOSITORY / "resources"
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _assert_complete(found: dict, inside: Path) -> None:
    assert Path(found["package"]).is_relative_to(inside)
    assert Path(found["folder"]).is_relative_to(inside)
    assert "Interactive segmentation" in found["widgets"]
    assert found["resources"] == _resources()


def test_a_wheel_carries_manifest_and_resources(checkout: Path, tmp_path: Path):
    site = _unpack(_build(checkout, "wheel", tmp_path), tmp_path / "site")
    _assert_complete(_ask(tmp_path, site), site)


def test_a_wheel_made_from_the_sdist_carries_them_too(checkout: Path, tmp_path: Path):
    shutil.unpack_archive(_build(checkout, "sdist", tmp_path), tmp_path / "unpacked")
    (source,) = (tmp_path / "unpacked").iterdir()
    site = _unpack(_build(source, "wheel", tmp_path), tmp_path / "site")
    _assert_complete(_ask(tmp_path, site), site)


def test_an_editable_install_finds_them_in_the_checkout(checkout: Path, tmp_path: Path):
    site = _unpack(_build(checkout, "editable", tmp_path), tmp_path / "site")
    (link,) = site.glob("*.pth")
    _assert_complete(_ask(tmp_path, site, Path(link.read_text().strip())), checkout)


def test_the_manifest_is_valid():
    answer = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", str(REPOSITORY / "napari.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_napari_sees_the_manifest_that_stands_in_the_repository():
    ours = PluginManifest.from_file(REPOSITORY / "napari.yaml")
    installed = PluginManifest.from_distribution("napari-samunet")
    part = {"package_metadata"}
    assert installed.model_dump(exclude=part) == ours.model_dump(exclude=part), (
        "install the checkout again: the manifest was edited since"
    )


def test_the_command_tells_the_version_that_is_installed():
    answer = subprocess.run(
        [sys.executable, "-m", "napari_samunet.cli.main", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["samunet", version("napari-samunet")]


def test_the_package_tells_its_version_without_being_slower_to_import():
    import napari_samunet

    assert napari_samunet.__version__ == version("napari-samunet")
    assert "__version__" in dir(napari_samunet)
    code = "import sys, napari_samunet; sys.exit('importlib.metadata' in sys.modules)"
    assert subprocess.run([sys.executable, "-S", "-c", code], cwd=REPOSITORY).returncode == 0


def test_ci_runs_exactly_the_command_that_the_readme_gives():
    command = (REPOSITORY / ".ci" / "run").read_text().splitlines()[-1]
    assert command in re.findall(r"^    (.+)$", (REPOSITORY / "README.md").read_text(), re.M)
