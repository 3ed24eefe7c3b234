"""Fixtures for every test: the shared image data, and a display for tests that open a window."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from napari_samunet.cli.display import has_display

REPOSITORY = Path(__file__).resolve().parents[1]
# Embeddings of tests are neither taken from a person's own folder nor left in it.
_embeddings = tempfile.TemporaryDirectory(prefix="samunet-tests-")
os.environ.setdefault("SAMUNET_CACHE", _embeddings.name)
# Which engine is faster is not measured anew in every test; those about it ask for it.
os.environ.setdefault("SAMUNET_ENGINE", "torch")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _shared(folder: str) -> Path:
    root = Path(os.environ.get("SAMUNET_SHARED", REPOSITORY.parent / "shared"))
    path = root / folder
    if not path.is_dir():
        pytest.skip(f"No shared {folder} at {path} (SAMUNET_SHARED names another folder).")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of public images and slice cases that lies beside the checkout."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_checkpoints() -> Path:
    """Folder of checkpoint layouts and reference answers that lies beside the checkout."""
    return _shared("checkpoints")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Keep tests that open a real window off machines without a display."""
    if item.get_closest_marker("viewer") and not has_display():
        pytest.skip("No display for a real window (uv run tests/run.py starts a virtual one).")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Where something is missing a test is left out; in CI that is a failure."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"No test is left out in CI, but {item.name} was: {report.longrepr}"
    return report
