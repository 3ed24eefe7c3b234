"""Lists of names come from files of other programs, with their numbers and colours."""

from __future__ import annotations

import pytest

from napari_samunet.errors import UnreadableFile
from napari_samunet.session.labelset import LabelName, label_sets, read_label_set


def test_a_label_description_keeps_its_numbers(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text('0 0 0 0 0 0 0 "Clear"\n5 255 0 0 1 1 1 "liver"\n20 0 255 0 1 1 1 "colon"\n')
    assert read_label_set(path) == (
        LabelName("liver", (1, 0, 0), 5),
        LabelName("colon", (0, 1, 0), 20),
    )


def test_lines_of_names_state_no_numbers_and_presets_count_theirs(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("liver\nspleen\n")
    assert [item.number for item in read_label_set(path)] == [None, None]
    assert [item.number for item in label_sets()["tumours"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["# nothing"], "holds none"),
        ([f"name {n}" for n in range(1001)], "holds 1001, more than 1000"),
        (["liver", "x" * 101], "lines of more than 100 characters"),
    ],
)
def test_a_list_that_is_refused_hears_the_true_reason(tmp_path, lines, reason):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(lines))
    with pytest.raises(UnreadableFile, match=reason):
        read_label_set(path)
