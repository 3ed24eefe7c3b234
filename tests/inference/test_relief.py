"""A GPU whose memory does not suffice costs time, never the click."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_samunet.embedding import levels
from napari_samunet.embedding.levels import LayeredCache
from napari_samunet.errors import InputError
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.precompute import precompute
from napari_samunet.inference.relief import FELL_BACK
from napari_samunet.io.volume import Volume
from napari_samunet.models.contract import InputContract
from napari_samunet.models.system import MaskTensors
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import SliceRef

SIDE = 16
CONTRACT = InputContract(
    side=SIDE, fit="stretch", resample="nearest", channels=1, mean=(0,), std=(1,)
)
VOLUME = Volume.from_array(np.arange(6 * 256, dtype=np.int16).reshape(6, 16, 16), modality="CT")
CLICK = Prompts(points=[(8, 8)], labels=[1])


class Gpu:
    """A system on a GPU that encodes ``most`` images at once, and decodes without an ``error``."""

    contract, name, model_hash, precision, notice = CONTRACT, "gpu", "hash", "float32", ""

    def __init__(self, most=99, error=None, kind="cuda"):
        self.device = SimpleNamespace(type=kind)
        self.most, self.error, self.batches = most, error, []

    def prepare(self, pixels, _valid):
        return torch.as_tensor(pixels, dtype=torch.float32)[None, None]

    def encode(self, images):
        self.batches.append(len(images))
        if len(images) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return {"embedding": images.clone()}

    def decode(self, features, _prompts):
        if self.error is not None:
            raise self.error
        return MaskTensors(features["embedding"][0] + 1, None)

    def move(self, device):
        self.device = SimpleNamespace(type=device)
        self.most, self.error = 99, None


@pytest.fixture
def make(monkeypatch):
    monkeypatch.setattr(levels, "_apart", lambda device: device == "gpu")

    def make(**limits):
        cache = LayeredCache(10**6, 10**6)
        return Engine(Gpu(**limits), cache)

    return make


def test_a_batch_that_is_too_large_is_halved_until_it_fits(make):
    engine = make(most=2)
    refs = [SliceRef(0, index) for index in range(6)]
    assert sum(precompute(engine, VOLUME, refs)) == 6
    assert engine.system.batches == [6, 3, 1, 2, 3, 1, 2]
    assert engine.system.device.type == "cuda"


def test_every_slice_of_a_batch_gets_its_own_features(make):
    engine, alone = make(), make()
    refs = [SliceRef(0, index) for index in range(6)]
    list(precompute(engine, VOLUME, refs, batch=4))
    for ref in refs:
        together, single = engine.embed(VOLUME, ref), alone.embed(VOLUME, ref)
        assert torch.equal(together["embedding"], single["embedding"])
    assert engine.system.batches == [4, 2]


def test_what_is_there_is_not_encoded_again(make):
    engine = make()
    refs = [SliceRef(0, index) for index in range(6)]
    list(precompute(engine, VOLUME, refs[:3]))
    assert list(precompute(engine, VOLUME, refs)) == [False] * 3 + [True] * 3


def test_equal_slices_of_a_batch_are_encoded_and_counted_once(make):
    engine = make()
    twice = Volume.from_array(VOLUME.array[[0, 1, 0, 0]], modality="CT")
    refs = [SliceRef(0, index) for index in range(4)]
    assert list(precompute(engine, twice, refs, (0, 600))) == [True, True, False, False]
    assert engine.system.batches == [2]


def test_without_memory_the_processor_answers_the_very_same_click_and_says_so_once(make):
    engine = make(error=RuntimeError("CUDA error: out of memory"))
    answer = engine.predict(VOLUME, SliceRef(0, 2), CLICK)
    assert answer.mask.any()
    assert answer.note == FELL_BACK
    assert engine.system.device.type == "cpu"
    assert engine.predict(VOLUME, SliceRef(0, 3), CLICK).note == ""


@pytest.mark.parametrize(
    "says",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "GET was unable to find an engine to execute this computation",
        "Invalid buffer size: 16.00 GB",
    ],
)
def test_a_full_card_is_known_by_what_its_libraries_say(make, says):
    engine = make(error=RuntimeError(says))
    assert engine.predict(VOLUME, SliceRef(0, 2), CLICK).note == FELL_BACK


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("MPS: Unsupported Border padding mode"), "Unsupported Border padding mode"),
        (
            NotImplementedError(
                "The operator 'aten::a' is not implemented for MPS. If you want it"
            ),
            "The operator 'aten::a' is not implemented for MPS",
        ),
        (TypeError("Cannot convert a MPS Tensor to float64. Please use"), "MPS Tensor to float64"),
    ],
)
def test_what_an_apple_gpu_cannot_do_the_processor_does_and_says_so_once(make, error, reason):
    engine = make(kind="mps", error=error)
    answer = engine.predict(VOLUME, SliceRef(0, 2), CLICK)
    assert answer.mask.any()
    assert f"{reason}): the CPU answers" in answer.note
    assert engine.system.device.type == "cpu"
    assert engine.predict(VOLUME, SliceRef(0, 3), CLICK).note == ""


def test_a_person_s_mistake_does_not_cost_the_apple_gpu(make):
    engine = make(kind="mps", error=InputError("wrong"))
    with pytest.raises(InputError):
        engine.predict(VOLUME, SliceRef(0, 2), CLICK)
    assert engine.system.device.type == "mps"


class FullCard(LayeredCache):
    """A cache whose card, once ``full``, has no room for what was moved to RAM."""

    full = False

    def get(self, key):
        if self.full and self.device == "gpu":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB")
        return super().get(key)


def test_features_that_find_no_way_back_to_a_full_card_serve_the_processor(make):
    engine = Engine(Gpu(), FullCard(10**6, 10**6, device="gpu"))
    before = engine.embed(VOLUME, SliceRef(0, 2))["embedding"]
    engine.cache.full = True
    assert torch.equal(engine.embed(VOLUME, SliceRef(0, 2))["embedding"], before)
    assert engine.system.device.type == "cpu"
    assert engine.system.batches == [1]
    assert engine.predict(VOLUME, SliceRef(0, 2), CLICK).note == FELL_BACK


def test_an_image_that_does_not_fit_is_encoded_by_the_processor(make):
    engine = make(most=0)
    assert engine.predict(VOLUME, SliceRef(0, 2), CLICK).mask.any()
    assert engine.system.device.type == "cpu"


def test_other_errors_are_not_taken_for_want_of_memory(make):
    engine = make()
    engine.system.decode = None
    with pytest.raises(TypeError):
        engine.predict(VOLUME, SliceRef(0, 2), CLICK)
    assert engine.system.device.type == "cuda"
