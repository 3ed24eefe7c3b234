"""Tensors come out of any published wrapping; nothing that a file names ever runs."""

from __future__ import annotations

import builtins
import collections
import copyreg
import functools
import importlib
import operator
import os
import pickle
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from napari_samunet.errors import BadCheckpoint
from napari_samunet.models.checkpoint import read_checkpoint
from napari_samunet.models.load import inspect_checkpoint, load_model

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b.num": torch.tensor(3)}


def assert_weights(tensors: dict[str, torch.Tensor]) -> None:
    """The two tensors of this file, unchanged."""
    assert set(tensors) == set(WEIGHTS)
    for name, value in WEIGHTS.items():
        assert torch.equal(tensors[name], value)


@pytest.mark.parametrize("wrap", ["", "model", "state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_every_published_wrapping_is_taken_off(tmp_path: Path, wrap: str, prefix: str) -> None:
    state = {prefix + name: value for name, value in WEIGHTS.items()}
    torch.save({wrap: state, "epoch": 3} if wrap else state, tmp_path / "w.pth")
    checkpoint = read_checkpoint(tmp_path / "w.pth")
    assert_weights(checkpoint.tensors)
    assert checkpoint.wrapper == wrap
    assert checkpoint.parameters == 7


@pytest.mark.parametrize(
    "prefix", ["_orig_mod.", "module.module.", "module._orig_mod.", "net.", "sam.model."]
)
def test_what_wrappers_put_before_every_name_is_taken_off(tmp_path: Path, prefix: str) -> None:
    state = {prefix + name: value for name, value in WEIGHTS.items()}
    torch.save({"state_dict": state}, tmp_path / "w.pth")
    save_file(state, tmp_path / "w.safetensors")
    for name in ("w.pth", "w.safetensors"):
        checkpoint = read_checkpoint(tmp_path / name)
        assert_weights(checkpoint.tensors)
        assert checkpoint.prefix == prefix


def test_half_a_network_is_refused_with_the_names_of_its_file(tmp_path: Path) -> None:
    names = ("image_encoder.a.weight", "image_encoder.b.weight")
    torch.save({name: torch.ones(2) for name in names}, tmp_path / "w.pth")
    with pytest.raises(BadCheckpoint, match=r"first: image_encoder\.a\.weight"):
        load_model(tmp_path / "w.pth")


@pytest.mark.parametrize(
    "held",
    [
        {**WEIGHTS, "epoch": 3, "version": "2.1"},
        {"model": {"state_dict": WEIGHTS}},
        {"ema": WEIGHTS},
        {"model": WEIGHTS, "ema": {"a.weight": torch.zeros(2, 3)}},
        {"model_state": WEIGHTS, "optimizer_state": {"state": {0: {"step": torch.ones(1)}}}},
        {"sam": WEIGHTS, "random": torch.ones(3), "options": {"rate": 0.1}},
    ],
)
def test_weights_are_found_among_what_a_training_keeps_beside_them(
    tmp_path: Path, held: dict
) -> None:
    torch.save(held, tmp_path / "w.pth")
    assert_weights(read_checkpoint(tmp_path / "w.pth").tensors)


def test_a_file_of_two_networks_asks_which_is_wanted(tmp_path: Path) -> None:
    torch.save({"student": WEIGHTS, "teacher": WEIGHTS, "epoch": 3}, tmp_path / "w.pth")
    with pytest.raises(BadCheckpoint, match="'student', 'teacher' all hold tensors; save the one"):
        read_checkpoint(tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("held", "said"),
    [(torch.nn.Linear(2, 2), "never run"), (torch.ones(3), "one tensor without a name")],
)
def test_a_whole_network_and_a_bare_tensor_are_refused_in_plain_words(
    tmp_path: Path, held: object, said: str
) -> None:
    torch.save(held, tmp_path / "w.pth")
    with pytest.raises(BadCheckpoint, match=said):
        read_checkpoint(tmp_path / "w.pth")


def test_safetensors_come_with_their_metadata(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "w.safetensors", metadata={"config": "{}"})
    checkpoint = read_checkpoint(tmp_path / "w.safetensors")
    assert_weights(checkpoint.tensors)
    assert checkpoint.metadata == {"config": "{}"}


def test_old_torch_format_is_read(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert_weights(read_checkpoint(tmp_path / "w.pth").tensors)


def test_training_file_with_a_pickled_optimiser_gives_its_weights(tmp_path: Path) -> None:
    net = torch.nn.Conv2d(3, 4, 3)
    adam = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 3, 5, 5)).sum().backward()
    adam.step()
    torch.save({"model": net.state_dict(), "optimizer": adam}, tmp_path / "epoch1_sam_unet.pth")
    tensors = read_checkpoint(tmp_path / "epoch1_sam_unet.pth").tensors
    assert set(tensors) == {"weight", "bias"}
    assert torch.equal(tensors["weight"], net.weight.detach())


def test_views_halves_and_shared_storages_survive_the_inert_reader(tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    state = collections.OrderedDict(
        turned=base.t(),
        part=base[1:3, 2:],
        half=base.half(),
        brain=base.bfloat16(),
        kept=torch.nn.Parameter(base),
        none=torch.empty(0, 3),
    )
    torch.save({"model": state, "optimizer": torch.optim.SGD([base], lr=1)}, tmp_path / "w.pth")
    tensors = read_checkpoint(tmp_path / "w.pth").tensors
    for name, value in state.items():
        assert torch.equal(tensors[name], value)
        assert tensors[name].dtype == value.dtype


@pytest.mark.parametrize("beside", [3, torch.optim.SGD([torch.ones(1)], lr=1)])
def test_a_file_that_lost_one_bit_is_refused(tmp_path: Path, beside: object) -> None:
    torch.save({"model": {"a": torch.full((5000,), 0.5)}, "beside": beside}, tmp_path / "w.pth")
    damaged = bytearray((tmp_path / "w.pth").read_bytes())
    damaged[damaged.index(torch.full((9,), 0.5).numpy().tobytes()) + 7] ^= 4
    (tmp_path / "w.pth").write_bytes(damaged)
    with pytest.raises(BadCheckpoint, match=r"w\.pth: it is damaged \(record w/data/0 .* again"):
        read_checkpoint(tmp_path / "w.pth")


@pytest.mark.parametrize("beside", [3, torch.optim.SGD([torch.ones(1)], lr=1)])
def test_a_file_that_was_written_without_checksums_is_read(tmp_path: Path, beside: object) -> None:
    usual = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"model": WEIGHTS, "beside": beside}, tmp_path / "w.pth")
    finally:
        torch.serialization.set_crc32_options(usual)
    assert_weights(read_checkpoint(tmp_path / "w.pth").tensors)


class Stateful:
    """Pickles as an instance of another class, with a state that calls when it is set."""

    def __init__(self, kind: type, state: object) -> None:
        self.kind, self.state = kind, state

    def __reduce__(self) -> tuple[object, ...]:
        return self.kind, (), self.state


class Gadget:
    """Pickles as a call of its choice."""

    def __init__(self, call: object, *args: object) -> None:
        self.call, self.args = call, args

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call, self.args


def gadgets(trace: Path) -> dict[str, object]:
    """Objects that would create ``trace`` when unpickled."""
    code = f"open({str(trace)!r}, 'w').close()"
    chained = Gadget(operator.attrgetter("system"), Gadget(__import__, "os"))
    return {
        "os.system": Gadget(os.system, f"touch {trace}"),
        "exec": Gadget(builtins.exec, code),
        "eval": Gadget(builtins.eval, f"open({str(trace)!r}, 'w')"),
        "open": Gadget(open, str(trace), "w"),
        "subprocess": Gadget(subprocess.check_call, ["touch", str(trace)]),
        "torch.load": Gadget(torch.load, str(trace)),
        "runpy": Gadget(__import__("runpy").run_path, str(trace)),
        "getattr": Gadget(builtins.getattr, Gadget(__import__, "os"), "system"),
        "import": chained,
        "nested": Gadget(print, Gadget(os.system, f"touch {trace}")),
        "nested in a list": [[{"deep": Gadget(os.system, f"touch {trace}")}]],
        "state": Stateful(collections.OrderedDict, {"x": Gadget(os.system, f"touch {trace}")}),
        "setstate": Stateful(torch.optim.Adam, Gadget(os.system, f"touch {trace}")),
        "partial": Gadget(functools.partial, os.system, f"touch {trace}"),
        "map": Gadget(list, Gadget(map, os.system, [f"touch {trace}"])),
        "posix": Gadget(os.posix_spawn, "/bin/touch", ["touch", str(trace)], {}),
        "load_module": Gadget(importlib.import_module, "antigravity"),
        "reduce_ex": Gadget(torch.hub.load_state_dict_from_url, f"file://{trace}"),
    }


@pytest.mark.parametrize("name", sorted(gadgets(Path("x"))))
@pytest.mark.parametrize("place", ["beside", "inside", "bare"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_pickle_does_not_run(
    tmp_path: Path, name: str, place: str, zipped: bool
) -> None:
    trace = tmp_path / "trace"
    gadget = gadgets(trace)[name]
    content = {
        "beside": {"model": WEIGHTS, "optimizer": gadget},
        "inside": {"model": {**WEIGHTS, "evil": gadget}},
        "bare": gadget,
    }[place]
    file = tmp_path / "evil.pth"
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    if place == "beside" and zipped:
        assert_weights(read_checkpoint(file).tensors)
    else:
        with pytest.raises(BadCheckpoint, match=r"evil\.pth"):
            read_checkpoint(file)
    assert not trace.exists()


def test_recognition_runs_no_more_than_loading_does(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name, gadget in gadgets(trace).items():
        torch.save({"model": WEIGHTS, "optimizer": gadget}, tmp_path / "evil.pth")
        for ask in (inspect_checkpoint, load_model):
            with pytest.raises(BadCheckpoint, match="no known system"):
                ask(tmp_path / "evil.pth")
        assert not trace.exists(), name


def test_a_registered_extension_is_no_way_around(tmp_path: Path) -> None:
    """``copyreg`` hands out what this very process has registered and used before."""
    trace = tmp_path / "trace"
    copyreg.add_extension("posix", "system", 240)
    try:
        pickle.loads(b"\x80\x02\x82\xf0.")  # fills the cache that find_class is never asked about
        call = b"\x82\xf0X" + len(f"touch {trace}").to_bytes(4, "little")
        evil = b"\x80\x02" + call + f"touch {trace}".encode() + b"\x85R."
        write_archive(tmp_path / "evil.pth", evil)
        with pytest.raises(BadCheckpoint, match=r"evil\.pth"):
            read_checkpoint(tmp_path / "evil.pth")
    finally:
        copyreg.remove_extension("posix", "system", 240)
    assert not trace.exists()


def test_reading_writes_nothing_beside_the_file(tmp_path: Path) -> None:
    """As on a read-only disk."""
    torch.save(
        {"model": WEIGHTS, "optimizer": torch.optim.Adam([torch.ones(1)])}, tmp_path / "w.pt"
    )
    (tmp_path / "w.pt").chmod(0o444)
    tmp_path.chmod(0o555)
    before = (tmp_path / "w.pt").stat()
    try:
        assert_weights(read_checkpoint(tmp_path / "w.pt").tensors)
    finally:
        tmp_path.chmod(0o755)
    assert [path.name for path in tmp_path.iterdir()] == ["w.pt"]
    assert (tmp_path / "w.pt").stat().st_mtime_ns == before.st_mtime_ns


def write_archive(path: Path, pickled: bytes) -> None:
    """A torch archive around any pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickled)
        archive.writestr("a/byteorder", "little")
        archive.writestr("a/version", "3\n")
        archive.writestr("a/data/0", b"\0" * 16)


BUILD_ON_REBUILDER = (
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x08\x00\x00\x00__code__K\x01s\x86b."
)


@pytest.mark.parametrize(
    "pickled",
    [
        pickle.dumps({"model": 3}),
        b"cos\nsystem\n(S'touch trace'\ntR.",
        b"\x80\x02}U\x05modelcos\nsystem\n)\x81s.",
        BUILD_ON_REBUILDER,
        b"\x80\x04\x8c\x05torch\x8c\x0cserialization\x93.",
        b"(S'storage'\nctorch\nFloatStorage\nS'../../x'\nS'cpu'\nI4\ntQ.",
        b"",
        b"\x80\x02}",
    ],
)
def test_a_crafted_archive_is_refused_plainly(tmp_path: Path, pickled: bytes) -> None:
    write_archive(tmp_path / "crafted.pth", pickled)
    with pytest.raises(BadCheckpoint, match=r"crafted\.pth"):
        read_checkpoint(tmp_path / "crafted.pth")


def test_a_tensor_cannot_reach_beyond_its_storage(tmp_path: Path) -> None:
    storage = b"(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI4\ntQ"
    reach = b"(I0\n(I9999999\nt(I1\ntI00\nNt"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + reach[1:-1] + b"tR"
    write_archive(
        tmp_path / "far.pth", b"}S'o'\ncos\nsystem\n)\x81sS'model'\n}S'a'\n" + tensor + b"ss."
    )
    with pytest.raises(BadCheckpoint, match=r"far\.pth"):
        read_checkpoint(tmp_path / "far.pth")


def spoiled(folder: Path) -> dict[str, bytes]:
    """Files that are no checkpoints, by what they are."""
    torch.save({"a": torch.zeros(5000)}, folder / "whole.pth")
    save_file({"a": torch.zeros(5000)}, folder / "whole.safetensors")
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    whole, safe = (folder / "whole.pth").read_bytes(), (folder / "whole.safetensors").read_bytes()
    return {
        "empty.pth": b"",
        "text.pth": b"version https://git-lfs.github.com/spec/v1\n",
        "half.pth": whole[: len(whole) // 2],
        "half.safetensors": safe[: len(safe) // 2],
        "zip.pth": (folder / "other.zip").read_bytes(),
        "net.onnx": b"\x08\x07\x12\x07pytorch" + bytes(50),
        "renamed.pth": b"\x08\x07\x12\x07pytorch" + bytes(50),
        "zeros.pth": bytes(200),
        "noise.pt": bytes(range(200, 256)),
        "pickle.pth": pickle.dumps({"a": 1}),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("empty.pth", "empty"),
        ("text.pth", "text file"),
        ("half.pth", "cut off"),
        ("half.safetensors", "cut off"),
        ("zip.pth", "zip archive"),
        ("net.onnx", "ONNX"),
        ("renamed.pth", "ONNX"),
        ("zeros.pth", "no checkpoint format"),
        ("noise.pt", "no checkpoint format"),
        ("pickle.pth", "pickle"),
    ],
)
def test_what_is_no_checkpoint_is_named_for_what_it_is(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / name).write_bytes(spoiled(tmp_path)[name])
    with pytest.raises(BadCheckpoint, match=said) as caught:
        read_checkpoint(tmp_path / name)
    assert "\n" not in str(caught.value)
    remedy = "get it again" if said in ("empty", "cut off") else "choose the file"
    assert str(caught.value).partition("; ")[2].startswith(remedy)  # one, and the right one


def test_missing_files_folders_and_programs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="does not exist"):
        read_checkpoint(tmp_path / "none.pth")
    with pytest.raises(BadCheckpoint, match="folder"):
        read_checkpoint(tmp_path)
    torch.save({"a": [1, 2]}, tmp_path / "list.pth")
    with pytest.raises(BadCheckpoint, match="list"):
        read_checkpoint(tmp_path / "list.pth")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("a/data.pkl", "a/constants.pkl", "a/code/a.py"):
            archive.writestr(name, "")
    with pytest.raises(BadCheckpoint, match="TorchScript"):
        read_checkpoint(tmp_path / "script.pt")
