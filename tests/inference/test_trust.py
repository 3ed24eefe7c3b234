"""Of several meanings of a click the one is taken that is sure, and the same when seen closer."""

from __future__ import annotations

from napari_samunet.inference.trust import trust


def test_a_mask_that_changes_when_seen_closer_is_trusted_less():
    assert trust((0.9, 0.9), agreement=0.5) < trust((0.8, 0.8), agreement=0.9)


def test_the_closer_look_knows_better():
    assert trust((0.4, 0.9), 1.0) > trust((0.9, 0.4), 1.0)
    assert trust((0.4, 0.9), 1.0) < trust((0.5, 0.9), 1.0), "yet the first one counts too"


def test_a_network_that_predicts_no_quality_is_judged_by_agreement_alone():
    assert trust((), agreement=0.7) == 0.7
