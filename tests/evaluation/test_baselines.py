"""Plain geometry stands beside every model: it must be drawn exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_samunet.evaluation.baselines import filled_box, inscribed_ellipse


def test_the_filled_box_holds_both_of_its_ends():
    mask = filled_box((10, 12), (2, 3, 5, 9))
    assert mask[2:6, 3:10].all()
    assert mask.sum() == 4 * 7


def test_the_ellipse_touches_all_four_sides_of_the_box():
    mask = inscribed_ellipse((30, 40), (3, 5, 23, 35))
    rows, columns = np.nonzero(mask)
    assert (rows.min(), columns.min(), rows.max(), columns.max()) == (3, 5, 23, 35)
    assert mask.sum() == pytest.approx(np.pi / 4 * 21 * 31, rel=0.02)


def test_a_box_of_one_pixel_gives_that_pixel():
    mask = inscribed_ellipse((5, 5), (2, 3, 2, 3))
    assert np.argwhere(mask).tolist() == [[2, 3]]


@pytest.mark.shared
def test_the_shared_slices_give_the_published_geometry_rows(shared_data: Path):
    from napari_samunet.evaluation.cases import find_cases, read_case
    from napari_samunet.evaluation.metrics import dice
    from napari_samunet.evaluation.report import macro_mean, source_mean
    from napari_samunet.prompts.simulate import tight_box

    rows = []
    for path in find_cases(shared_data / "slices"):
        case = read_case(path)
        if case.human:
            ellipse = inscribed_ellipse(case.mask.shape, tight_box(case.mask))
            rows.append((case.modality, case.source, dice(case.mask, ellipse)))
    assert macro_mean(rows)["mean"] == pytest.approx(0.83, abs=0.005)
    for modality, mean in {"CT": 0.84, "MR": 0.83, "US": 0.98, "X-ray": 0.67}.items():
        of_modality = [row for row in rows if row[0] == modality]
        assert source_mean(of_modality)["mean"] == pytest.approx(mean, abs=0.005)
