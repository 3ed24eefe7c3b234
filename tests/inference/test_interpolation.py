"""Between two slices an object goes over from one shape to the other."""

from __future__ import annotations

import numpy as np

from napari_samunet.inference.interpolation import shape_between


def _disc(row: float, column: float, radius: float = 5) -> np.ndarray:
    rows, columns = np.indices((60, 80))
    return np.hypot(rows - row, columns - column) <= radius


def test_half_way_a_vessel_that_runs_askew_is_half_way():
    between = shape_between(_disc(20, 20), _disc(20, 40), 0.5)
    assert (between == _disc(20, 30)).mean() > 0.99


def test_where_one_of_two_parts_ends_the_other_stays_where_it_is():
    stays, ends = _disc(20, 20), _disc(20, 60)
    between = shape_between(stays | ends, stays, 0.5)
    assert (between & stays).sum() >= 0.9 * stays.sum()
    assert not (between & ~(stays | ends)).any()
