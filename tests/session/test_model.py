"""The same session with a real network: what the stand-in cannot show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_samunet import Prompts, Session
from napari_samunet.errors import BadCheckpoint
from napari_samunet.inference.engine import Engine
from napari_samunet.io.sample import sample_volume
from napari_samunet.io.volume import Volume
from napari_samunet.models.builtin import contract_of
from napari_samunet.models.samunet import MEMBERS, build
from napari_samunet.models.system import System


@pytest.fixture(scope="module")
def built_in() -> Engine:
    """The built-in network before training: what is fed back shows in its answers all the same."""
    torch.manual_seed(7)
    config = MEMBERS["builtin"]
    return Engine(System("builtin", contract_of(config), build(config), "untrained"))


@pytest.fixture(scope="module")
def volume() -> Volume:
    return sample_volume()


def test_clicks_and_single_questions_agree(volume: Volume, built_in: Engine):
    session = Session(volume, built_in)
    session.add_point((120, 80), index=20)
    session.add_point((40, 40), positive=False, index=20)
    first = session.predict(Prompts(points=[(120, 80)], labels=[1]), index=20)
    both = Prompts(points=[(120, 80), (40, 40)], labels=[1, 0])
    second = session.predict(both, index=20, previous=first)
    np.testing.assert_array_equal(session.preview.logits, second.logits)


def test_an_undone_click_is_answered_alike_when_made_again(volume: Volume, built_in: Engine):
    session = Session(volume, built_in)
    session.add_point((120, 80), index=20)
    session.add_point((130, 90), index=20)
    shown = session.preview
    session.undo()
    session.add_point((130, 90), index=20)
    np.testing.assert_array_equal(session.preview.logits, shown.logits)


def test_the_second_object_is_answered_as_if_it_were_the_first(volume: Volume, built_in: Engine):
    """Feedback of one object must not leak into the next one."""
    alone, after = Session(volume, built_in), Session(volume, built_in)
    after.add_point((120, 80), index=20)
    after.accept()
    for session in (alone, after):
        session.add_point((120, 150), index=20)
    np.testing.assert_array_equal(alone.preview.logits, after.preview.logits)


def test_feedback_and_paint_reach_the_network(volume: Volume, built_in: Engine):
    fresh, fed, painted = (Session(volume, built_in) for _ in range(3))
    fresh.add_point((130, 90), index=20)
    fed.paint(np.zeros((256, 256), bool), index=20)
    mask = np.zeros((256, 256), bool)
    mask[100:140, 60:100] = True
    painted.paint(mask, index=20)
    for session in (fed, painted):
        session.add_point((130, 90), index=20)
        assert torch.isfinite(session.preview.model_logits).all()
    answers = [session.preview.logits for session in (fresh, fed, painted)]
    assert not np.array_equal(answers[0], answers[2])
    assert not np.array_equal(answers[1], answers[2])


def test_a_missing_model_leaves_the_session_as_it_was(volume: Volume, tmp_path: Path):
    session = Session(volume, tmp_path / "none.safetensors")
    with pytest.raises(BadCheckpoint):
        session.add_point((120, 80), index=20)
    assert session.objects == ()
    assert not session.can_undo
