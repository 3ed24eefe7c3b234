"""Another engine encodes where it is measured to be faster, and where its answers are torch's."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from held_files import files_no_longer_than
from tiny import LIKE_BUILTIN
from torch import Tensor

from napari_samunet.errors import BadUsage
from napari_samunet.models import compile_wait, engine_choice, engine_folder
from napari_samunet.models.builtin import contract_of
from napari_samunet.models.encoder import Features, TorchEncoder
from napari_samunet.models.engine_choice import choose_engine, difference, timed
from napari_samunet.models.halves import Encoding, Half
from napari_samunet.models.lean import lean
from napari_samunet.models.openvino_decoder import OpenVinoDecoder
from napari_samunet.models.openvino_network import OpenVinoNetwork, processor, traced
from napari_samunet.models.packed_linear import pack_linears
from napari_samunet.models.prompt_tensors import PromptTensors
from napari_samunet.models.sam import Sam
from napari_samunet.models.samunet import MEMBERS, build
from napari_samunet.models.system import System


@pytest.fixture
def system() -> System:
    torch.manual_seed(0)
    return System(
        "builtin", contract_of(LIKE_BUILTIN), build(LIKE_BUILTIN), "untrained", quicken=lean
    )


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the person's own, no engine named, and a fast processor."""
    monkeypatch.delenv(engine_choice.VARIABLE, raising=False)
    monkeypatch.setattr(compile_wait, "_seconds", lambda _half: 0.0)
    monkeypatch.setattr(engine_folder, "_folder", lambda: tmp_path)
    return tmp_path


class Other:
    """An engine that is as exact as it is told."""

    precision = "other"

    def __init__(self, system: System, error: float = 0.0) -> None:
        self._system, self._error = system, error

    def encode(self, image: Tensor) -> Features:
        with torch.inference_mode():
            features = self._system.module.encode(image)
        return {name: feature * (1 + self._error) for name, feature in features.items()}

    def decode(self, features: Features, prompts: PromptTensors) -> tuple[Tensor, Tensor | None]:
        with torch.inference_mode():
            logits, scores = self._system.network.decode(features, prompts)
        return logits * (1 + self._error), scores


def instead(monkeypatch: pytest.MonkeyPatch, other: Other, seconds: float) -> list[int]:
    """Put an engine in OpenVINO's place that takes so many seconds where torch takes one."""
    measured: list[int] = []

    def take_turns(tasks: object) -> list[list[float]]:
        measured.append(1)
        return [[1.0] * 3, [seconds] * 3]

    monkeypatch.setattr(engine_choice, "_openvino", lambda half, _kept: other)
    monkeypatch.setattr(engine_choice, "timed", take_turns)
    monkeypatch.setattr(engine_folder, "openvino_version", lambda: "1")
    return measured


def test_openvino_encodes_the_same_features_also_when_read_back(
    system: System, engines: Path
) -> None:
    image = torch.rand(2, 1, 64, 64)
    torch_encoder = system.encoder
    for _ in range(2):  # compiled, then read back
        assert choose_engine(system, "openvino") == "openvino"
        assert system.precision == "openvino-float32"
        wanted = torch_encoder.encode(image)
        assert difference(system.encode(image), wanted) < 1e-4
        assert len(list(engines.glob("*-encoder-*.blob"))) == 1
        system.encoder = torch_encoder
    features = {name: feature[:1] for name, feature in wanted.items()}
    assert system.decode(features, PromptTensors.of([[9.0, 9.0]], [1])).logits.shape[-1] == 64


def test_openvino_answers_with_the_same_masks_also_when_read_back(
    system: System, engines: Path
) -> None:
    pytest.importorskip("openvino")
    features = system.encode(torch.rand(1, 1, 64, 64))
    clicks = np.random.default_rng(0).uniform(5, 60, (20, 2))
    asked = [
        PromptTensors.of(clicks[:1], np.ones(1)),
        PromptTensors.of(clicks[:3], np.array([1, 0, 1]), np.array([4.0, 5, 50, 60])),
        PromptTensors.of(clicks, np.ones(20), None, torch.randn(1, 64, 64)),
        PromptTensors.of(box_xyxy=np.array([4.0, 5, 50, 60])),
    ]
    wanted = [system.decode(features, prompts) for prompts in asked]
    for _ in range(2):  # compiled, then read back
        choose_engine(system, "openvino")
        assert isinstance(system.decoder, OpenVinoDecoder)
        for prompts, torchs in zip(asked, wanted, strict=True):
            found = system.decode(features, prompts)
            torch.testing.assert_close(found.logits, torchs.logits, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(found.scores, torchs.scores, atol=1e-5, rtol=1e-4)
        del system.decoder


@pytest.mark.parametrize("config", [None, "res34"])
def test_the_published_mask_decoders_compile_as_well(config: str | None, engines: Path) -> None:
    pytest.importorskip("openvino")
    torch.manual_seed(0)
    if config is None:
        side, network = 128, lean(Sam(torch.nn.Identity(), side=128, grid=8))
        features = {"embedding": torch.randn(1, 256, 8, 8)}
    else:
        small = replace(MEMBERS[config], image_size=64, vit_width=24, vit_heads=2, vit_depth=4)
        side, network = 64, lean(build(replace(small, global_blocks=(0, 1, 2, 3))))
        with torch.inference_mode():
            features = network.encode(torch.randn(1, 3, 64, 64))
    compiled = OpenVinoDecoder(network, lambda: features)
    click, box = torch.tensor([[[9.0, 9.0]]]), torch.tensor([[3.0, 4, 50, 60]])
    many = torch.rand(1, 20, 2) * side
    for asked in (
        PromptTensors(click, torch.ones(1, 1).long(), box),
        PromptTensors(many, torch.ones(1, 20).long()),
        PromptTensors(box_xyxy=box, mask_logits=torch.randn(1, 1, side // 4, side // 4)),
    ):
        with torch.inference_mode():
            wanted, scores = network.decode(features, asked)
        found, found_scores = compiled.decode(features, asked)
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
        assert (scores is None) == (found_scores is None)


def test_on_another_device_torch_does_both_again(system: System, engines: Path) -> None:
    pytest.importorskip("openvino")
    choose_engine(system, "openvino")
    system.move("cpu")
    assert isinstance(system.encoder, TorchEncoder)
    assert system.decoder is system.network


def test_who_only_encodes_compiles_no_decoder(system: System, engines: Path) -> None:
    pytest.importorskip("openvino")
    choose_engine(system, "openvino", decodes=False)
    assert system.decoder is system.network
    assert not list(engines.glob("*-decoder-*.blob"))


def test_another_session_with_the_same_model_goes_on_with_its_engines(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = instead(monkeypatch, Other(system), 0.5)
    assert choose_engine(system) == "openvino"
    times = len(measured)
    for choice in engines.glob("*.json"):
        choice.unlink()
    assert choose_engine(system) == "openvino"
    assert isinstance(system.encoder, Other)
    assert len(measured) == times


def test_what_is_compiled_in_vain_or_unused_for_months_is_deleted(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    engines.mkdir(parents=True, exist_ok=True)
    old, draft, recent = (engines / name for name in ("a-decoder-1.blob", "b.blobx7", "c.blob"))
    for path in (old, draft, recent):
        path.write_bytes(b"compiled")
    for path in (old, draft):
        os.utime(path, (0, 0))
    monkeypatch.setattr(engine_choice, "timed", lambda _tasks: [[1.0] * 3, [2.0] * 3])
    assert choose_engine(system) == "torch"
    assert [path.name for path in engines.glob("*.blob*")] == ["c.blob"]


@pytest.mark.parametrize(
    ("seconds", "error", "choice"),
    [
        (0.5, 0.0, "openvino"),
        (0.5, 1e-2, "torch"),
        (0.5, float("nan"), "torch"),
        (0.99, 0.0, "torch"),
    ],
)
def test_the_faster_engine_is_taken_if_it_is_right_and_remembered(
    system: System,
    engines: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    error: float,
    choice: str,
) -> None:
    measured = instead(monkeypatch, Other(system, error), seconds)
    assert choose_engine(system) == choice
    assert system.precision == ("other" if choice == "openvino" else "float32")
    assert isinstance(system.decoder, Other) == (choice == "openvino")
    times = len(measured)
    assert choose_engine(system) == choice
    assert len(measured) == times


def test_another_processor_is_measured_anew(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = instead(monkeypatch, Other(system), 1.5)
    for name in ("a processor", "another one", "a processor"):
        monkeypatch.setattr(engine_folder, "processor", lambda name=name: (name, "FP32"))
        assert choose_engine(system) == "torch"
    assert len(measured) == 4  # two halves on two processors
    assert len(list(engines.glob("encoder-*.json"))) == 2


def test_the_processor_is_known_by_name() -> None:
    openvino = pytest.importorskip("openvino")
    assert processor()[0] == openvino.Core().get_property("CPU", "FULL_DEVICE_NAME") != ""


def test_a_first_click_does_not_wait_for_minutes_until_an_engine_is_compiled(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = instead(monkeypatch, Other(system), 0.5)
    monkeypatch.setattr(compile_wait, "_seconds", lambda _half: 2.0)
    assert choose_engine(system) == "torch"
    assert len(measured) == 1  # the decoder, which is compiled soon
    assert choose_engine(system, decodes=False) == "openvino"  # who encodes whole volumes waits
    system.move("cpu")
    assert choose_engine(system) == "openvino"  # and clicks have it as well from then on
    assert len(measured) == 2


@pytest.mark.parametrize(("seconds", "told"), [(0.01, 0), (0.3, 1), (3.0, 0)])
def test_a_wait_of_some_seconds_is_announced(
    system: System,
    engines: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    seconds: float,
    told: int,
) -> None:
    instead(monkeypatch, Other(system), 0.5)
    monkeypatch.setattr(compile_wait, "_seconds", lambda _half: seconds)
    choose_engine(system)
    assert caplog.text.count("Measuring once which engine encodes builtin sooner") == told


def test_torch_lays_its_weights_out_a_second_time_only_if_it_encodes() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(8, 8))
    pack_linears(network)
    (layer,) = network
    if type(layer) is torch.nn.Linear:
        pytest.skip("This torch cannot lay out weights.")
    assert "packed" not in vars(layer)
    network(torch.zeros(1, 8))
    assert "packed" in vars(layer)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux pins threads by itself.")
@pytest.mark.parametrize("idle", [0, 1])
def test_two_programs_with_fewer_threads_than_cores_do_not_share_one(
    monkeypatch: pytest.MonkeyPatch, idle: int
) -> None:
    pytest.importorskip("openvino")
    cores = set(range(torch.get_num_threads() + idle))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: cores)
    network, image = torch.nn.Linear(2, 2), torch.zeros(1, 2)
    compiled = OpenVinoNetwork(lambda: traced(network, (image,), [image.shape], ["y"]), None)
    assert compiled._compiled.get_property("ENABLE_CPU_PINNING") == (not idle)


def test_a_network_that_openvino_cannot_compile_is_encoded_by_torch(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_half: Half, _kept: Path) -> Other:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(engine_choice, "_openvino", fail)
    monkeypatch.setattr(engine_folder, "openvino_version", lambda: "1")
    assert choose_engine(system) == "torch"
    assert system.precision == "float32"


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        MemoryError(),
        ImportError("DLL load failed"),
        RuntimeError("Cannot load library"),
    ],
)
def test_a_failure_that_passes_is_not_remembered(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_half: Half, _kept: Path) -> Other:
        raise error

    instead(monkeypatch, Other(system), 0.5)
    with monkeypatch.context() as moment:
        moment.setattr(engine_choice, "_openvino", fail)
        assert choose_engine(system) == "torch"
    assert choose_engine(system) == "openvino"


def test_an_engine_that_was_named_and_fails_is_an_error(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_half: Half, _kept: Path) -> Other:
        raise RuntimeError("no such\noperation\n")

    instead(monkeypatch, Other(system), 0.5)
    monkeypatch.setattr(engine_choice, "_openvino", fail)
    monkeypatch.setenv(engine_choice.VARIABLE, "openvino")
    with pytest.raises(BadUsage, match="no such operation; torch can"):
        choose_engine(system)
    monkeypatch.delenv(engine_choice.VARIABLE)
    monkeypatch.setattr(engine_choice, "_openvino", lambda half, _kept: Other(half.system))
    assert choose_engine(system) == "openvino"


def test_a_full_disk_does_not_keep_openvino_from_encoding(
    system: System, engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    pytest.importorskip("openvino")
    monkeypatch.setattr("napari_samunet.replacing.os.replace", fail)
    assert choose_engine(system, "openvino") == "openvino"
    assert not list(engines.iterdir())


def test_a_disk_that_fills_up_leaves_the_choice_that_was_kept(
    system: System, engines: Path
) -> None:
    half = Encoding(system)
    engine_folder.keep_choice(half, "openvino")
    with files_no_longer_than(0):
        engine_folder.keep_choice(half, "torch")
    assert engine_folder.choice_of(half) == "openvino"
    assert len(list(engines.iterdir())) == 1


def test_a_damaged_network_is_compiled_anew(system: System, engines: Path) -> None:
    pytest.importorskip("openvino")
    choose_engine(system, "openvino")
    (blob,) = engines.glob("*-encoder-*.blob")
    whole = blob.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (b"damaged", bytes(flipped), b""):
        blob.write_bytes(damaged)
        choose_engine(system, "openvino")
        mended = blob.read_bytes()  # not the same bytes: names of operations differ
        assert sha256(mended[32:]).digest() == mended[:32]
        assert mended != damaged


def test_one_compiled_network_is_kept_of_the_same_half_of_the_same_weights(
    system: System, engines: Path
) -> None:
    pytest.importorskip("openvino")
    # Names of systems are long, and what tells two files of one apart comes at the end.
    system.model_hash = "sam-med2d-plain-11111111"
    choose_engine(system, "openvino")
    first = set(engines.glob("*.blob"))
    system.model_hash = "sam-med2d-plain-22222222"
    choose_engine(system, "openvino")
    both = set(engines.glob("*.blob"))
    assert len(first) == 2
    assert first < both
    (mine,) = (blob for blob in both - first if "-decoder-" in blob.name)
    earlier = mine.with_name(mine.name.rpartition("-")[0] + "-5678.blob")
    mine.rename(earlier)
    choose_engine(system, "openvino")
    assert mine.is_file()
    assert not earlier.exists()
    assert len(list(engines.glob("*.blob"))) == 4


def test_an_engine_that_is_not_here_is_refused_in_one_line(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadUsage, match="torch, openvino"):
        choose_engine(system, "abacus")
    monkeypatch.setattr(engine_folder, "openvino_version", lambda: "")
    with pytest.raises(BadUsage, match=r"pip install napari-samunet\[openvino\]"):
        choose_engine(system, "openvino")


def test_half_precision_is_for_accelerators() -> None:
    with pytest.raises(BadUsage, match="accelerator"):
        TorchEncoder(build(LIKE_BUILTIN), "bfloat16", "cpu")
    with pytest.raises(BadUsage, match="float32, bfloat16, float16"):
        TorchEncoder(build(LIKE_BUILTIN), "float64")


def test_engines_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "PATIENCE", float("inf"))
    order: list[str] = []
    seconds = timed((lambda: order.append("a"), lambda: order.append("b")), rounds=2)
    assert [len(one) for one in seconds] == [2, 2]
    assert order == ["a", "b"] * 3


def test_a_busy_machine_is_not_measured_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "PATIENCE", 0.0)
    assert [len(one) for one in timed((list, dict))] == [3, 3]


SILENT = """
import sys
reached = []
sys.addaudithook(lambda event, args: reached.append(event) if event in {EVENTS} else None)
import numpy as np
from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session
session = Session(Volume.from_array(np.zeros((1, 64, 64), np.float32)))
session.add_point((30, 30))
assert "openvino" in sys.modules, "nothing was tried"
assert not reached, reached
"""


def test_a_click_tells_nobody(tmp_path: Path):
    """OpenVINO sends usage statistics when imported, from another process, but not in CI."""
    quiet = ("CI", "TF_BUILD", "JENKINS_URL", "GITHUB_ACTIONS", "GITLAB_CI")
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment |= {"HOME": str(tmp_path), "SAMUNET_ENGINE": "openvino"}
    events = {"socket.connect", "socket.getaddrinfo"}
    script = SILENT.replace("{EVENTS}", repr(events))
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert not (tmp_path / "intel").exists()
