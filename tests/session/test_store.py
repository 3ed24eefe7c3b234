"""Save and resume: nothing of the work is lost, and nothing in a file is run."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from dicom_slice import save_slice
from disc_engine import DiscEngine

from napari_samunet.errors import InputError, UnreadableFile
from napari_samunet.inference.prediction import Prediction
from napari_samunet.io import nifti
from napari_samunet.io.export import export_labels
from napari_samunet.io.nifti import read_nifti
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Source, Volume
from napari_samunet.session import store
from napari_samunet.session.request import Answerer
from napari_samunet.session.session import Session


@pytest.fixture
def volume() -> Volume:
    rng = np.random.default_rng(3)
    array = rng.integers(-1000, 1000, (6, 20, 18)).astype(np.int16)
    return replace(Volume.from_array(array, spacing=(3, 1, 2), modality="CT"), window=(-50.0, 90.0))


def _worked_on(volume: Volume, engine: Answerer) -> Session:
    session = Session(volume, engine)
    liver = session.new_object("Leber, groß")
    session.add_point((10.25, 9), index=2)
    session.accept()
    session.select(liver)
    session.add_point((4, 4), positive=False, index=3, window=(-10, 10))
    painted = np.zeros((6, 18), bool)
    painted[2:4, 3:9] = True
    session.new_object()
    session.paint(painted, index=7, axis=1)
    session.add_box((1, 2, 4, 8), index=7, axis=1)
    drawn = np.zeros((20, 18), bool)
    drawn[5, 2:15] = True
    session.add_scribble(drawn, positive=False, index=5)
    return session


def test_everything_is_there_again(engine: Answerer, volume: Volume, tmp_path: Path) -> None:
    before = _worked_on(volume, engine)
    before.save(tmp_path / "work.samunet")
    after = Session.resume(tmp_path / "work.samunet", model=engine)
    np.testing.assert_array_equal(after.labels, before.labels)
    assert [(o.id, o.name, o.color, o.keys) for o in after.objects] == [
        (o.id, o.name, o.color, o.keys) for o in before.objects
    ]
    assert after.current.id == before.current.id
    for old, new in zip(before.prompts, after.prompts, strict=True):
        assert (old.kind, old.ref, old.positive, old.box) == (
            new.kind,
            new.ref,
            new.positive,
            new.box,
        )
        np.testing.assert_array_equal(old.points, new.points)
        assert (old.mask is None) == (new.mask is None)
        if old.mask is not None:
            np.testing.assert_array_equal(old.mask, new.mask)


def test_previews_come_back_to_the_bit(engine: Answerer, volume: Volume, tmp_path: Path) -> None:
    before = _worked_on(volume, engine)
    before.save(tmp_path / "work.samunet")
    after = Session.resume(tmp_path / "work.samunet", model=engine)
    assert before.previews.keys() == after.previews.keys()
    for ref, old in before.previews.items():
        new = after.previews[ref]
        np.testing.assert_array_equal(old.logits, new.logits)
        np.testing.assert_array_equal(old.mask, new.mask)
        assert (old.score, old.note, old.frame) == (new.score, new.note, new.frame)
        for one, other in zip(old.candidates, new.candidates, strict=True):
            np.testing.assert_array_equal(one.logits, other.logits)
            assert one.packed == other.packed


class Steady(DiscEngine):
    """Has a word to say about its answers, and no opinion of its masks."""

    def predict(self, *asked: Any, **named: Any) -> Prediction:
        answer = super().predict(*asked, **named)
        return replace(answer, note="A box was derived.", score_kind="stability")


def test_what_an_answer_says_of_itself_comes_back(volume: Volume, tmp_path: Path) -> None:
    before = Session(volume, Steady())
    before.add_point((10, 9), index=2)
    before.save(tmp_path / "work.samunet")
    after = Session.resume(tmp_path / "work.samunet", model=Steady())
    (shown,) = after.previews.values()
    assert (shown.note, shown.score_kind) == ("A box was derived.", "stability")


def test_the_next_click_gives_the_answer_it_would_have_given(
    engine: Answerer, volume: Volume, tmp_path: Path
) -> None:
    before = _worked_on(volume, engine)
    before.save(tmp_path / "work.samunet")
    after = Session.resume(tmp_path / "work.samunet", model=engine)
    for session in (before, after):
        session.add_point((15, 12), index=5)
        session.accept()
    np.testing.assert_array_equal(after.labels, before.labels)
    assert after.new_object().id == before.new_object().id


def test_an_image_without_a_file_travels_along(
    engine: Answerer, volume: Volume, tmp_path: Path
) -> None:
    _worked_on(volume, engine).save(tmp_path / "work.samunet")
    again = Session.resume(tmp_path / "work.samunet").volume
    np.testing.assert_array_equal(again.array, volume.array)
    np.testing.assert_array_equal(again.affine, volume.affine)
    assert (again.modality, again.window) == (volume.modality, volume.window)
    assert again.is_placed == volume.is_placed
    assert again.array.dtype == volume.array.dtype


def test_an_image_with_another_spacing_than_before_is_told_of(
    engine: Answerer, volume: Volume, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its volumes in ml and its exports would be others, and nobody would know."""
    saved = _worked_on(volume, engine).save(tmp_path / "work.samunet")
    Session.resume(saved, replace(volume))
    assert not caplog.text
    Session.resume(saved, replace(volume, affine=volume.affine @ np.diag([1, 1, 2, 1])))
    assert "another spacing or place" in caplog.text


def test_a_resampled_image_still_lies_in_the_patient(
    engine: Answerer, volume: Volume, tmp_path: Path
) -> None:
    windows = (("BRAIN", (40.0, 80.0)), ("", (300.0, 1500.0)))
    made = replace(
        volume,
        modality=None,
        source=Source(place="sform", sized="pixel"),
        negative=True,
        windows=windows,
    )
    _worked_on(made, engine).save(tmp_path / "work.samunet")
    again = Session.resume(tmp_path / "work.samunet").volume
    assert (again.source.place, again.negative) == ("sform", True)
    assert again.source.sized == "pixel"
    assert again.windows == windows


def _session_of_file(tmp_path: Path, engine: Answerer) -> tuple[Path, Path]:
    image = np.arange(4 * 8 * 9).reshape(4, 8, 9) % 200
    path = export_labels(image, Volume.from_array(image), tmp_path / "image.nii.gz")
    session = Session(open_volume(path), engine)
    session.add_point((3, 3), index=1)
    session.accept()
    return path, session.save(tmp_path / "work.samunet")


def test_an_image_from_a_file_is_opened_again(engine: Answerer, tmp_path: Path) -> None:
    path, saved = _session_of_file(tmp_path, engine)
    session = Session.resume(saved)
    assert session.volume.source.path == path
    assert session.labels.any()


def test_no_folder_is_named_where_the_image_lies_beside_the_session(
    engine: Answerer, tmp_path: Path
) -> None:
    folder = tmp_path / "Doe^Jane"
    folder.mkdir()
    _path, saved = _session_of_file(folder, engine)
    with np.load(saved) as file:
        text = file[store.TEXT].tobytes().decode()
    assert '"image.nii.gz"' in text
    assert "Doe" not in text


@pytest.mark.parametrize(
    "written", ["images\\image.nii.gz", "C:\\data\\image.nii.gz", "/data/image.nii.gz"]
)
def test_a_session_finds_its_image_whatever_system_wrote_where_it_lies(
    engine: Answerer, tmp_path: Path, written: str
) -> None:
    image, saved = _session_of_file(tmp_path, engine)
    there = tmp_path / ("images" if written.startswith("images") else "") / image.name
    there.parent.mkdir(exist_ok=True)
    image.rename(there)
    edited = _edited(saved, lambda words, _: words["image"].update(path=written))
    assert Session.resume(edited).volume.source.path.samefile(there)


def test_every_system_can_read_where_the_image_lies(engine: Answerer, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    image, _saved = _session_of_file(tmp_path / "images", engine)
    saved = Session(open_volume(image), engine).save(tmp_path / "work.samunet")
    with np.load(saved) as file:
        assert '"images/image.nii.gz"' in file[store.TEXT].tobytes().decode()


@pytest.mark.parametrize("choice", [{"keep_tilt": True}, {"resample": True}])
def test_the_choice_at_opening_is_found_again(
    engine: Answerer, tmp_path: Path, choice: dict
) -> None:
    for number in range(3):
        save_slice(tmp_path / "head", number, ImagePositionPatient=[0, number, 3 * number])
    session = Session(open_volume(tmp_path / "head", **choice), engine)
    session.add_point((2, 2), index=1)
    again = Session.resume(session.save(tmp_path / "work.samunet"))
    np.testing.assert_array_equal(again.volume.array, session.volume.array)
    np.testing.assert_array_equal(again.volume.affine, session.volume.affine)


def _session_of_frame(folder: Path, engine: Answerer) -> tuple[Session, Path]:
    stored = np.arange(9 * 8 * 4 * 3, dtype=np.int16).reshape(9, 8, 4, 3)
    nibabel.save(nibabel.Nifti1Image(stored, np.eye(4)), folder / "four.nii")
    session = Session(open_volume(folder / "four.nii", frame=2), engine)
    session.add_point((2, 2), index=1)
    return session, session.save(folder / "work.samunet")


def test_the_time_point_is_found_again_without_reading_another(
    engine: Answerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, saved = _session_of_frame(tmp_path, engine)
    read: list[int | None] = []

    def reader(path: Path, frame: int | None = None) -> Volume:
        read.append(frame)
        return read_nifti(path, frame)

    monkeypatch.setattr(nifti, "read_nifti", reader)
    again = Session.resume(saved)
    assert read == [2]
    np.testing.assert_array_equal(again.volume.array, session.volume.array)
    assert again.save(saved) == saved
    assert Session.resume(saved).volume.source.opened == session.volume.source.opened


def test_session_and_image_may_move_together(engine: Answerer, tmp_path: Path) -> None:
    path, saved = _session_of_file(tmp_path, engine)
    (tmp_path / "elsewhere").mkdir()
    for file in (path, saved):
        file.rename(tmp_path / "elsewhere" / file.name)
    assert Session.resume(tmp_path / "elsewhere" / saved.name).labels.any()


def test_a_lost_image_is_asked_for(engine: Answerer, tmp_path: Path) -> None:
    path, saved = _session_of_file(tmp_path, engine)
    image = open_volume(path)
    path.unlink()
    with pytest.raises(UnreadableFile, match="not there any more"):
        Session.resume(saved)
    assert Session.resume(saved, image).labels.any()


def test_masks_never_come_back_on_another_image(engine: Answerer, tmp_path: Path) -> None:
    path, saved = _session_of_file(tmp_path, engine)
    volume = open_volume(path)
    changed = volume.array.copy()
    changed[0, 0, 0] += 1
    with pytest.raises(InputError, match="another or a changed one"):
        Session.resume(saved, replace(volume, array=changed))


@pytest.mark.parametrize("content", [b"", b"no session", b"PK\x03\x04 cut off"])
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "work.samunet"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"Session\.save"):
        Session.resume(path)
    with pytest.raises(UnreadableFile, match="is no file"):
        Session.resume(tmp_path / "nothing")


def test_foreign_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", image=np.zeros(3))
    with pytest.raises(UnreadableFile):
        Session.resume(tmp_path / "other.npz")
    np.save(tmp_path / "other.npy", np.zeros(3))
    with pytest.raises(UnreadableFile):
        Session.resume(tmp_path / "other.npy")


def test_a_session_cut_short_is_refused(engine: Answerer, volume: Volume, tmp_path: Path) -> None:
    saved = _worked_on(volume, engine).save(tmp_path / "work.samunet")
    saved.write_bytes(saved.read_bytes()[:-200])
    with pytest.raises(UnreadableFile):
        Session.resume(saved)


def _edited(saved: Path, edit: Callable[[dict[str, Any], dict[str, Any]], object]) -> Path:
    """A session that somebody changed: ``edit(words, arrays)``."""
    with np.load(saved) as file:
        arrays = {name: file[name] for name in file.files}
    words = json.loads(arrays[store.TEXT].tobytes())
    edit(words, arrays)
    arrays[store.TEXT] = np.frombuffer(json.dumps(words).encode(), np.uint8)
    with saved.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return saved


def _cut(words: dict[str, Any], arrays: dict[str, Any], name: str = "bits") -> None:
    arrays[words[name]] = arrays[words[name]][:-1]


def _move(words: dict[str, Any], arrays: dict[str, Any], column: int, by: int) -> None:
    places = arrays[words["places"]].copy()
    places[0, column] += by
    arrays[words["places"]] = places


EDITS: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "mask cut short": lambda words, arrays: _cut(words["state"]["objects"][0], arrays),
    "preview cut short": lambda words, arrays: _cut(words["state"]["answers"][0]["mask"], arrays),
    "slice": lambda words, arrays: _move(words["state"]["objects"][0], arrays, 0, 100),
    "row": lambda words, arrays: _move(words["state"]["objects"][0], arrays, 1, 100),
    "column": lambda words, arrays: _move(words["state"]["objects"][0], arrays, 2, -100),
    "number": lambda words, _: words["state"]["objects"][0].update(id=70000),
    "negative number": lambda words, _: words["state"]["objects"][0].update(id=-1),
    "same object twice": lambda words, _: words["state"]["objects"].append(
        words["state"]["objects"][0]
    ),
    "another shape": lambda words, _: words["state"]["objects"][-1].update(shape=[9, 20, 18]),
    "plane": lambda words, _: words["state"]["planes"][0].update(ref=[0, 102]),
    "axis": lambda words, _: words["state"]["planes"][0].update(ref=[3, 0]),
    "place of the latest prompt": lambda words, _: words["state"].update(ref=[0, -1]),
    "no digest": lambda words, _: words["image"].pop("digest"),
    "opened as nothing": lambda words, _: words["image"].update(opened={}),
    "opened as text": lambda words, _: words["image"].update(opened="all"),
    "no frame": lambda words, _: words["image"].update(
        opened={"frame": "first", "resample": False, "keep_tilt": False}
    ),
    "series": lambda words, _: words["image"].update(series=[1]),
    "no series": lambda words, _: words["image"].pop("series"),
    "not told where a model helped": lambda words, _: words["state"]["objects"][0].pop("models"),
    "no window": lambda words, _: words["image"].pop("window"),
    "no image": lambda _, arrays: arrays.pop("image"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_session_is_refused_in_plain_words(
    engine: Answerer, volume: Volume, tmp_path: Path, edit: Callable[..., object]
) -> None:
    saved = _edited(_worked_on(volume, engine).save(tmp_path / "work.samunet"), edit)
    with pytest.raises(UnreadableFile, match="was edited"):
        Session.resume(saved)


def test_an_edited_session_is_refused_for_an_image_that_is_open_too(
    engine: Answerer, volume: Volume, tmp_path: Path
) -> None:
    saved = _worked_on(volume, engine).save(tmp_path / "work.samunet")
    with pytest.raises(UnreadableFile, match="was edited"):
        Session.resume(_edited(saved, EDITS["no digest"]), volume)


def test_a_save_clears_away_what_a_killed_one_left(
    engine: Answerer, volume: Volume, tmp_path: Path
) -> None:
    left = tmp_path / ".samunet-a1b2c3d4.part"
    left.write_bytes(b"a patient's")
    os.utime(left, (1e9, 1e9))
    saved = _worked_on(volume, engine).save(tmp_path / "work.samunet")
    assert list(tmp_path.iterdir()) == [saved]


def test_a_failed_save_leaves_the_earlier_one(
    engine: Answerer, volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _worked_on(volume, engine)
    path = session.save(tmp_path / "work.samunet")
    earlier = path.read_bytes()

    def full(file: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.np, "savez_compressed", full)
    with pytest.raises(InputError, match="No space left"):
        session.save(path)
    assert path.read_bytes() == earlier
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(engine: Answerer, volume: Volume, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose a folder"):
        _worked_on(volume, engine).save(tmp_path / "nowhere" / "work.samunet")


@pytest.mark.skipif(os.name != "posix", reason="a user's folders are private on Windows")
def test_only_the_owner_reads_it(engine: Answerer, volume: Volume, tmp_path: Path) -> None:
    path = _worked_on(volume, engine).save(tmp_path / "work.samunet")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_preview_goes_on_in_its_window_after_resume(volume: Volume, tmp_path: Path) -> None:
    before = Session(volume, DiscEngine())
    before.add_point((10, 9), index=2, window=(-10, 10))
    before.save(tmp_path / "work.samunet")
    engine = DiscEngine()
    after = Session.resume(tmp_path / "work.samunet", model=engine)
    after.add_point((12, 9), index=2, window=(-10, 10))
    (asked,) = engine.asked
    assert asked.window == (-10, 10)
    assert asked.previous is not None, "the answer of before is corrected, none is asked afresh"
    after.propagate(3, 3)
    assert engine.asked[-1].window == (-10, 10)


def test_what_was_hidden_is_hidden_after_resume(volume: Volume, tmp_path: Path) -> None:
    before = Session(volume, DiscEngine())
    before.new_object("liver")
    before.show_object(before.new_object("body"), False)
    before.save(tmp_path / "work.samunet")
    after = Session.resume(tmp_path / "work.samunet", model=DiscEngine())
    assert [(item.name, item.visible) for item in after.objects] == [
        ("liver", True),
        ("body", False),
    ]
