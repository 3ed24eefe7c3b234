"""How long callbacks of ours hold the window's thread, told from napari's and Qt's own work."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any

_OURS = str(Path(__file__).resolve().parents[1])


class Stalls:
    """Within it every call from elsewhere into this package is timed, on this thread.

    What a callback of ours makes napari do counts as ours. The watch itself makes Python slower, so
    that what it tells is too long rather than too short.

    Parameters
    ----------
    besides
        File that measures, whose own calls do not count.

    Attributes
    ----------
    spans : list of (float, str)
        Milliseconds of each call, and what was called.
    """

    def __init__(self, besides: str) -> None:
        self.spans: list[tuple[float, str]] = []
        self._besides = besides
        self._outermost: FrameType | None = None
        self._start = 0.0

    def __enter__(self) -> Stalls:
        sys.setprofile(self._watch)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        sys.setprofile(None)

    def _watch(self, frame: FrameType, event: str, _argument: Any) -> None:
        if self._outermost is None:
            if event == "call":
                name = frame.f_code.co_filename
                if name.startswith(_OURS) and name != self._besides:
                    self._outermost, self._start = frame, perf_counter()
        elif event == "return" and frame is self._outermost:
            milliseconds = 1000 * (perf_counter() - self._start)
            self.spans.append((milliseconds, frame.f_code.co_qualname))
            self._outermost = None
