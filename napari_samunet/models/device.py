"""What computes: the device that was named, or the best one that is here."""

from __future__ import annotations

import logging

import torch
from torch import nn

from napari_samunet.errors import BadUsage

logger = logging.getLogger(__name__)


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
        raise _unusable(device, reason or first_sentence(error)) from error


def place(module: nn.Module, device: torch.device, or_cpu: bool) -> tuple[torch.device, str]:
    """Bring a network to a device that computes and has room for it.

    Parameters
    ----------
    module
        The network, on the CPU.
    device
        Where it is wanted.
    or_cpu
        Whether the CPU serves where the device does not.

    Returns
    -------
    Where it is now, and why that is the CPU, for the person; "" where it is where it was wanted.

    Raises
    ------
    BadUsage
        The device cannot be used, and the CPU was not to serve instead.
    """
    try:
        _compute(device)
        module.to(device)
        return device, ""
    except Exception as error:  # drivers fail in every way
        reason = first_sentence(error)
        if not or_cpu:
            raise _unusable(str(device), reason) from error
    # Outside of the handler, lest the error's frames hold what is to be freed.
    module.to("cpu")
    notice = f"The GPU cannot be used ({reason}): the CPU answers, more slowly."
    logger.warning(notice)
    return torch.device("cpu"), notice


def computes_in_half(device: torch.device) -> bool:
    """Whether the device has instructions of its own for bfloat16: where they are emulated, as on
    processors with AVX2 alone, training in it takes up to ten times as long as in float32.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()


def _compute(device: torch.device) -> None:
    """Do a little of what networks do: a card can be there, and too old or too full for it."""
    square = torch.ones(1, 1, 8, 8, device=device)
    nn.functional.conv2d(square @ square, square).cpu()  # errors come with the result at the latest


def _unusable(device: str, reason: str) -> BadUsage:
    return BadUsage(
        f"A device for the model was wanted, but '{device}' cannot be used here ({reason}); "
        "choose auto or cpu."
    )


def first_sentence(error: BaseException) -> str:
    """What torch says, without the addresses and the advice that it goes on with."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.partition(". ")[0].rstrip(".")
