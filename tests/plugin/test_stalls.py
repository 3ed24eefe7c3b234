"""A callback of ours that holds the window is found, and told from what others do."""

import time

from napari_samunet.inference.outwards import outwards
from napari_samunet.plugin.stalls import Stalls


def test_only_calls_into_this_package_are_timed():
    with Stalls(besides="") as stalls:
        time.sleep(0.01)
        list(outwards(0, 3))
    assert {name for _ms, name in stalls.spans} == {"outwards"}


def test_what_a_callback_of_ours_makes_others_do_is_its_own_time(monkeypatch):
    slow = lambda *_, **__: time.sleep(0.02) or [0]  # noqa: E731
    monkeypatch.setattr("napari_samunet.inference.outwards.sorted", slow, raising=False)
    with Stalls(besides="") as stalls:
        list(outwards(0, 3))
    assert max(ms for ms, _name in stalls.spans) >= 20


def test_the_file_that_measures_does_not_count():
    from napari_samunet.inference import outwards as module

    with Stalls(besides=module.__file__) as stalls:
        list(outwards(0, 3))
    assert stalls.spans == []
