"""A file that lost its end is known at a glance, and what is whole is not suspected."""

from __future__ import annotations

import pytest
import torch

from napari_samunet.embedding.packing import is_whole, packed, unpacked

FEATURES = {"embedding": torch.full((1, 2, 512), 3.0), "grey": torch.tensor(5)}
WHOLE = packed(FEATURES, half=False)


@pytest.mark.parametrize("half", [False, True])
def test_what_was_written_is_whole_and_comes_back(tmp_path, half):
    path = tmp_path / "one"
    path.write_bytes(packed(FEATURES, half))
    assert is_whole(path)
    assert torch.equal(unpacked(path.read_bytes())["embedding"].float(), FEATURES["embedding"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        WHOLE[:5],
        WHOLE[:60],
        WHOLE[:-1],
        WHOLE + b"0",
        bytes(len(WHOLE)),
        b"\xff" * len(WHOLE),
        b"\2" + bytes(7) + b"[]",
        b"\7" + bytes(7) + b'{"a":1}',
    ],
    ids=[
        "empty",
        "no length",
        "half a header",
        "a byte less",
        "a byte more",
        "zeros",
        "ones",
        "a list",
        "a number",
    ],
)
def test_a_harmed_file_is_not(tmp_path, content):
    path = tmp_path / "one"
    path.write_bytes(content)
    assert not is_whole(path)


def test_what_is_not_there_is_not(tmp_path):
    assert not is_whole(tmp_path / "one")
    assert not is_whole(tmp_path)
