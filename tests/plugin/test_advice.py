"""The one line tells what matters most, and leaves out nothing that a person must know."""

from __future__ import annotations

from napari_samunet.plugin.advice import Situation, next_step
from napari_samunet.plugin.gestures import Tool

READY = {"flat": True, "ready": True, "tool": Tool.CLICK}
ANSWERED = {**READY, "shown": True, "current": "liver", "candidates": 3}


def test_where_objects_touch_a_doubtful_answer_is_still_called_doubtful():
    line = next_step(Situation(**ANSWERED, low=True, shared=15, neighbour="spleen"))
    assert "Please check" in line
    assert "15 pixels in 'spleen': both keep them" in line


def test_a_sure_answer_beside_a_neighbour_is_only_told_of_it():
    line = next_step(Situation(**ANSWERED, shared=15, neighbour="spleen"))
    assert "Please check" not in line
    assert "15 pixels lie in 'spleen'" in line


def test_who_rolled_the_axes_away_from_the_image_is_told_how_to_come_back():
    line = next_step(Situation(**READY, inside=False))
    assert "slider" in line
    assert "Ctrl+E" in line


def test_a_slice_whose_last_prompt_is_gone_was_not_asked_in_vain():
    line = next_step(Situation(**ANSWERED, empty=True, unasked=True))
    assert "Accept [G] takes its mask away" in line
    assert "Nothing was found" not in line


def test_who_sees_no_mask_is_not_asked_whether_it_is_good():
    line = next_step(Situation(**ANSWERED, hidden=True, unseen=True))
    assert line == "Masks are hidden: [H] shows them."


def test_who_has_slices_to_accept_elsewhere_is_not_sent_to_the_export():
    accepted = {**READY, "current": "liver", "accepted": True}
    assert next_step(Situation(**accepted, pending=10)) == (
        "10 slices of 'liver' wait: Accept [G]."
    )
    assert next_step(Situation(**accepted, pending=1)).startswith("1 slice of 'liver' waits:")
    assert "Export" in next_step(Situation(**accepted))
