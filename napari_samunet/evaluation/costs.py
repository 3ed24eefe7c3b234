"""What encoding, decoding and keeping cost here, without a window."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import psutil

from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.embedding.levels import LayeredCache
from napari_samunet.evaluation.contenders import Pair, Predictor
from napari_samunet.evaluation.timing import Action, Row, flops_of, peak_flops, take_turns
from napari_samunet.inference.engine import Engine
from napari_samunet.inference.precompute import precompute
from napari_samunet.io.volume import Volume
from napari_samunet.models.encoder import TorchEncoder
from napari_samunet.models.system import System
from napari_samunet.preprocess.intensity import to_uint8
from napari_samunet.prompts.prompts import Prompts
from napari_samunet.types import SliceRef

SIDE = 512
WINDOW = (-160.0, 240.0)
POINT, BOX = (250.0, 180.0), (150.0, 90.0, 350.0, 300.0)
PROMPTS = Prompts(points=[POINT], labels=[1], box=BOX)
_MB = 2**20


def slices(count: int, side: int = SIDE) -> Volume:
    """Return a CT of smooth noise, every slice another one."""
    random = np.random.default_rng(7)
    coarse = random.normal(40, 120, (count, side // 16, side // 16))
    fine = np.repeat(np.repeat(coarse, 16, 1), 16, 2)
    fine += random.normal(0, 20, fine.shape[1:])
    return Volume.from_array(fine.astype(np.int16), spacing=(2, 1, 1), modality="CT")


def encoding(name: str, pair: Pair, repeat: int, predictor: Predictor | None = None) -> list[Row]:
    """Time the encoding of slices as ``SamPredictor``, plain PyTorch and this package do it."""
    volume = slices(repeat + 1)
    section = f"encode, {name} at {pair.ours.contract.side} px"
    contenders: dict[str, Action] = {}
    if predictor is not None:
        pictures = [to_uint8(plane, WINDOW) for plane in volume.array]
        contenders["SamPredictor.set_image"] = lambda turn: predictor.encode(pictures[turn])
    contenders["plain PyTorch"] = _encoder(pair.plain, volume)
    contenders["ours"] = _encoder(pair.ours, volume)
    if pair.compiled is not None and not isinstance(pair.compiled.encoder, TorchEncoder):
        contenders["ours, OpenVINO"] = _encoder(pair.compiled, volume)
    return take_turns(section, contenders, repeat)


def decoding(name: str, pair: Pair, repeat: int, predictor: Predictor | None = None) -> list[Row]:
    """Time a click and a box on an encoded slice, up to the mask on the slice's own grid."""
    volume = slices(1)
    contenders: dict[str, Action] = {}
    if predictor is not None:
        predictor.encode(to_uint8(volume.array[0], WINDOW))
        contenders["SamPredictor.predict"] = lambda _: predictor.decode(POINT, BOX)
    contenders["plain PyTorch"] = _decoder(pair.plain, volume)
    contenders["ours"] = _decoder(pair.ours, volume)
    if pair.compiled is not None and pair.compiled.decoder is not pair.compiled.network:
        contenders["ours, OpenVINO"] = _decoder(pair.compiled, volume)
    return take_turns(f"decode, {name}, click and box to mask", contenders, repeat)


def share_of_peak(name: str, pair: Pair, rows: Sequence[Row]) -> Row:
    """Compare the operations a second of our encoder, in ``rows``, with the machine's peak.

    Counted are the operations of the plain form: what ours leaves out of them raises its share,
    which may then exceed 100 %.
    """
    system = pair.ours
    side = system.contract.side
    image = system.prepare(np.zeros((side, side), np.uint8))
    operations = flops_of(lambda: pair.plain.encode(image))
    seconds = next(row.median for row in rows if row.name == "ours") / 1000
    share = 100 * operations / seconds / peak_flops(system.device)
    section = "share of the measured peak FLOP/s, ours"
    return Row(section, name, (share,), "%", f"{operations / 1e9:.1f} GFLOP in the plain form")


def keeping(system: System, repeat: int) -> Iterator[Row]:
    """Time precomputing, and the first box of a case that was encoded yesterday."""
    volume = slices(repeat + 8)
    refs = [SliceRef(0, index) for index in range(volume.shape[0])]
    with TemporaryDirectory() as folder:
        cache = _layers(folder, system)
        start = perf_counter()
        list(precompute(Engine(system, cache), volume, refs, WINDOW))
        cache.flush()
        rate = len(refs) / (perf_counter() - start)
        kept = cache.folder.bytes / len(refs) / _MB if cache.folder else 0.0
        yield Row("precompute", "ours, to the disk", (rate,), "slices/s", f"{kept:.2f} MB each")
        yield from _first_boxes(system, volume, refs, folder, repeat)


def _first_boxes(
    system: System, volume: Volume, refs: Sequence[SliceRef], folder: str, repeat: int
) -> Iterator[Row]:
    """Time what is seen first of a box, and all of its candidates, on a slice that nobody holds."""
    whole = Prompts(box=(1, 1, SIDE - 2, SIDE - 2))
    caches: dict[str, Callable[[], LayeredCache]] = {
        "encoded now": partial(LayeredCache, device=str(system.device)),
        "encoded yesterday": partial(_layers, folder, system),
    }

    def seen(cache: LayeredCache, turn: int) -> None:
        Engine(system, cache).glimpse(volume, refs[turn], whole, WINDOW)

    def answered(cache: LayeredCache, turn: int) -> None:
        Engine(system, cache).predict(volume, refs[turn], whole, WINDOW)

    name = "first box of a case to mask"
    for section, ask in {name: seen, f"{name} and its other candidates": answered}.items():
        contenders = {who: partial(_with_new, cache, ask) for who, cache in caches.items()}
        yield from take_turns(section, contenders, repeat)


def _with_new(
    make: Callable[[], LayeredCache], ask: Callable[[LayeredCache, int], None], turn: int
) -> None:
    ask(make(), turn)


def memory_of(name: str, pair: Pair) -> list[Row]:
    """Measure what encoding one slice adds to the process at most, beside the weights."""
    volume = slices(1)
    section = f"peak memory of encoding, {name}"
    contenders = {"plain PyTorch": pair.plain, "ours": pair.ours}
    encoders = {who: _encoder(system, volume) for who, system in contenders.items()}
    return [
        Row(section, who, (peak_memory(partial(encode, 0)),), "MB")
        for who, encode in encoders.items()
    ]


def peak_memory(work: Callable[[], object]) -> float:
    """Return how many MB the process grew by, at most, while it worked."""
    with suppress(OSError, AttributeError):  # glibc alone gives back what it holds for later
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    process = psutil.Process()
    before = most = process.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.001):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return (most - before) / _MB


def _encoder(system: System, volume: Volume) -> Action:
    def encode(turn: int) -> None:
        Engine(system, LayeredCache(0, 0)).embed(volume, SliceRef(0, turn), WINDOW)

    return encode


def _decoder(system: System, volume: Volume) -> Action:
    engine = Engine(system)
    return lambda _turn: engine.predict(volume, SliceRef(0, 0), PROMPTS, WINDOW, bridge=False)


def _layers(folder: str, system: System) -> LayeredCache:
    half = system.contract.half
    return LayeredCache(0, 2**30, EmbeddingFolder(Path(folder), 2**32, half), str(system.device))
