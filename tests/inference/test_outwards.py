"""The slice that a person looks at comes first, then those that he will look at next."""

from napari_samunet.inference.outwards import outwards


def test_the_shown_slice_is_first_and_none_is_forgotten():
    order = list(outwards(4, 10))
    assert order[0] == 4
    assert sorted(order) == list(range(10))


def test_two_slices_ahead_are_encoded_for_one_behind():
    assert list(outwards(5, 11))[:7] == [5, 6, 7, 4, 8, 9, 3]
    assert list(outwards(5, 11, -1))[:7] == [5, 4, 3, 6, 2, 1, 7]


def test_at_the_end_of_the_volume_it_goes_on_behind():
    assert list(outwards(3, 4)) == [3, 2, 1, 0]
