"""What made a mask before it came here, and what it is, is told again when it leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_series import save_series
from disc_engine import DiscEngine, square
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume
from napari_samunet.session.session import Session

FORMATS = ("dicom-seg", "rtstruct")


@dataclass(frozen=True)
class System:
    """What tells a network."""

    name: str
    model_hash: str


class NamedEngine(DiscEngine):
    """Has a model to tell of."""

    def __init__(self, name: str = "builtin", digest: str = "ab12") -> None:
        super().__init__()
        self.system = System(name, digest)


@pytest.fixture
def series(tmp_path: Path) -> Volume:
    return open_volume(save_series(tmp_path / "ct"))


@pytest.fixture
def automatic(series: Volume, tmp_path: Path) -> Path:
    """An artery that an automatic program found."""
    dataset = pydicom.dcmread(_drawn(series).export(tmp_path / "drawn.dcm", "dicom-seg"))
    (artery,) = dataset.SegmentSequence
    artery.SegmentAlgorithmType, artery.SegmentAlgorithmName = "AUTOMATIC", "TotalSegmentator"
    named = pydicom.Dataset()
    named.AlgorithmName, named.AlgorithmVersion = "TotalSegmentator", "v2.4"
    named.AlgorithmFamilyCodeSequence = [_item(codes.cid7162.ArtificialIntelligence)]
    artery.SegmentationAlgorithmIdentificationSequence = [named]
    kind = _item(codes.SCT.Artery)
    kind.SegmentedPropertyTypeModifierCodeSequence = [_item(codes.SCT.Left)]
    artery.SegmentedPropertyTypeCodeSequence = [kind]
    artery.AnatomicRegionSequence = [_item(codes.SCT.Liver)]
    dataset.save_as(tmp_path / "automatic.dcm")
    return tmp_path / "automatic.dcm"


def test_an_automatic_mask_that_nobody_changed_leaves_as_it_came(
    series: Volume, automatic: Path, tmp_path: Path
) -> None:
    session = _with(series, automatic)
    _, segment = _exported(session, tmp_path, "dicom-seg")
    (before,) = pydicom.dcmread(automatic).SegmentSequence
    assert segment == before
    _, roi = _exported(session, tmp_path, "rtstruct")
    assert roi.ROIGenerationAlgorithm == "AUTOMATIC"
    assert roi.ROIGenerationDescription == "TotalSegmentator v2.4"


def test_corrected_by_hand_it_is_automatic_no_more_but_its_program_is_named(
    series: Volume, automatic: Path, tmp_path: Path
) -> None:
    for correct in (_by_paint, _by_brush):
        session = _with(series, automatic)
        correct(session)
        sidecar, segment = _exported(session, tmp_path, "dicom-seg")
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentAlgorithmName == "TotalSegmentator"
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Artery"
        assert sidecar["model"] is None
        assert sidecar["models"] == []
        assert sidecar["origin"] == {
            "kind": "AUTOMATIC",
            "algorithm": "TotalSegmentator",
            "corrected": True,
        }
        _, roi = _exported(session, tmp_path, "rtstruct")
        assert roi.ROIGenerationAlgorithm == "SEMIAUTOMATIC"
        assert roi.ROIGenerationDescription == "TotalSegmentator v2.4"


def test_corrected_with_the_model_the_model_is_named_and_the_sidecar_tells_of_before(
    series: Volume, automatic: Path, tmp_path: Path
) -> None:
    session = _with(series, automatic)
    session.add_point((12, 12), index=1)
    session.accept()
    sidecar, segment = _exported(session, tmp_path, "dicom-seg")
    (named,) = segment.SegmentationAlgorithmIdentificationSequence
    assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert (segment.SegmentAlgorithmName, named.AlgorithmName) == ("builtin", "builtin")
    assert sidecar["model"] == {"name": "builtin", "weights": "ab12"}
    assert sidecar["origin"]["algorithm"] == "TotalSegmentator"


def test_what_a_model_made_yesterday_is_no_hand_s_work_today(
    series: Volume, tmp_path: Path
) -> None:
    session = Session(series, NamedEngine())
    session.add_point((8, 9), index=1)
    session.accept()
    for kind in FORMATS:
        path = session.export(tmp_path / f"yesterday-{kind}.dcm", kind)
        today = _with(series, path)
        _by_paint(today)
        _, segment = _exported(today, tmp_path, "dicom-seg")
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentAlgorithmName.startswith("builtin")


def test_a_brush_over_what_the_model_answered_does_not_hide_the_model(
    series: Volume, tmp_path: Path
) -> None:
    session = Session(series, NamedEngine())
    session.add_point((8, 9), index=1)
    session.accept()
    _by_brush(session)
    _, segment = _exported(session, tmp_path, "dicom-seg")
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == (
        "SEMIAUTOMATIC",
        "builtin",
    )


def test_what_was_painted_here_is_a_hand_s_work(series: Volume, tmp_path: Path) -> None:
    sidecar, segment = _exported(_drawn(series), tmp_path, "dicom-seg")
    assert segment.SegmentAlgorithmType == "MANUAL"
    assert sidecar["origin"] is None


def _models(session: Session, folder: Path) -> list[list[str]]:
    """The models that the sidecar names, object by object."""
    path = session.export(folder / "told.json")
    return [
        [model["name"] for model in item["models"]]
        for item in json.loads(path.read_text(encoding="utf-8"))["objects"]
    ]


def test_the_model_that_answered_is_named_whichever_is_loaded_now(
    series: Volume, tmp_path: Path
) -> None:
    session = Session(series, NamedEngine("monday"))
    session.add_point((8, 9), index=1)
    session.accept()
    path = session.save(tmp_path / "a.samunet")
    resumed = Session.resume(path, series, NamedEngine("tuesday"))
    assert _models(resumed, tmp_path) == [["monday"]]
    resumed.select(resumed.objects[0])
    resumed.add_point((8, 12), index=1)
    resumed.accept()
    assert _models(resumed, tmp_path) == [["monday", "tuesday"]]
    resumed.undo()
    assert _models(resumed, tmp_path) == [["monday"]]


def test_what_waits_for_accept_remembers_its_model_over_night(
    series: Volume, tmp_path: Path
) -> None:
    session = Session(series, NamedEngine("monday"))
    session.add_point((8, 9), index=1)
    path = session.save(tmp_path / "a.samunet")
    resumed = Session.resume(path, series, NamedEngine("tuesday"))
    resumed.accept()
    assert _models(resumed, tmp_path) == [["monday"]]


def test_merged_split_and_cut_objects_keep_their_models(series: Volume, tmp_path: Path) -> None:
    session = _drawn(series)  # two islands by hand
    session.new_object("clicked")
    session.add_point((8, 9), index=1)
    session.accept()
    session.merge_objects(session.objects[0], [session.objects[1]])
    session.split_object(session.objects[0])
    assert _models(session, tmp_path) == [["builtin"], ["builtin"]]


def test_carried_on_and_merged_before_accept_the_model_is_named(
    series: Volume, tmp_path: Path
) -> None:
    session = Session(series, NamedEngine())
    session.new_object("painted")
    session.paint(square(series.shape[1:], 2, 2, 3), index=1)
    session.new_object("clicked")
    session.add_point((8, 9), index=1)
    session.merge_objects(session.objects[0], [session.objects[1]])
    session.accept()
    assert _models(session, tmp_path) == [["builtin"]]


def test_a_suggestion_that_was_taken_is_its_model_s(series: Volume, tmp_path: Path) -> None:
    session = Session(series, NamedEngine())
    taken = square(series.shape[1:], 2, 2, 3)
    session.take_suggestion(taken, index=1, model=session.engine.algorithm)
    session.accept()
    assert _models(session, tmp_path) == [["builtin"]]


def test_another_name_makes_the_codes_of_the_file_untrue(
    series: Volume, automatic: Path, tmp_path: Path
) -> None:
    session = _with(series, automatic)
    session.rename_object(session.objects[0], "spleen")
    _, segment = _exported(session, tmp_path, "dicom-seg")
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Spleen"
    assert "AnatomicRegionSequence" not in segment
    assert segment.SegmentAlgorithmName == "TotalSegmentator"


def test_the_part_that_a_structure_plays_in_planning_is_kept(
    series: Volume, tmp_path: Path
) -> None:
    path = _drawn(series).export(tmp_path / "drawn.dcm", "rtstruct")
    dataset = pydicom.dcmread(path)
    dataset.RTROIObservationsSequence[0].RTROIInterpretedType = "PTV"
    dataset.save_as(path)
    again = _with(series, path).export(tmp_path / "again.dcm", "rtstruct")
    assert pydicom.dcmread(again).RTROIObservationsSequence[0].RTROIInterpretedType == "PTV"


def test_parts_and_sums_of_an_automatic_mask_were_not_drawn_by_hand(
    series: Volume, automatic: Path, tmp_path: Path
) -> None:
    session = _with(series, automatic)
    session.split_object(session.objects[0])
    session.new_object("other")
    session.paint(square(series.shape[1:], 2, 2, 3), index=0)
    session.accept()
    session.merge_objects(session.objects[2], [session.objects[1]])
    path = session.export(tmp_path / "out.dcm", "dicom-seg")
    told = {
        (each.SegmentAlgorithmType, each.SegmentAlgorithmName)
        for each in pydicom.dcmread(path).SegmentSequence
    }
    assert told == {("SEMIAUTOMATIC", "TotalSegmentator")}


def test_labels_that_came_as_an_array_are_of_unknown_origin(series: Volume, tmp_path: Path) -> None:
    session = Session(series, NamedEngine())
    session.set_labels(_drawn(series).labels.copy())
    _, roi = _exported(session, tmp_path, "rtstruct")
    assert roi.ROIGenerationAlgorithm == ""


def test_a_saved_session_remembers(series: Volume, automatic: Path, tmp_path: Path) -> None:
    path = _with(series, automatic).save(tmp_path / "a.samunet")
    _, segment = _exported(Session.resume(path, series), tmp_path, "dicom-seg")
    assert segment == pydicom.dcmread(automatic).SegmentSequence[0]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is missing")
@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_told_keeps_to_the_standard(
    series: Volume, automatic: Path, tmp_path: Path, kind: str
) -> None:
    session = _with(series, automatic)
    session.set_labels(_drawn(series).labels + session.labels, names={2: "of nobody"})
    path = session.export(tmp_path / "out.dcm", kind)
    answer = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
    assert "Error" not in answer.stdout + answer.stderr


@pytest.mark.shared
@pytest.mark.parametrize("name", ["liver", "partial_overlaps"])
def test_a_published_segmentation_leaves_with_its_codes(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    folder = shared_data / "dcmqi/segmentations"
    path = folder / f"{name}.dcm"
    session = _with(open_volume(folder / "ct-3slice"), path)
    out = session.export(tmp_path / "out.dcm", "dicom-seg")
    before, after = ([_told(s) for s in pydicom.dcmread(p).SegmentSequence] for p in (path, out))
    assert after == before


def _told(segment: Any) -> list[Any]:
    words = ("SegmentAlgorithmType", "SegmentAlgorithmName", "SegmentedPropertyTypeCodeSequence")
    return [segment.get(word) for word in words]


def _with(volume: Volume, path: Path) -> Session:
    session = Session(volume, NamedEngine())
    session.import_masks(path)
    return session


def _drawn(volume: Volume) -> Session:
    """Two islands that a person painted."""
    session = Session(volume, NamedEngine())
    session.new_object("vessel A")
    for index, top in ((1, 10), (3, 4)):
        session.paint(square(volume.shape[1:], top, 10, 5), index=index)
    session.accept()
    return session


def _by_paint(session: Session) -> None:
    session.select(session.objects[0])
    session.paint(square(session.volume.shape[1:], 9, 9, 6), index=1)
    session.accept()


def _by_brush(session: Session) -> None:
    labels = session.labels.copy()
    labels[1, 2:4, 10:15] = session.objects[0].id
    session.repaint(labels, [1])


def _exported(session: Session, folder: Path, kind: str) -> tuple[dict[str, Any], Any]:
    """What the sidecar and the DICOM object tell of the first object."""
    path = session.export(folder / f"out-{kind}.dcm", kind)
    sidecar = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    dataset = pydicom.dcmread(path)
    word = "SegmentSequence" if kind == "dicom-seg" else "StructureSetROISequence"
    return sidecar["objects"][0], dataset[word][0]


def _item(code: Code) -> pydicom.Dataset:
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[:3]
    return item


@pytest.mark.parametrize("by", ["brush", "paint"])
def test_what_was_emptied_and_drawn_anew_is_a_hand_s_work_alone(
    series: Volume, automatic: Path, tmp_path: Path, by: str
) -> None:
    session = _with(series, automatic)
    session.add_point((12, 12), index=1)
    session.accept()
    if by == "brush":
        session.repaint(np.zeros_like(session.labels))
    else:
        session.select(session.objects[0])
        for index in session.objects[0].slices:
            session.paint(np.zeros(series.shape[1:], bool), index=index)
        session.accept()
    assert not session.objects[0].voxels
    _by_brush(session)
    sidecar, segment = _exported(session, tmp_path, "dicom-seg")
    assert (sidecar["origin"], sidecar["models"]) == (None, [])
    assert segment.SegmentAlgorithmType == "MANUAL"


def test_labels_that_come_back_unchanged_are_no_correction(
    series: Volume, automatic: Path, tmp_path: Path
) -> None:
    session = _with(series, automatic)
    session.set_labels(session.labels.copy())
    _, segment = _exported(session, tmp_path, "dicom-seg")
    assert segment == pydicom.dcmread(automatic).SegmentSequence[0]
    labels = session.labels.copy()
    labels[1, 2:4, 10:15] = session.objects[0].id
    session.set_labels(labels)
    _, segment = _exported(session, tmp_path, "dicom-seg")
    assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
