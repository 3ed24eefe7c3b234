"""Of several meanings of a click the one is taken that is sure, and near to the others."""

from __future__ import annotations

import numpy as np
import pytest

from napari_samunet.inference.trust import trust


def _rows(count):
    mask = np.zeros((12, 12), bool)
    mask[:count] = True
    return mask


MEANINGS = [_rows(1), _rows(4), _rows(6)]


def test_what_shares_most_with_the_others_is_trusted_most_where_the_network_is_as_sure_of_all():
    alone, middle, large = (trust(mask, MEANINGS, 0.8) for mask in MEANINGS)
    assert alone < large < middle


def test_what_the_network_says_counts_more_than_a_little_that_is_shared():
    assert trust(MEANINGS[2], MEANINGS, 0.9) > trust(MEANINGS[1], MEANINGS, 0.7)


def test_a_network_that_predicts_no_quality_is_judged_by_what_is_shared_alone():
    # Dice of 4 rows with 1, with itself and with 6.
    assert trust(MEANINGS[1], MEANINGS, None) == pytest.approx((2 / 5 + 1 + 4 / 5) / 3)


def test_one_meaning_alone_shares_all_with_itself_and_nothing_shares_nothing():
    assert trust(MEANINGS[0], MEANINGS[:1], None) == 1
    assert trust(_rows(0), [_rows(0)], 0.9) == 0
