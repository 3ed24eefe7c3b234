"""What somebody drew, as a mask: logits and probabilities are none, however like one they look."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from napari_samunet.errors import InputError
from napari_samunet.types import BoolArray


def as_mask(values: ArrayLike) -> BoolArray:
    """Return a mask as bool, a copy: true or false, or 0 and one positive number, such as 255.

    Raises
    ------
    InputError
        It holds several numbers beside 0, negative ones, NaN or infinity, or no numbers.
    """
    try:
        array = np.array(values)
    except (TypeError, ValueError) as error:
        came = type(values).__name__
        raise InputError(f"A mask is true and false, but a {came} came.") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"A mask is true and false, but {array.dtype} came.")
    if array.dtype.kind == "b":
        return array
    inside = array != 0
    numbers = array[inside]
    if numbers.size:
        low, high = numbers.min(), numbers.max()
        if not 0 < low == high < np.inf:
            raise InputError(
                "A mask is true and false, or 0 and one positive number, but values from "
                f"{low:.3g} to {high:.3g} came; of an answer give its `mask` (or the answer "
                "itself as `previous` of `predict`), of labels one, as `labels == 3`."
            )
    return inside
