"""Systems answer as their authors' code does, with the same full-size rule-made weights.

The published answers are float32, as ours are. Where both are compared with our answer in float64,
neither is nearer to it than rounding of the features allows on that very prompt: that, and no less
than 1e-4, is how far they may be apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from published import Arrays, Witness, ask, ask_on, prompts_of, relative, stored_part, volume_of

from napari_samunet import Prompts, Session, load_model
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.system import System
from napari_samunet.types import SliceRef

pytestmark = pytest.mark.shared

RELATIVE = 1e-4
PIXELS = 1e-3
SHAKY = 1e-3
"""Prompts that rounding moves by more have pixels that nobody can decide in float32."""
ONLY_SLICE = SliceRef(0, 0)
Reference = Callable[[str], Arrays]
Load = Callable[[str], System]


@pytest.fixture(scope="module")
def load(make_checkpoint: Callable[..., Path]) -> Load:
    """Load a rule-made checkpoint once."""
    loaded: dict[str, System] = {}

    def get(name: str) -> System:
        if name not in loaded:
            loaded.clear()
            loaded[name] = load_model(make_checkpoint(name, wrapper="model"), device="cpu")
        return loaded[name]

    return get


def assert_published(session: Session, witness: Witness, answer: Arrays, kind: str) -> None:
    """Logits, score and mask of one prompt equal the published ones."""
    prompts = prompts_of(answer, kind)
    ours, exact = ask(session, prompts), witness.answer(prompts)
    noise = witness.noise(prompts)
    allowed = max(RELATIVE, 5 * noise)
    stored = np.squeeze(answer[f"{kind}_low_res"])
    assert relative(ours.model_logits, exact.model_logits) < allowed
    assert relative(stored, stored_part(exact.model_logits, stored)) < allowed
    assert relative(stored_part(ours.model_logits, stored), stored) < 2 * allowed
    if f"{kind}_mask" in answer:
        differs = ours.mask != answer[f"{kind}_mask"]
        decided = np.abs(exact.logits) > allowed * np.sqrt((exact.logits**2).mean())
        assert differs[decided].mean() < PIXELS
        assert differs.mean() < PIXELS or noise > SHAKY
    if f"{kind}_iou" in answer:
        assert ours.score_kind == "iou"
        best = float(np.clip(answer[f"{kind}_iou"].max(), 0, 1))
        assert ours.score == pytest.approx(best, abs=100 * allowed)


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("res34_sam_unet", {"box": 1, "points": 1, "box_points": 1}),
        ("sam_med2d_vit_b", {"box": 3, "points": 3, "box_points": 3}),
        ("mobile_sam", {"box": 1, "points": 1, "box_points": 1, "one_point": 3}),
    ],
)
def test_a_grey_picture_is_segmented_as_published(
    load: Load, reference: Reference, name: str, candidates: dict[str, int]
) -> None:
    answer = reference(f"image_{name}")
    session = Session(volume_of(answer["image"]), load(name))
    witness = Witness(session)
    for kind, count in candidates.items():
        assert_published(session, witness, answer, kind)
        assert len(ask(session, prompts_of(answer, kind)).candidates) == count


def test_mobile_sam_segments_a_colour_picture_as_published(
    load: Load, reference: Reference
) -> None:
    answer = reference("mobile_sam")
    session = Session(volume_of(answer["image"]), load("mobile_sam"))
    features = session.engine.embed(session.volume, ONLY_SLICE, (0, 255))
    assert relative(features["embedding"][..., ::4, ::4], answer["embedding_4x4"]) < 1e-5
    witness = Witness(session, encoder=False)
    for kind in ("points", "box"):
        assert_published(session, witness, answer, kind)
    prompts = prompts_of(answer, "points")
    # What is fed back has been rounded too, which moves the second answer by some per cent; fed
    # back in another form, as probabilities for one, it would be another answer altogether.
    fed, stored = ask_on(session, prompts, prompts), answer["points_mask_low_res"][0]
    noise = witness.noise(prompts, prompts)
    assert relative(stored_part(fed.model_logits, stored), stored) < 5 * noise < 0.5


def test_sam_unet_answers_prompts_and_feedback_as_published(
    load: Load, reference: Reference
) -> None:
    system, answer = load("res34_sam_unet"), reference("res34_sam_unet")
    # The reference normalises the whole frame, without padding.
    features = system.encode(system.prepare(answer["input"].transpose(1, 2, 0)))
    points, labels, box = answer["point_coords"][0], answer["point_labels"][0], answer["box"][0]
    for kind, prompts in {
        "points": PromptTensors.of(points, labels),
        "box": PromptTensors.of(box_xyxy=box),
        "box_points": PromptTensors.of(points, labels, box),
        "points_mask": PromptTensors.of(points, labels, None, answer["points_logits"][0]),
    }.items():
        ours = system.decode(features, prompts)
        assert ours.scores is None
        assert relative(ours.logits, answer[f"{kind}_logits"][0]) < RELATIVE


def test_sam_med2d_encodes_colour_and_gives_each_of_its_masks_as_published(
    load: Load, reference: Reference
) -> None:
    answer = reference("sam_med2d_vit_b")
    session = Session(volume_of(answer["image"]), load("sam_med2d_vit_b"))
    features = session.engine.embed(session.volume, ONLY_SLICE, (0, 255))
    # Stored as float16, whose rounding is what remains.
    assert relative(features["embedding"], answer["embedding"].astype(np.float32)) < 3e-4
    prompts = prompts_of(answer, "points")
    best = ask(session, prompts)
    noise = Witness(session, encoder=False).noise(prompts)
    allowed = max(RELATIVE, 5 * noise)
    assert relative(best.model_logits, answer["points_multi_low_res"][0]) < allowed
    clicks = PromptTensors.of(answer["point_coords"] / 2, answer["point_labels"])
    decode = session.engine.system.module.decode
    with torch.inference_mode():
        single, scores = decode(features, clicks)
        earlier = torch.as_tensor(answer["points_low_res"])[None]
        fed, fed_scores = decode(features, replace(clicks, mask_logits=earlier))
    assert relative(single[0, :1], answer["points_low_res"]) < 1e-3
    assert float(scores[0, 0]) == pytest.approx(float(answer["points_iou"][0]), abs=1e-3)
    assert relative(fed[0, :1], answer["points_mask_low_res"]) < 5e-3
    assert float(fed_scores[0, 0]) == pytest.approx(float(answer["points_mask_iou"][0]), abs=5e-3)


def test_squeeze_sam_segments_a_colour_picture_as_published(
    load: Load, reference: Reference
) -> None:
    answer = reference("squeeze_sam")
    session = Session(volume_of(answer["image"]), load("squeeze_sam"))
    (x0, y0), (x1, y1) = answer["box"].tolist()
    for kind, prompts in {
        "points": Prompts(answer["points"][:, ::-1], [1, 1]),
        "box": Prompts(box=(y0, x0, y1, x1)),
    }.items():
        ours = ask(session, prompts)
        best_first = np.argsort(-answer[f"{kind}_iou"].ravel())
        logits = np.stack([candidate.logits for candidate in ours.candidates])
        stored = answer[f"{kind}_logits"][0, 0][best_first]
        assert relative(logits[:, ::4, ::4], stored) < RELATIVE
        pixels = answer[f"{kind}_mask_pixels"].ravel()[best_first]
        assert (np.abs((logits >= 0).sum((1, 2)) - pixels) < PIXELS * logits[0].size).all()
        scores = answer[f"{kind}_iou"].ravel()[best_first].clip(0, 1)
        ours_scores = [candidate.score for candidate in ours.candidates]
        np.testing.assert_allclose(ours_scores, scores, atol=1e-4)
