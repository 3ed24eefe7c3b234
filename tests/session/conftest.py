"""A small image and a stand-in for the model."""

from __future__ import annotations

import pytest
from disc_engine import DiscEngine, make_volume, square

from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session


@pytest.fixture
def engine() -> DiscEngine:
    return DiscEngine()


@pytest.fixture
def volume() -> Volume:
    return make_volume()


@pytest.fixture
def session(volume: Volume, engine: DiscEngine) -> Session:
    return Session(volume, engine)


@pytest.fixture
def notices(session: Session) -> list[str]:
    """What the session says from now on."""
    heard: list[str] = []
    session.notice.connect(heard.append)
    return heard


@pytest.fixture
def draw():
    """Draw a mask with one square in it."""
    return square
