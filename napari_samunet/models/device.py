"""What computes: the device that was named, or the best one that is here."""

from __future__ import annotations

import torch

from napari_samunet.errors import BadUsage


def choose_device(device: str) -> torch.device:
    """Turn ``"auto"`` or a device name into a device that this computer has.

    Raises
    ------
    BadUsage
        Torch knows no such device here.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    reason = "torch knows no such device"
    try:
        found = torch.device(device)
        reason = ""
        torch.empty(0, device=found)
        return found
    except (RuntimeError, AssertionError) as error:
        reason = reason or _first_sentence(error)
        raise BadUsage(
            f"A device for the model was wanted, but '{device}' cannot be used here ({reason}); "
            "choose auto or cpu."
        ) from error


def _first_sentence(error: BaseException) -> str:
    """What torch says, without the addresses and the advice that it goes on with."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.partition(". ")[0].rstrip(".")
