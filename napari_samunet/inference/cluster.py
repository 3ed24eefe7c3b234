"""Encoding on the workers of a Dask cluster: pictures go there, embeddings come back.

What travels is a slice's pixels in the model frame, 0 to 255: no name, no header, no volume. The
decoder stays here. An address that begins with ``tls://`` is reached with the keys and certificates
of Dask's own configuration (``distributed.comm.tls``).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from napari_samunet.errors import BadCheckpoint, BadUsage, InputError, SamUNetError
from napari_samunet.inference.precompute import Features, Picture, encode_pictures
from napari_samunet.models.load import load_model
from napari_samunet.models.system import System

if TYPE_CHECKING:
    from distributed import Client, Future

PICTURES_AT_ONCE = 16
"""In one task: few enough to be lost with a worker, enough to fill a GPU."""
_PATIENCE_S = 15
"""For a scheduler that answers."""
_WORKERS_S = 60
"""For a worker to come, or to come back: some clusters start one only once there is work."""


@dataclass(frozen=True)
class ModelWanted:
    """Which model a worker is to load, and what it has to be.

    Attributes
    ----------
    name
        In the model list, or an absolute path that the workers know too.
    system
        What the checkpoint is, where it cannot tell itself.
    model_hash, precision
        Of the system here; see ``System``.
    """

    name: str
    system: str | None
    model_hash: str
    precision: str


class ClusterEncoder:
    """Encodes batches of pictures on a cluster.

    Parameters
    ----------
    client
        Connected to a scheduler, see ``connect``.
    wanted
        The model.
    """

    def __init__(self, client: Client, wanted: ModelWanted) -> None:
        self._client = client
        self._wanted = wanted

    @property
    def batch(self) -> int:
        """Pictures that keep every worker busy twice over."""
        return 2 * PICTURES_AT_ONCE * max(1, len(self._client.scheduler_info()["workers"]))

    def __call__(self, pictures: Sequence[Picture]) -> list[Features]:
        """Return the features of each picture; a worker that goes is replaced by another.

        Raises
        ------
        InputError
            A worker has no such model or another one under its name, no worker comes or comes
            back, or the cluster broke off.
        """
        starts = range(0, len(pictures), PICTURES_AT_ONCE)
        tasks = [list(pictures[start : start + PICTURES_AT_ONCE]) for start in starts]
        try:
            futures = self._client.map(encode_there, tasks, wanted=self._wanted, pure=False)
            self._wait(futures)
            return [features for some in self._client.gather(futures) for features in some]
        except SamUNetError:
            raise
        except Exception as error:  # whatever a worker, its Python or the way to it can raise
            raise _broken_off(" ".join(f"{type(error).__name__}: {error}".split())) from error

    def _wait(self, futures: Sequence[Future]) -> None:
        """Wait until all is done or something failed, however long, while there is a worker."""
        while waiting := [future for future in futures if not future.done()]:
            if any(future.status == "error" for future in futures):
                return
            if not self._client.nthreads() and not _gets_worker(self._client):
                raise _broken_off(
                    f"no worker came within {_WORKERS_S} seconds; start one where "
                    "napari-samunet[cluster] is installed: dask worker "
                    f"{self._client.scheduler.address}"
                )
            with suppress(TimeoutError):
                waiting[0].exception(timeout=_PATIENCE_S)


def connect(address: str) -> Client:
    """Connect to the scheduler of a cluster.

    Raises
    ------
    BadUsage
        Dask is not installed, or nobody answers there.
    """
    try:
        from distributed import Client
        from distributed.comm import parse_address
        from distributed.comm.registry import get_backend
    except ImportError as error:
        raise BadUsage(
            "A cluster needs Dask: install napari-samunet[cluster] here and on the workers."
        ) from error
    try:
        get_backend(parse_address(address)[0])  # a client that cannot begin still waits at its end
        return Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise BadUsage(
            f"The scheduler of a Dask cluster was looked for at {address}, but {error}; give its "
            "address, e.g. tcp://gpu-host:8786."
        ) from error


def encode_there(pictures: list[Picture], wanted: ModelWanted) -> list[dict[str, Any]]:
    """Encode pictures on a worker, which keeps the model for the next ones; features on its CPU.

    Raises
    ------
    InputError
        The worker has no such model, or another one.
    """
    try:
        system = _loaded(wanted.name, wanted.system)
    except BadCheckpoint as error:
        raise BadCheckpoint(
            f"A worker of the cluster cannot load {wanted.name}, which has to be at the same place "
            f"there as here: {error}"
        ) from error
    for here, there in (
        (system.model_hash, wanted.model_hash),
        (_numbers(system.precision), _numbers(wanted.precision)),
    ):
        if here != there:
            raise InputError(
                f"The cluster was to encode with {there}, but a worker has {here} for "
                f"{wanted.name}; bring the same package and checkpoint there."
            )
    encoded = encode_pictures(system, pictures)
    return [{name: tensor.cpu() for name, tensor in features.items()} for features in encoded]


def _gets_worker(client: Client) -> bool:
    """Whether a cluster has a worker, now or soon."""
    try:
        client.wait_for_workers(1, timeout=_WORKERS_S)
    except TimeoutError:
        return False
    return True


def _broken_off(reason: str) -> InputError:
    return InputError(
        f"The cluster broke off ({reason}); what it encoded before is kept, and the same command "
        "goes on where it was."
    )


def _numbers(precision: str) -> str:
    """The kind of numbers; engines with the same kind give the same features, to 1e-4."""
    return precision.rpartition("-")[2]


@lru_cache(maxsize=1)
def _loaded(name: str, system: str | None) -> System:
    return load_model(name, system=system)
