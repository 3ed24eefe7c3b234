"""Encode images before they are opened, so that the first click is answered at once.

Embeddings lie in the user's own cache and are found by what an image shows, never by its name. A
run that was cut off goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_samunet.cli import model, values
from napari_samunet.cli.image import add_choices, opened
from napari_samunet.cli.output import say
from napari_samunet.errors import BadUsage, InputError, OutsideImage

if TYPE_CHECKING:
    from napari_samunet.embedding.folder import EmbeddingFolder
    from napari_samunet.inference.cluster import ClusterEncoder
    from napari_samunet.inference.engine import Engine
    from napari_samunet.io.volume import Volume
    from napari_samunet.types import SliceRef

_MB = 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``samunet embed``."""
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="files or DICOM folders")
    parser.add_argument(
        "--axis", default="0", choices=("0", "1", "2", "all"), help="planes to encode (default: 0)"
    )
    parser.add_argument(
        "--slices",
        type=values.slice_range,
        metavar="K0:K1",
        help="only these, both included; counted from 0",
    )
    parser.add_argument(
        "--window", type=values.window, metavar="LO,HI", help="displayed intensities"
    )
    add_choices(parser)
    model.add_choice(parser)
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="encode on a Dask cluster, e.g. tls://gpu-host:8786"
    )
    parser.add_argument("--empty", action="store_true", help="delete all embeddings and stop")


def run(args: argparse.Namespace) -> None:
    """Encode, with a bar of progress; without an image tell what the cache holds.

    Raises
    ------
    InputError
        A bad image, slice, model, option or cluster, or a folder that keeps nothing.
    """
    if args.empty and args.images:
        raise BadUsage(
            "--empty deletes the embeddings of all images and takes none, but "
            f"{' '.join(args.images)} came; leave one of them out."
        )
    if args.empty or not args.images:
        _empty() if args.empty else _tell()
        return

    from napari_samunet.embedding.levels import open_cache, open_folder
    from napari_samunet.inference.engine import Engine
    from napari_samunet.models.engine_choice import choose_engine

    _check(open_folder())  # before the work of a night
    system = model.loaded(args)
    choose_engine(system, decodes=False)
    cache = open_cache(str(system.device), system.contract.half)
    engine = Engine(system, cache)
    with ExitStack() as open_things:
        cluster = _on_cluster(args, engine, open_things) if args.cluster else None
        for image in args.images:
            say(f"{image}: {_embed(args, engine, image, cluster)}")
    if cache.folder is not None:
        _tell_losses(cache.folder)


def _embed(
    args: argparse.Namespace, engine: Engine, image: str, cluster: ClusterEncoder | None
) -> str:
    """Encode one image; return what was done."""
    from tqdm import tqdm

    from napari_samunet.inference.precompute import count_kept, precompute

    volume = opened(image, args)
    refs = _wanted(volume, args.axis, args.slices)
    batch = None if cluster is None else cluster.batch
    steps = precompute(engine, volume, refs, args.window, cluster, batch)
    fresh = sum(tqdm(steps, total=len(refs), unit="slice", leave=False))
    engine.cache.flush()
    done = f"{fresh} slices encoded, {len(refs) - fresh} were there"
    kept = count_kept(engine, volume, refs, args.window)
    return done if kept == len(refs) else f"{done}; {kept} of {len(refs)} are on the disk now"


def _wanted(volume: Volume, axis: str, only: tuple[int, int] | None) -> list[SliceRef]:
    from napari_samunet.types import SliceRef

    refs = []
    for along in (0, 1, 2) if axis == "all" else (int(axis),):
        count = volume.shape[along]
        first, last = (0, count - 1) if only is None else only
        if not 0 <= first <= last < count:
            raise OutsideImage(
                f"Axis {along} has slices 0 to {count - 1}, but {first} to {last} were asked for."
            )
        refs += [SliceRef(along, index) for index in range(first, last + 1)]
    return refs


def _on_cluster(args: argparse.Namespace, engine: Engine, open_things: ExitStack) -> ClusterEncoder:
    from napari_samunet.inference.cluster import ClusterEncoder, ModelWanted, connect

    system = engine.system
    name = args.model
    if Path(name) == Path(system.source):  # a file; workers run in folders of their own
        name = str(Path(name).absolute())
    wanted = ModelWanted(name, args.system, system.model_hash, system.precision)
    return ClusterEncoder(open_things.enter_context(connect(args.cluster)), wanted)


def _check(folder: EmbeddingFolder) -> None:
    """Refuse a folder that would keep nothing."""
    from napari_samunet.embedding.budget import FOLDER_VARIABLE, read_budget

    if not folder.max_bytes:
        was_set = read_budget().disk_mb == 0
        raise BadUsage(
            f"Embeddings were to be kept in {folder.path}, but "
            + ("its budget was set to 0" if was_set else "hardly anything is free on its disk")
            + "; set a budget in the window's section Memory, or name another folder in "
            f"{FOLDER_VARIABLE}."
        )
    with _named(folder):
        folder.check()


def _tell_losses(folder: EmbeddingFolder) -> None:
    if folder.refused:
        raise InputError(
            f"{folder.refused} embeddings were not kept in {folder.path}: "
            f"{folder.reason.rstrip('.')}; mend that, and the same command goes on where it was."
        )
    if folder.evicted:
        print(f"The disk's budget is full: {folder.evicted} older embeddings made room.")


@contextmanager
def _named(folder: EmbeddingFolder) -> Iterator[None]:
    """A folder that cannot be used is one line with its name."""
    from napari_samunet.embedding.budget import FOLDER_VARIABLE

    try:
        yield
    except (OSError, NotImplementedError) as error:
        raise InputError(
            f"The folder of embeddings {folder.path} cannot be used: {str(error).rstrip('.')}; "
            f"allow writing there, or name another one in {FOLDER_VARIABLE}."
        ) from error


def _tell() -> None:
    from napari_samunet.embedding.levels import open_folder

    folder = open_folder()
    with _named(folder):
        held, room = folder.bytes / _MB, folder.max_bytes / _MB
        print(f"{folder.path}: {len(folder)} embeddings, {held:.0f} of {room:.0f} MB")


def _empty() -> None:
    from napari_samunet.embedding.levels import open_folder

    folder = open_folder()
    with _named(folder):
        print(f"{folder.path}: {folder.empty()} embeddings deleted")
