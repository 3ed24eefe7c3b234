"""Build hook: manifest and resources lie at the top of the repository, packages need them inside.

It runs for wheels (also from an sdist) and for editable installs; the copies are ignored by git.
"""

import shutil
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CopyIntoPackage(BuildHookInterface):
    """Copy ``napari.yaml`` and ``resources/`` into ``napari_samunet/`` before a wheel is made."""

    def initialize(self, version: str, build_data: dict) -> None:
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        package = root / "napari_samunet"
        shutil.copyfile(root / "napari.yaml", package / "napari.yaml")
        shutil.rmtree(package / "resources", ignore_errors=True)
        shutil.copytree(root / "resources", package / "resources")
