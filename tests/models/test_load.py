"""``load_model`` gives a system that answers, or says in one line why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from napari_samunet.errors import BadCheckpoint, BadUsage, InputError
from napari_samunet.inference.engine import Engine
from napari_samunet.io.volume import Volume
from napari_samunet.models import catalogue, device, load
from napari_samunet.models.builtin import contract_of, metadata_of
from napari_samunet.models.catalogue import entries
from napari_samunet.models.hashes import digest
from napari_samunet.models.load import inspect_checkpoint, load_model
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.samunet import MEMBERS, build
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import SliceRef

CONFIG = MEMBERS["builtin"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built-in member with random weights, as training writes it."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    save_file(build(CONFIG).state_dict(), path, metadata=metadata_of(CONFIG))
    return path


def test_a_member_of_ours_loads_by_its_own_description_and_answers(weights: Path) -> None:
    system = load_model(weights, device="cpu")
    side = system.contract.side
    assert system.contract == contract_of(CONFIG)
    features = system.encode(system.prepare(np.full((side, side), 128, np.uint8)))
    one = system.decode(features, PromptTensors.of(np.array([[40.0, 50.0]]), np.array([1])))
    assert one.logits.shape == (3, side, side)
    assert one.scores is not None
    assert torch.equal(one.scores, one.scores.sort(descending=True).values)
    box = np.array([20.0, 20.0, 60.0, 70.0])
    more = system.decode(features, PromptTensors.of(box_xyxy=box, mask_logits=one.logits[:1]))
    assert more.logits.shape == (1, side, side)
    assert torch.isfinite(more.logits).all()


def test_equal_files_have_equal_identity_and_others_another(weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(weights.read_bytes())
    other = tmp_path / "other.safetensors"
    save_file(build(CONFIG).state_dict(), other, metadata=metadata_of(CONFIG))
    first = load_model(weights, device="cpu").model_hash
    assert load_model(copy, device="cpu").model_hash == first
    assert load_model(other, device="cpu").model_hash != first


def test_a_listed_file_is_hashed_once_and_known_by_what_was_published(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest takes seconds each time."""
    hashed: list[Path] = []

    def counted(path: Path, kind: str) -> str:
        hashed.append(path)
        return digest(path, kind)

    listed = replace(entries()[0], file=weights.name, system=None, sha256=digest(weights, "sha256"))
    monkeypatch.setattr(catalogue, "models_folder", lambda: weights.parent)
    monkeypatch.setattr(load, "find_entry", lambda name: listed if name == "listed" else None)
    for module in (catalogue, load):
        monkeypatch.setattr(module, "digest", counted)
    by_name = load_model("listed", device="cpu").model_hash
    assert hashed == [weights]
    assert load_model(weights, device="cpu").model_hash == by_name


def test_a_contract_that_travels_with_the_weights_is_kept(tmp_path: Path) -> None:
    contract = replace(contract_of(CONFIG), candidates="single", trained=frozenset({"box"}))
    path = tmp_path / "mine.safetensors"
    save_file(build(CONFIG).state_dict(), path, metadata=metadata_of(CONFIG, contract))
    assert load_model(path, device="cpu").contract == contract


def test_a_file_from_a_later_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={"config": '{"vit_width": 8, "warp": 3}'})
    with pytest.raises(BadCheckpoint, match="warp"):
        load_model(path)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"vit_heads": 0}', "cannot be built"),
        ('{"global_blocks": 5}', "global_blocks is 5"),
        ('{"image_size": "x"}', "image_size is 'x'"),
        ('{"vit_width": [8]}', "vit_width is"),
        ('{"conv": "unheard"}', "cannot be built"),
    ],
)
def test_a_description_of_no_network_is_refused(tmp_path: Path, config: str, said: str) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={"config": config})
    with pytest.raises(BadCheckpoint, match=said):
        load_model(path)


def test_a_config_that_is_not_ours_says_nothing_of_the_system(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={"config": '{"model_type": "vit_b"}'})
    with pytest.raises(BadCheckpoint, match="no known system"):
        load_model(path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda value: torch.full_like(value, torch.nan), "values that are no numbers"),
        (lambda value: value.to(torch.int8), "whole numbers"),
    ],
)
def test_weights_that_cannot_answer_are_refused(tmp_path: Path, spoil, said: str) -> None:
    state = build(CONFIG).state_dict()
    name = next(name for name, value in state.items() if value.is_floating_point())
    path = tmp_path / "mine.safetensors"
    save_file({**state, name: spoil(state[name])}, path, metadata=metadata_of(CONFIG))
    with pytest.raises(BadCheckpoint, match=said):
        load_model(path)
    assert any(said in line for line in inspect_checkpoint(path).differences)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_files_are_computed_in_single(
    weights: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    state = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in build(CONFIG).state_dict().items()
    }
    save_file(state, tmp_path / "half.safetensors", metadata=metadata_of(CONFIG))
    system = load_model(tmp_path / "half.safetensors", device="cpu")
    assert {p.dtype for p in system.module.parameters()} == {torch.float32}
    assert str(dtype).removeprefix("torch.") in inspect_checkpoint(system.source).dtypes


def test_a_partial_file_is_refused_with_the_difference(tmp_path: Path) -> None:
    state = build(CONFIG).state_dict()
    gone = sorted(state)[0]
    del state[gone]
    path = tmp_path / "part.safetensors"
    save_file(state, path, metadata=metadata_of(CONFIG))
    with pytest.raises(BadCheckpoint, match=f"1 missing: {gone}"):
        load_model(path)
    assert inspect_checkpoint(path).differences == (f"1 missing: {gone}",)


def test_inspection_tells_what_a_file_is(weights: Path) -> None:
    seen = inspect_checkpoint(weights)
    assert seen.system == "builtin"
    assert seen.differences == ()
    assert seen.parameters == sum(t.numel() for t in build(CONFIG).state_dict().values())
    assert len(seen.sha256) == 64


def test_missing_builtin_weights_say_how_to_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "BUILTIN", "weights/nowhere.safetensors")
    with pytest.raises(BadCheckpoint, match="samunet train"):
        load_model("builtin")


def test_an_impossible_device_is_a_matter_of_usage(weights: Path) -> None:
    with pytest.raises(BadUsage, match="choose auto or cpu"):
        load_model(weights, device="abacus")


def test_an_image_of_another_side_is_refused(weights: Path) -> None:
    with pytest.raises(InputError, match="model frame"):
        load_model(weights, device="cpu").prepare(np.zeros((7, 7)))


def test_padding_is_zero_after_normalisation(weights: Path) -> None:
    system = load_model(weights, device="cpu")
    system.contract = replace(system.contract, mean=(0.5,), std=(0.25,))
    side = system.contract.side
    image = system.prepare(np.full((side, side), 255, np.uint8), valid=(10, 20))
    assert torch.all(image[0, 0, :10, :20] == 2)
    assert torch.all(image[0, 0, 10:] == 0)
    assert torch.all(image[0, 0, :, 20:] == 0)


def _unusable_gpu(monkeypatch: pytest.MonkeyPatch, fails: str, error: Exception) -> None:
    """Show torch a card that fails in computing, or in holding a network."""
    to = torch.nn.Module.to

    def compute(on: torch.device) -> None:
        if fails == "compute" and on.type == "cuda":
            raise error

    def move(module: torch.nn.Module, on: torch.device | str) -> torch.nn.Module:
        if torch.device(on).type == "cuda":
            raise error
        return to(module, on)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "_compute", compute)
    monkeypatch.setattr(torch.nn.Module, "to", move)


@pytest.mark.parametrize(
    ("fails", "error", "reason"),
    [
        ("compute", RuntimeError("CUDA error: no kernel image\nCompile with"), "no kernel image"),
        ("compute", RuntimeError("CUDA error: all CUDA-capable devices are busy"), "are busy"),
        ("hold", torch.OutOfMemoryError("CUDA out of memory. Tried to"), "out of memory"),
    ],
)
def test_a_card_that_cannot_be_used_leaves_the_work_to_the_processor_which_says_so_once(
    weights: Path, monkeypatch: pytest.MonkeyPatch, fails: str, error: Exception, reason: str
) -> None:
    with monkeypatch.context() as here:
        _unusable_gpu(here, fails, error)
        system = load_model(weights)
    assert system.device.type == "cpu"
    engine = Engine(system)
    volume = Volume.from_array(np.random.default_rng(0).integers(0, 99, (1, 64, 64)))
    notes = [
        engine.predict(volume, SliceRef(0, 0), Prompts(box=(9, 9, 40, 40))).note for _ in range(2)
    ]
    assert reason in notes[0]
    assert "the CPU answers" in notes[0]
    assert "CPU" not in notes[1]


def test_a_card_that_was_named_and_cannot_be_used_is_refused_in_one_line(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unusable_gpu(monkeypatch, "hold", torch.OutOfMemoryError("CUDA out of memory. Tried to"))
    monkeypatch.setattr(load, "choose_device", torch.device)  # there is none to be found here
    with pytest.raises(BadUsage, match=r"'cuda' cannot be used here \(CUDA out of memory\)"):
        load_model(weights, device="cuda")


@pytest.mark.parametrize("broken", ["conv2d", "matmul"])
def test_a_card_is_tried_before_it_is_trusted(
    weights: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED")

    where = torch.nn.functional if broken == "conv2d" else torch.Tensor
    monkeypatch.setattr(where, "conv2d" if broken == "conv2d" else "__matmul__", fail)
    assert "NOT_INITIALIZED" in load_model(weights).notice
