"""SAM and MedSAM answer as the ``segment_anything`` package does, on any picture.

Low-resolution logits are equal to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from published import Arrays, Witness, ask, prompts_of, relative, stored_part, volume_of
from segment_anything import SamPredictor, sam_model_registry
from segment_anything.modeling import Sam as PackageSam
from skimage.transform import resize
from torch import Tensor, nn

from napari_samunet import Prompts, Session, load_model
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.prediction import Prediction
from napari_samunet.models.recognise import recipe_named
from napari_samunet.models.sam import Sam
from napari_samunet.models.system import System

SIZES = [(97, 333, 3), (700, 511), (1030, 1500), (64, 64, 3), (5, 1024), (1025, 33)]
CLICKS = [
    ([(0.5, 0.5)], [1], False),
    ([(0.2, 0.9)], [0], False),
    ([(0.3, 0.4), (0.9, 0.1), (0.0, 0.99)], [1, 0, 1], False),
    ([], [], True),
    ([(0.45, 0.55), (0.8, 0.8)], [1, 0], True),
]


class Patches(nn.Module):
    """A quick stand-in for the transformer: mean colours of patches in 256 random mixtures."""

    img_size = 1024

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 256, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, 1024, 1024) → (B, 256, 64, 64)."""
        return self.mix(F.avg_pool2d(image, 16))


@pytest.fixture(scope="module")
def ours() -> Sam:
    """SAM without its transformer, with random weights."""
    torch.manual_seed(3)
    return Sam(Patches(), 1024, 64).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def theirs(ours: Sam) -> SamPredictor:
    """The package's predictor with the very same parts."""
    return SamPredictor(PackageSam(ours.image_encoder, ours.prompt_encoder, ours.mask_decoder))


def session_of(network: Sam, name: str, picture: np.ndarray) -> Session:
    """A session on a picture with a network that is read as one of the systems."""
    engine = Engine(System(name, recipe_named(name).contract, network, name))
    return Session(volume_of(picture), engine)


def picture_of(shape: tuple[int, ...]) -> np.ndarray:
    """A picture that no resampling leaves alone."""
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def prompts_in(shape: tuple[int, ...]) -> Iterator[Prompts]:
    """Prompts at fractions of a pixel all over a picture."""
    size = np.array(shape[:2]) - 1.0
    low, high = size * (0.15, 0.25), size * (0.8, 0.7)
    for points, labels, has_box in CLICKS:
        yield Prompts(
            [tuple(size * point) for point in points],
            labels,
            (*low.tolist(), *high.tolist()) if has_box else None,
        )


def ask_package(
    predictor: SamPredictor, prompts: Prompts, fed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits (H, W), their predicted IoU and the low-resolution logits of the best mask."""
    labels = np.asarray(prompts.labels)
    alone = prompts.box is None and fed is None and labels.tolist() == [1]
    masks, scores, low = predictor.predict(
        np.asarray(prompts.points)[:, ::-1].copy() if len(labels) else None,
        labels.copy() if len(labels) else None,
        None if prompts.box is None else np.array(prompts.box)[[1, 0, 3, 2]],
        mask_input=fed,
        multimask_output=alone,
        return_logits=True,
    )
    best = int(scores.argmax())
    return masks[best], scores[best], low[best : best + 1]


def rgb(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


ROUNDING = 1e-4
"""Of the largest logit: ours sums the same products in another order, for it is faster so."""


def assert_same_in_the_frame(ours: Prediction, low: np.ndarray) -> None:
    difference = np.abs(ours.model_logits[None].numpy() - np.asarray(low))
    assert difference.max() <= ROUNDING * np.abs(np.asarray(low)).max()


def assert_same_on_the_picture(ours: Prediction, logits: np.ndarray) -> None:
    """Equal but for rounding."""
    rounding = ROUNDING * np.abs(logits).max()
    np.testing.assert_allclose(ours.logits, logits, rtol=0, atol=rounding)
    decided = np.abs(logits) > rounding
    np.testing.assert_array_equal(ours.mask[decided], logits[decided] > 0)


@pytest.mark.parametrize("shape", SIZES)
def test_sam_equals_the_package_on_odd_pictures(
    ours: Sam, theirs: SamPredictor, shape: tuple[int, ...]
) -> None:
    picture = picture_of(shape)
    session = session_of(ours, "sam-vit-b", picture)
    theirs.set_image(rgb(picture))
    for prompts in prompts_in(shape):
        first, fed = None, None
        for _ in range(2):  # the second time, the answer is fed back
            first = ask(session, prompts, first)
            logits, score, fed = ask_package(theirs, prompts, fed)
            assert_same_in_the_frame(first, fed)
            assert_same_on_the_picture(first, logits)
            assert first.score == pytest.approx(float(np.clip(score, 0, 1)), abs=1e-7)


def medsam_of_the_package(sam: Sam, picture: np.ndarray, box_rc: np.ndarray) -> np.ndarray:
    """Probabilities (H, W) by MedSAM's published steps around the package's modules."""
    small = resize(rgb(picture), (1024, 1024), order=3, preserve_range=True, anti_aliasing=True)
    small = small.astype(np.uint8)
    small = (small - small.min()) / np.clip(small.max() - small.min(), 1e-8, None)
    image = torch.tensor(small).float().permute(2, 0, 1)[None]
    rows, cols = picture.shape[:2]
    box = box_rc[[1, 0, 3, 2]] / np.array([cols, rows, cols, rows]) * 1024
    with torch.inference_mode():
        sparse, dense = sam.prompt_encoder(None, torch.as_tensor(box).float()[None, None], None)
        low, _ = sam.mask_decoder(
            image_embeddings=sam.image_encoder(image),
            image_pe=sam.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
        whole = F.interpolate(low.sigmoid(), (rows, cols), mode="bilinear", align_corners=False)
    return whole[0, 0].numpy()


@pytest.mark.parametrize("shape", SIZES)
def test_medsam_equals_its_published_steps_around_the_package(
    ours: Sam, shape: tuple[int, ...]
) -> None:
    picture = picture_of(shape)
    box = np.array([0.1, 0.2, 0.75, 0.85]) * np.tile(np.array(shape[:2]) - 1.0, 2)
    answer = ask(session_of(ours, "medsam", picture), Prompts(box=tuple(box.tolist())))
    expected = medsam_of_the_package(ours, picture, box)
    probabilities = 1 / (1 + np.exp(-answer.logits.astype(np.float64)))
    np.testing.assert_allclose(probabilities, expected, atol=2e-5)
    differs = answer.mask != (expected > 0.5)
    assert (np.abs(expected[differs] - 0.5) < 2e-5).all()
    assert differs.mean() < 1e-3


@pytest.mark.shared
def test_the_whole_of_sam_equals_the_package_and_its_stored_answers(
    make_checkpoint: Callable[..., Path], reference: Callable[[str], Arrays]
) -> None:
    path, answer = make_checkpoint("sam_vit_b"), reference("image_sam_vit_b")
    session = Session(volume_of(answer["image"]), load_model(path, device="cpu"))
    theirs = SamPredictor(sam_model_registry["vit_b"](str(path)))
    theirs.set_image(rgb(answer["image"]))
    witness = Witness(session, encoder=False)
    for kind in ("box", "points", "box_points", "one_point"):
        prompts = prompts_of(answer, kind)
        ours = ask(session, prompts)
        logits, score, low = ask_package(theirs, prompts)
        # Neither is nearer to the truth than rounding of the features allows on that very prompt;
        # the package wrote the stored answers on another computer, whose rounding is another.
        rounding = 10 * witness.noise(prompts)
        stored = answer[f"{kind}_low_res"]
        assert relative(stored_part(ours.model_logits, low), low) < rounding
        assert relative(stored_part(ours.model_logits, stored), stored) < rounding
        assert ours.score == pytest.approx(float(np.clip(score, 0, 1)), abs=1e-3)
        assert (ours.mask != (logits > 0)).mean() < 1e-3
        assert (ours.mask != answer[f"{kind}_mask"]).mean() < 1e-3
