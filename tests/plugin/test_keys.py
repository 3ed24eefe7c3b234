"""No key of ours takes one from napari, and closing gives ours back."""

from __future__ import annotations

import runpy
import sys

from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts

from napari_samunet.plugin import keys
from napari_samunet.plugin.keys import KEYS, bind, tip, unbind
from napari_samunet.plugin.panels.key_list import NAPARI


def test_no_key_of_ours_is_one_of_naparis():
    taken = {str(coerce_keybinding(key)) for keys in default_shortcuts.values() for key in keys}
    named = [bound for key in KEYS.values() for bound in key.bound]
    ours = {str(coerce_keybinding(key)) for key in named}
    assert len(ours) == len(named)
    # These are bound in the viewer, behind the selected layer: napari's own use comes first.
    assert ours & taken == {"Delete", "Backspace"}
    assert not ours & {str(key) for key in Image.class_keymap}


_BY_LAYERS = ("undo", "redo", "delete_prompt")


def test_only_undo_and_delete_are_answered_by_a_selected_helper_layer_itself():
    ours = {str(coerce_keybinding(bound)) for key in KEYS.values() for bound in key.bound}
    layers = {str(key) for kind in (Labels, Points, Shapes) for key in kind.class_keymap}
    allowed = {str(coerce_keybinding(key)) for name in _BY_LAYERS for key in KEYS[name].bound}
    assert ours & layers <= allowed


def test_keys_act_in_their_viewer_until_they_are_given_back():
    viewer, other = ViewerModel(), ViewerModel()
    before = dict(viewer.keymap)
    pressed = []
    bind(viewer, {"accept": lambda: pressed.append("accept")})
    viewer.keymap[coerce_keybinding(KEYS["accept"].keys)](viewer)
    assert pressed == ["accept"]
    assert coerce_keybinding(KEYS["accept"].keys) not in other.keymap
    unbind(viewer)
    assert dict(viewer.keymap) == before


def test_the_keys_that_are_told_of_napari_are_what_napari_binds():
    actions = {
        "Ctrl+E": "roll_axes",
        "Ctrl+T": "transpose_axes",
        "Ctrl+Y": "toggle_ndisplay",
        "Ctrl+R": "reset_view",
        "←": "increment_dims_left",
        "→": "increment_dims_right",
    }
    assert set(" ".join(NAPARI).split()) == set(actions)
    for shown, action in actions.items():
        wanted = {"←": "Left", "→": "Right"}.get(shown, shown)
        assert wanted in [str(key) for key in default_shortcuts[f"napari:{action}"]]


def test_a_tooltip_names_the_key():
    assert "Ctrl+Z" in tip("undo")


def test_on_a_mac_the_command_key_is_told_and_bound(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    there = runpy.run_path(keys.__file__)
    assert "[⌘+Z]" in there["tip"]("undo")
    assert not any("Ctrl" in key.shown + key.does for key in there["KEYS"].values())
    # What napari makes of its own CtrlCmd there; its Ctrl is the key of that name.
    assert str(coerce_keybinding(there["KEYS"]["undo"].keys)) == "Meta+Z"
