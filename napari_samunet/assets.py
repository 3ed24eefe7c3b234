"""Where the files that are not code lie: weights, model list, icon, train configs.

They live in ``resources/`` at the top of the repository. The build hook copies them into the
package, so an installed wheel finds them there; a checkout (an editable install too) reads the
originals, which never go stale.
"""

from __future__ import annotations

from pathlib import Path

from napari_samunet.errors import UnreadableFile

_PACKAGE = Path(__file__).resolve().parent


def resources_folder() -> Path:
    """Return the folder that holds the resources: the checkout's, else the package's own copy."""
    checkout = _PACKAGE.parent
    # Both files together only lie beside the package in a checkout, never in site-packages.
    if (checkout / "hatch_build.py").is_file() and (checkout / "resources").is_dir():
        return checkout / "resources"
    return _PACKAGE / "resources"


def asset(name: str) -> Path:
    """Find one resource.

    Parameters
    ----------
    name
        Path inside ``resources/`` with forward slashes, e.g. ``"models.toml"``.

    Returns
    -------
    Path
        An existing file or folder.

    Raises
    ------
    UnreadableFile
        The package carries no such resource.
    """
    path = resources_folder() / name
    if not path.exists():
        raise UnreadableFile(
            f"The package should carry the resource '{name}', but {path} does not exist; "
            "install napari-samunet again."
        )
    return path
