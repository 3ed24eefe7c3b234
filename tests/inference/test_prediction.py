"""An answer is small enough to be kept hundreds of times, and gives its arrays when asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_samunet.inference.painted import painted_prediction
from napari_samunet.inference.postprocess import assemble, with_logits
from napari_samunet.models.contract import InputContract
from napari_samunet.models.system import MaskTensors
from napari_samunet.preprocess.frame import Frame

RADIOGRAPH = (3000, 2400)


def blob(side: int) -> torch.Tensor:
    """Logits (side, side), above 0 in a disc."""
    rows, columns = np.ogrid[:side, :side]
    distance = np.hypot(rows - side / 2, columns - side / 2)
    return torch.from_numpy((side / 4 - distance).astype(np.float32))


@pytest.mark.parametrize("upsample", ["two-step", "bicubic", "sigmoid"])
def test_the_logits_of_the_slice_are_those_that_the_mask_was_made_of(upsample):
    frame = Frame((70, 50), 64, "longest")
    contract = InputContract(64, fit="longest", upsample=upsample)
    logits = torch.stack([blob(64), -blob(64)])
    answer = assemble(MaskTensors(logits, None), frame, contract, "")
    for candidate, made_of in zip(answer.candidates, logits, strict=True):
        np.testing.assert_array_equal(
            candidate.logits, frame.logits_to_slice(made_of, contract.upsample)
        )
        np.testing.assert_array_equal(candidate.mask, candidate.logits > 0)


def test_a_hundred_answers_to_a_whole_radiograph_fit_into_150_megabytes():
    frame = Frame(RADIOGRAPH, 128)
    logits = torch.stack([blob(128)] * 4)
    answer = assemble(MaskTensors(logits, None), frame, InputContract(128), "")
    assert 100 * sum(item.nbytes for item in answer.candidates) < 150 * 2**20
    painted = painted_prediction(answer.mask)
    assert 100 * painted.chosen.nbytes < 50 * 2**20


def test_logits_of_a_slice_alone_are_kept_for_the_session_at_half_the_bytes():
    logits = np.linspace(-30, 30, 64 * 64, dtype=np.float32).reshape(64, 64)
    answer = with_logits(painted_prediction(np.ones((64, 64), bool)), logits)
    assert answer.chosen.own_logits.nbytes == logits.nbytes / 2
    assert answer.logits.dtype == np.float32
    np.testing.assert_allclose(answer.logits, logits, rtol=1e-3)
    np.testing.assert_array_equal(answer.mask, answer.logits > 0)


def test_a_candidate_that_is_kept_alone_does_not_keep_the_others():
    logits = torch.stack([blob(64)] * 4)
    answer = assemble(MaskTensors(logits, None), Frame((64, 64), 64), InputContract(64), "")
    kept = answer.candidates[2].model_logits
    assert kept.untyped_storage().nbytes() == kept.nbytes


def test_a_change_of_a_mask_is_refused_for_it_would_be_lost():
    with pytest.raises(ValueError, match="read-only"):
        painted_prediction(np.ones((5, 5), bool)).mask[0, 0] = False
