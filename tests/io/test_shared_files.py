"""Every file of the shared collections opens, or is refused for a reason that is written down."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from napari_samunet.errors import ChoiceNeeded, SamUNetError, TiltedSlices
from napari_samunet.io.open import open_volume

pytestmark = pytest.mark.shared

LISTED = tomllib.loads((Path(__file__).parent / "refused.toml").read_text(encoding="utf-8"))
REFUSED = {file: entry["says"] for entry in LISTED["refused"] for file in entry["files"]}
PAPERS = {".json", ".md", ".txt", ".csv", ".npz", ".dump", ".dat", ".bin", ".py"}
COLLECTIONS = (
    "cornerstone dcm_qa_nih dcm_qa_uih dcmqi deepmedic dicom2nifti example-dicom-structural "
    "fetal-head-us finetune-sam lung-seg-2d nibabel nifti-reader-js pydicom pydicom-data pynrrd "
    "pyradiomics rt-utils sam-med2d sct_testing_data totalsegmentator ua-mt-la"
)
SMALL = 2_000_000
LONGEST_S = 2.0


def images_below(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in PAPERS and file.name not in ("LICENSE", "COPYING")
    ]


def open_any(path: Path) -> None:
    """Open a file; where it holds several images, the first of them."""
    chosen: dict[str, Any] = {}
    for _ in range(3):
        try:
            open_volume(path, **chosen)
            return
        except ChoiceNeeded as several:
            chosen[several.argument] = several.values[0]
        except TiltedSlices:
            chosen["keep_tilt"] = True
    raise AssertionError(f"{path} asks for a choice again and again")


def judged(path: Path, says: str | None) -> str:
    """What is wrong with how a file was taken; empty: nothing."""
    start = time.process_time()
    try:
        open_any(path)
    except SamUNetError as error:
        if says is None:
            return f"is refused, but not listed: {error}"
        if "\n" in str(error) or not re.search(says, str(error)):
            return f"does not say {says!r} in one line: {error}"
    else:
        if says is not None:
            return "opens, but is listed as refused"
    seconds = time.process_time() - start
    return f"took {seconds:.1f} s" if path.stat().st_size < SMALL and seconds > LONGEST_S else ""


@pytest.mark.parametrize("collection", COLLECTIONS.split())
def test_every_file_opens_or_is_refused_as_listed(shared_data: Path, collection: str) -> None:
    found = {}
    for path in images_below(shared_data / collection):
        name = path.relative_to(shared_data).as_posix()
        found[name] = judged(path, REFUSED.get(name))
    assert found
    assert not {name: fault for name, fault in found.items() if fault}


def test_the_list_names_files_that_are_there(shared_data: Path) -> None:
    assert not [name for name in REFUSED if not (shared_data / name).is_file()]


def test_no_collection_is_forgotten(shared_data: Path) -> None:
    folders = {folder.name for folder in shared_data.iterdir() if folder.is_dir()}
    assert folders - {"slices"} <= set(COLLECTIONS.split())
