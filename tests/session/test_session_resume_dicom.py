"""A session finds the image again that it belongs to, where a folder holds several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from disc_engine import DiscEngine

from napari_samunet.errors import ChoiceNeeded
from napari_samunet.io.open import open_volume
from napari_samunet.session.session import Session


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
