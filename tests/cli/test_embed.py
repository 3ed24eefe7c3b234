"""Over night every slice is encoded, once, and the next morning's click waits for nothing."""

from __future__ import annotations

import os
import shutil
import threading
from types import SimpleNamespace

import nibabel
import numpy as np
import pytest
from filelock import Timeout

from napari_samunet import Prompts, Session, load_model, open_volume
from napari_samunet.cli.main import main
from napari_samunet.embedding.budget import Budget, write_budget
from napari_samunet.embedding.folder import EmbeddingFolder
from napari_samunet.errors import BadCheckpoint, InputError
from napari_samunet.models.system import System


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of this test's own."""
    path = tmp_path / "cache"
    monkeypatch.setenv("SAMUNET_CACHE", str(path))
    return path


@pytest.fixture
def image(tmp_path):
    values = np.random.default_rng(3).integers(-200, 300, (40, 30, 4)).astype(np.int16)
    path = tmp_path / "DOE_JOHN.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    return str(path)


def _files(folder):
    return sorted(file.name for file in folder.glob("*.safetensors"))


def _refuse(*_arguments):
    raise AssertionError("this slice was encoded already")


def test_the_morning_after_no_slice_is_encoded_again(folder, image, capsys, monkeypatch):
    assert main(["embed", image]) == 0
    assert "4 slices encoded, 0 were there" in capsys.readouterr().out
    assert len(_files(folder)) == 4
    session = Session(open_volume(image), load_model("builtin"))
    monkeypatch.setattr(System, "encode", _refuse)
    # A box as large as the slice looks at all of it, so that nothing but the slice is needed.
    answer = session.predict(Prompts(box=(2, 2, 27, 37)), index=2)
    assert answer.mask.shape == (30, 40)


def test_a_run_that_was_cut_off_goes_on(folder, image, capsys):
    main(["embed", image, "--slices", "0:1"])
    main(["embed", image])
    assert "2 slices encoded, 2 were there" in capsys.readouterr().out


def test_a_copy_under_another_name_is_the_same_image(folder, image, tmp_path, capsys):
    main(["embed", image])
    copy = tmp_path / "another.nii.gz"
    copy.write_bytes((tmp_path / "DOE_JOHN.nii.gz").read_bytes())
    main(["embed", str(copy)])
    assert "0 slices encoded, 4 were there" in capsys.readouterr().out
    assert not any("DOE" in name for name in _files(folder))


def test_all_embeddings_are_told_and_deleted(folder, image, capsys):
    main(["embed", image, "--slices", "0:0"])
    main(["embed"])
    main(["embed", "--empty"])
    told = capsys.readouterr().out
    assert f"{folder}: 1 embeddings" in told
    assert "1 embeddings deleted" in told
    assert not _files(folder)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--slices", "2:9"], "slices 0 to 3"),
        (["--cluster", "nowhere"], "scheduler"),
        (["--cluster", "foo://x"], "unknown address scheme 'foo'"),
    ],
)
def test_a_wrong_option_is_one_clear_line(folder, image, capsys, options, reason):
    pytest.importorskip("distributed")
    assert main(["embed", image, *options]) == 2
    line = capsys.readouterr().err
    assert reason in line
    assert "Traceback" not in line


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_encoded(
    folder, image, capsys, monkeypatch
):
    folder.write_text("a file in the way")
    monkeypatch.setenv("SAMUNET_CACHE", str(folder / "below"))
    monkeypatch.setattr(System, "encode", _refuse)
    assert main(["embed", image]) == 2
    assert str(folder / "below") in capsys.readouterr().err


@pytest.mark.parametrize("error", [Timeout("lock"), PermissionError("not yours")])
def test_a_folder_that_cannot_be_locked_is_one_clear_line(
    folder, image, capsys, monkeypatch, error
):
    def refuse(_folder):
        raise error

    folder.mkdir()
    monkeypatch.setattr(EmbeddingFolder, "_held", refuse)
    for command in (["embed", "--empty"], ["embed", image]):
        assert main(command) == 2
        line = capsys.readouterr().err
        assert str(folder) in line
        assert "Traceback" not in line


def test_a_cluster_of_an_unknown_kind_leaves_no_client_behind(monkeypatch):
    distributed = pytest.importorskip("distributed")
    from napari_samunet.inference.cluster import connect

    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(InputError, match="known schemes"):
        connect("foo://x")


def test_what_is_left_of_an_image_is_told_where_others_took_its_room(
    folder, image, capsys, monkeypatch
):
    put = EmbeddingFolder.put

    def crowded(self, *embedding):
        """As if another process encoded at the same time, within the same budget."""
        put(self, *embedding)
        if len(_files(folder)) > 1:
            (folder / _files(folder)[0]).unlink()

    monkeypatch.setattr(EmbeddingFolder, "put", crowded)
    assert main(["embed", image]) == 0
    assert "4 slices encoded, 0 were there; 1 of 4 are on the disk now" in capsys.readouterr().out


def test_what_is_there_counts_as_used_before_the_rest_takes_room(folder, image):
    main(["embed", image, "--slices", "0:0"])
    (file,) = folder.glob("*.safetensors")
    os.utime(file, (0, 0))
    main(["embed", image, "--slices", "0:0"])
    assert file.stat().st_mtime > 0


def test_what_was_not_kept_is_not_told_as_kept(folder, image, capsys, monkeypatch):
    monkeypatch.setattr("napari_samunet.embedding.budget._MB", 1)  # budgets of bytes
    assert main(["embed", image, "--slices", "0:1"]) == 2
    assert "2 embeddings were not kept" in capsys.readouterr().err


@pytest.mark.parametrize(("set_mb", "reason"), [(0, "set to 0"), (None, "hardly anything is free")])
def test_a_budget_of_nothing_says_whose_it_is(
    folder, image, capsys, monkeypatch, tmp_path, set_mb, reason
):
    settings = tmp_path / "memory.json"
    write_budget(Budget(disk_mb=set_mb), settings)
    monkeypatch.setattr("napari_samunet.embedding.budget.settings_path", lambda: settings)
    full = SimpleNamespace(free=2**20)
    monkeypatch.setattr("napari_samunet.embedding.budget.shutil.disk_usage", lambda _path: full)
    assert main(["embed", image]) == 2
    line = capsys.readouterr().err
    assert reason in line
    assert "SAMUNET_CACHE" in line


@pytest.mark.parametrize("cut", [0, 4, 3000], ids=["empty", "no header", "no end"])
def test_what_a_power_loss_cut_short_is_encoded_again(folder, image, capsys, cut):
    main(["embed", image])
    harmed = folder / _files(folder)[1]
    whole = harmed.read_bytes()
    harmed.write_bytes(whole[:cut])
    main(["embed", image])
    assert "1 slices encoded, 3 were there" in capsys.readouterr().out
    assert harmed.read_bytes() == whole


@pytest.fixture
def scheduler():
    """A Dask cluster of two workers in this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        yield cluster


def test_a_cluster_encodes_what_this_computer_would(folder, image, scheduler, capsys, monkeypatch):
    here = Session(open_volume(image), load_model("builtin"))
    prompts = Prompts(box=(2, 2, 27, 37))
    expected = here.predict(prompts, index=1)
    here.engine.cache.empty()
    assert main(["embed", image, "--cluster", scheduler.scheduler_address]) == 0
    assert "4 slices encoded" in capsys.readouterr().out
    there = Session(open_volume(image), load_model("builtin"))
    monkeypatch.setattr(System, "encode", _refuse)
    answer = there.predict(prompts, index=1)
    np.testing.assert_allclose(answer.logits, expected.logits, atol=1e-4)


def test_a_cluster_without_a_worker_is_told_and_not_waited_for(folder, image, capsys, monkeypatch):
    distributed = pytest.importorskip("distributed")
    from napari_samunet.inference import cluster

    monkeypatch.setattr(cluster, "_WORKERS_S", 1)
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as idle:
        assert main(["embed", image, "--cluster", idle.scheduler_address]) == 2
    line = capsys.readouterr().err
    assert "no worker came within 1 seconds; start one" in line
    assert f"dask worker {idle.scheduler_address}" in line
    assert "Traceback" not in line


def test_a_cluster_that_starts_workers_only_once_there_is_work_is_waited_for(folder, image, capsys):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as idle:
        idle.adapt(minimum=0, maximum=1, interval="100ms")
        assert main(["embed", image, "--cluster", idle.scheduler_address]) == 0
    assert "4 slices encoded" in capsys.readouterr().out


@pytest.mark.parametrize("comes_back", [False, True])
def test_when_all_workers_go_the_work_ends_with_a_line_unless_one_comes_back(
    folder, image, scheduler, capsys, monkeypatch, comes_back
):
    from napari_samunet.inference import cluster

    builtin, begun, go_on = load_model("builtin"), threading.Event(), threading.Event()

    def load(*_model):
        begun.set()
        go_on.wait(20)
        return builtin

    async def lose():
        for worker in list(scheduler.workers.values()):
            await worker.close(executor_wait=False)

    def go():
        begun.wait(20)
        scheduler.sync(lose)
        go_on.set()

    def waited_for(client):
        if begun.is_set() and comes_back:
            scheduler.scale(len(scheduler.worker_spec) + 1)
        return gets_worker(client)

    main(["embed", image, "--slices", "0:0"])
    gets_worker = cluster._gets_worker
    monkeypatch.setattr(cluster, "_gets_worker", waited_for)
    monkeypatch.setattr(cluster, "_PATIENCE_S", 3)
    monkeypatch.setattr(cluster, "_WORKERS_S", 3)
    monkeypatch.setattr(cluster, "_loaded", load)
    going = threading.Thread(target=go)
    going.start()
    ended = main(["embed", image, "--cluster", scheduler.scheduler_address])
    going.join()
    told = capsys.readouterr()
    if comes_back:
        assert ended == 0
        assert "3 slices encoded, 1 were there" in told.out
    else:
        assert ended == 2
        assert "no worker came" in told.err
        assert "goes on where it was" in told.err
        assert len(_files(folder)) == 1


def test_workers_with_another_model_are_refused(folder, image, scheduler, capsys, monkeypatch):
    from napari_samunet.inference import cluster

    other = load_model("builtin")
    other.model_hash = "another"
    monkeypatch.setattr(cluster, "_loaded", lambda *_: other)
    assert main(["embed", image, "--cluster", scheduler.scheduler_address]) == 2
    assert "bring the same package" in capsys.readouterr().err
    assert not _files(folder)


def test_workers_look_for_a_checkpoint_where_it_is_and_not_in_folders_of_their_own(
    folder, image, scheduler, tmp_path, monkeypatch
):
    from napari_samunet.inference import cluster

    builtin, wanted = load_model("builtin"), []

    def load(name, _system):
        wanted.append(name)
        return builtin

    monkeypatch.setattr(cluster, "_loaded", load)
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(builtin.source, "mine.safetensors")
    for name in ("mine.safetensors", "builtin"):
        command = ["embed", image, "--slices", "0:0", "--cluster", scheduler.scheduler_address]
        assert main([*command, "--model", name]) == 0
        main(["embed", "--empty"])
    assert wanted == [str(tmp_path / "mine.safetensors"), "builtin"]


def test_a_worker_without_the_checkpoint_is_said_to_be_the_worker(
    folder, image, scheduler, capsys, monkeypatch
):
    from napari_samunet.inference import cluster

    def lack(name, _system):
        raise BadCheckpoint(f"The checkpoint {name} does not exist; check the path.")

    monkeypatch.setattr(cluster, "_loaded", lack)
    assert main(["embed", image, "--cluster", scheduler.scheduler_address]) == 2
    line = capsys.readouterr().err
    assert "A worker of the cluster cannot load builtin, which has to be at the same place" in line
    assert "The checkpoint builtin does not exist" in line


def test_a_cluster_that_breaks_off_is_one_clear_line(folder, image, scheduler, capsys, monkeypatch):
    from napari_samunet.inference import cluster

    def lack(*_model):
        raise ModuleNotFoundError("No module named 'safetensors'")

    monkeypatch.setattr(cluster, "_loaded", lack)
    assert main(["embed", image, "--cluster", scheduler.scheduler_address]) == 2
    line = capsys.readouterr().err
    assert "No module named 'safetensors'" in line
    assert "goes on where it was" in line
    assert "Traceback" not in line


def test_a_worker_or_the_way_to_it_may_die():
    comm = pytest.importorskip("distributed.comm")
    from napari_samunet.inference.cluster import ClusterEncoder

    def gather(_futures):
        raise comm.CommClosedError("in <TCP>: the other side is gone\nreally")

    client = SimpleNamespace(map=lambda *_tasks, **_options: [], gather=gather)
    with pytest.raises(InputError, match=r"side is gone really.*goes on where it was"):
        ClusterEncoder(client, None)([])


def test_one_image_is_not_taken_for_all_when_embeddings_are_deleted(folder, image, capsys):
    main(["embed", image, "--slices", "0:0"])
    assert main(["embed", "--empty", image]) == 2
    assert "takes none" in capsys.readouterr().err
    assert len(_files(folder)) == 1
