"""A session finds the image again that it belongs to, where a folder holds several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_series import BIRTH, PATIENT, PATIENT_ID, save_series
from disc_engine import DiscEngine

from napari_samunet.errors import ChoiceNeeded
from napari_samunet.io.open import open_volume
from napari_samunet.session.identity import ImageIdentity
from napari_samunet.session.journal import Journal
from napari_samunet.session.reopen import image_of_session
from napari_samunet.session.session import Session
from napari_samunet.session.shelf import Shelf

NAMES = "first", "second"


def test_what_is_kept_of_a_series_names_nobody_and_finds_it_again(tmp_path: Path):
    folder = tmp_path / "images"
    for name in NAMES:
        save_series(folder / name)
    uids = {pydicom.dcmread(folder / name / "000.dcm").SeriesInstanceUID for name in NAMES}
    wanted = sorted(uids)[0]
    session = Session(open_volume(folder, series=wanted), DiscEngine())
    journal = Journal(ImageIdentity(session.volume), Shelf(tmp_path / "kept").new_path)
    session.keep_journal(journal)
    session.add_point((9, 9), index=1)
    session.accept()
    journal.close()
    saved = session.save(tmp_path / "a.samunet")
    with np.load(saved) as arrays:
        texts = [arrays[name].tobytes() for name in arrays.files]
    header = session.volume.source.header[0]
    secrets = [PATIENT, PATIENT_ID, BIRTH, header.SOPInstanceUID, header.StudyInstanceUID, *uids]
    for kept in (journal.path.read_bytes(), *texts):
        assert not [word for word in secrets if word.encode() in kept]
    for path in (journal.path, saved):
        assert image_of_session(path).source.header[0].SeriesInstanceUID == wanted


@pytest.mark.shared
def test_a_session_opens_its_own_series_again(shared_data: Path, tmp_path: Path):
    folder = shared_data / "dcm_qa_uih"
    with pytest.raises(ChoiceNeeded):
        open_volume(folder)
    session = Session(open_volume(folder, series=2), DiscEngine())
    rows, columns = session.volume.shape[1:]
    session.add_point((rows // 2, columns // 2), index=0)
    session.accept()
    again = Session.resume(session.save(tmp_path / "a.samunet"))
    np.testing.assert_array_equal(again.volume.array, session.volume.array)
    np.testing.assert_array_equal(again.labels, session.labels)
