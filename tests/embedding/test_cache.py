"""A cache that mixes up patients or grows without bound is worse than none."""

import numpy as np
import pytest
import torch

from napari_samunet.embedding.cache import EmbeddingCache
from napari_samunet.embedding.key import EmbeddingKey, content_digest
from napari_samunet.errors import InputError
from napari_samunet.preprocess.roi import Roi

PLANE = np.arange(20, dtype=np.int16).reshape(4, 5)


def _key(name="a", window=(0.0, 1.0), roi=None, model="m"):
    return EmbeddingKey(name, window, roi, model)


def _features(kib=1):
    return {"embedding": torch.zeros(kib * 256)}


def test_an_embedding_comes_back_under_its_key():
    cache, features = EmbeddingCache(), _features()
    cache.put(_key(), features)
    assert cache.get(_key()) is features


@pytest.mark.parametrize(
    "other", [_key("b"), _key(window=(0.0, 2.0)), _key(roi=Roi(0, 0, 9)), _key(model="n")]
)
def test_another_slice_window_region_or_model_never_shares_an_embedding(other):
    cache = EmbeddingCache()
    cache.put(_key(), _features())
    assert cache.get(other) is None


def test_the_digest_tells_pixels_shapes_and_types_apart():
    digests = {
        content_digest(PLANE),
        content_digest(PLANE.reshape(5, 4)),
        content_digest(PLANE.astype(np.uint16)),
        content_digest(PLANE + 1),
    }
    assert len(digests) == 4
    assert content_digest(np.asfortranarray(PLANE)) == content_digest(PLANE)


def test_the_cache_stays_within_its_bytes_and_forgets_the_least_used():
    cache = EmbeddingCache(max_bytes=3 * 1024)
    for name in "abc":
        cache.put(_key(name), _features())
    cache.get(_key("a"))
    cache.put(_key("d"), _features())
    assert _key("b") not in cache
    assert _key("a") in cache
    assert cache.bytes <= cache.max_bytes


def test_what_is_larger_than_the_cache_is_not_kept():
    cache = EmbeddingCache(max_bytes=1024)
    cache.put(_key(), _features(kib=2))
    assert len(cache) == 0
    assert cache.bytes == 0


def test_putting_twice_counts_once():
    cache = EmbeddingCache()
    cache.put(_key(), _features())
    cache.put(_key(), _features())
    assert cache.bytes == 1024


def test_a_negative_size_is_refused():
    with pytest.raises(InputError, match="0 bytes or more"):
        EmbeddingCache(-1)
