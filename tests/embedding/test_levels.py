"""Three levels, each within its budget, and the nearest one asked first."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import as_strided

from napari_samunet.embedding import levels
from napari_samunet.embedding.budget import Budget, read_budget, write_budget
from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.embedding.key import EmbeddingKey
from napari_samunet.embedding.levels import LayeredCache
from napari_samunet.errors import InputError
from napari_samunet.inference.engine import Engine
from napari_samunet.io.volume import Volume
from napari_samunet.models.contract import InputContract
from napari_samunet.models.system import System
from napari_samunet.types import SliceRef

KIB = 1024


def _key(name="a"):
    return EmbeddingKey(name, (0.0, 1.0), None, "m")


def _features(value=0.0):
    return {"embedding": torch.full((256,), value)}


@pytest.fixture
def gpu(monkeypatch):
    """A device with a memory of its own, as far as the cache is concerned."""
    monkeypatch.setattr(levels, "_apart", lambda device: device == "cpu")


def test_what_the_device_has_no_room_for_waits_in_ram(gpu):
    cache = LayeredCache(2 * KIB, 4 * KIB)
    for name in "abcd":
        cache.put(_key(name), _features())
    assert cache.near.bytes == 2 * KIB
    assert _key("a") in cache.ram
    assert cache.get(_key("a")) is not None
    assert _key("a") in cache.near


def test_relieving_the_device_loses_nothing(gpu):
    cache = LayeredCache(4 * KIB, 4 * KIB)
    cache.put(_key("a"), _features(5.0))
    cache.relieve()
    assert cache.near.bytes == 0
    assert cache.get(_key("a"))["embedding"].max() == 5


def test_nothing_stays_on_a_device_that_is_left():
    cache = LayeredCache(0, 4 * KIB, device="meta")  # as Apple's, which shares its memory with RAM
    cache.put(_key(), {"embedding": torch.zeros(256, device="meta")})
    cache.move("cpu")
    assert cache.get(_key()) is None
    cache.put(_key(), _features(5.0))
    cache.move("cpu")
    assert cache.get(_key())["embedding"].max() == 5


def test_what_ram_has_no_room_for_comes_back_from_the_disk(tmp_path):
    cache = LayeredCache(0, 2 * KIB, EmbeddingFolder(tmp_path, 10**6))
    for number in range(9):
        cache.put(_key(str(number)), _features(float(number)))
    cache.flush()
    assert cache.bytes <= 2 * KIB
    assert cache.get(_key("0"))["embedding"].max() == 0
    assert cache.get(_key("7"))["embedding"].max() == 7


def test_the_same_click_has_the_same_answer_before_and_after_the_disk(tmp_path):
    cache = LayeredCache(0, 10**6, EmbeddingFolder(tmp_path, 10**6, half=True))
    first = cache.put(_key(), _features(1 / 3))
    cache.flush()
    again = LayeredCache(0, 10**6, cache.folder).get(_key())
    assert torch.equal(first["embedding"], again["embedding"])


def test_emptying_forgets_memory_and_disk(tmp_path):
    cache = LayeredCache(0, 10**6, EmbeddingFolder(tmp_path, 10**6))
    cache.put(_key(), _features())
    assert cache.empty() == 1
    assert _key() not in cache


def test_a_smaller_budget_holds_at_once(tmp_path):
    cache = LayeredCache(0, 4 * 2**20, EmbeddingFolder(tmp_path, 10**7))
    for name in "abcd":
        cache.put(_key(name), {"embedding": torch.zeros(2**18)})
    cache.flush()
    cache.use(Budget(device_mb=0, ram_mb=2, disk_mb=1))
    assert cache.bytes <= 2 * 2**20
    assert cache.folder.bytes <= 2**20


def test_the_machine_itself_sets_a_budget_that_fits_it():
    filled = Budget().filled()
    assert 0 < filled.ram_mb <= 4096
    assert 0 <= filled.disk_mb <= 20480
    assert Budget(ram_mb=7).filled().ram_mb == 7
    assert Budget(device_mb=1, ram_mb=2, disk_mb=0).room() == (2**20, 2**21, 0)


def test_settings_are_there_at_the_next_start(tmp_path):
    path = tmp_path / "made" / "memory.json"
    write_budget(Budget(disk_mb=100, idle=False), path)
    assert read_budget(path) == Budget(disk_mb=100, idle=False)


@pytest.mark.parametrize("text", ["", "[]", '{"ram_mb": "much"}', '{"ram_mb": -3}'])
def test_spoilt_settings_do_not_keep_the_window_from_opening(tmp_path, text):
    path = tmp_path / "memory.json"
    path.write_text(text)
    assert read_budget(path) == Budget()


def test_a_budget_below_nothing_is_refused():
    with pytest.raises(InputError, match="ram_mb"):
        Budget(ram_mb=-1)


class _Means(torch.nn.Module):
    """Encodes an image as 16 KiB."""

    def encode(self, image):
        return {"embedding": torch.nn.functional.adaptive_avg_pool2d(image, 64)}


def _thousand_slices():
    """A volume of 1,000 different slices of 512 x 512 in 1.5 MB of memory."""
    rows = np.random.default_rng(0).integers(-1000, 1000, (1511, 512), dtype=np.int16)
    step, column = rows.strides
    return as_strided(rows, (1000, 512, 512), (step, step, column), writeable=False)


def test_a_thousand_slices_never_exceed_a_budget(tmp_path, gpu):
    device, ram, disk = 10 * 16 * KIB, 20 * 16 * KIB, 100 * 17 * KIB
    cache = LayeredCache(device, ram, EmbeddingFolder(tmp_path, disk))
    contract = InputContract(side=64, fit="stretch", resample="nearest", channels=1)
    engine = Engine(System("means", contract, _Means(), "hash"), cache)
    volume = Volume.from_array(_thousand_slices(), modality="CT")
    for index in range(1000):
        engine.embed(volume, SliceRef(0, index))
        assert cache.near.bytes <= device
        assert cache.ram.bytes <= ram
        if index % 50 == 0:
            assert cache.folder.bytes <= disk
    cache.flush()
    assert 80 * 16 * KIB < cache.folder.bytes <= disk


def test_what_cannot_be_written_is_logged_and_the_next_is(tmp_path, caplog, monkeypatch):
    cache = LayeredCache(0, 4 * KIB, EmbeddingFolder(tmp_path, 10**7))
    put = cache.folder.put

    def fails(*_arguments):
        monkeypatch.setattr(cache.folder, "put", put)
        raise RuntimeError("The device is gone.")

    monkeypatch.setattr(cache.folder, "put", fails)
    cache.put(_key("a"), _features())
    cache.put(_key("b"), _features())
    cache.flush()
    assert "The device is gone." in caplog.text
    assert [_key(name) in cache.folder for name in "ab"] == [False, True]
