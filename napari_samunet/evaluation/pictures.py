"""Pictures of the best and the worst answers: what the means of a report do not show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import imageio.v3 as iio
import numpy as np

from napari_samunet.evaluation.drawing import ANSWER, TRUTH, draw_slice, sheet
from napari_samunet.evaluation.metrics import dice
from napari_samunet.evaluation.protocol import CaseResult
from napari_samunet.io.export import write_and_replace
from napari_samunet.preprocess.frame import Frame
from napari_samunet.preprocess.intensity import to_uint8
from napari_samunet.preprocess.roi import extent_of, roi_around
from napari_samunet.types import UInt8Array

MOST = 10
"""Pictures of the best, and of the worst."""
WHOLE_SIDE = 512
SHEET_SIDE = 224
_CLOSE = 2.5


def write_pictures(results: Sequence[CaseResult], folder: Path) -> list[Path]:
    """Write pictures of the best and worst cases per prompt, and one sheet with all of them.

    Each shows the slice as windowed and the surroundings of the object, with the outline of the
    truth (green) and of the answer (orange). Names tell prompt, rank, Dice and case:
    ``box_worst_01_0.123_NAME.png``. Only masks by people count, where there are any.

    Parameters
    ----------
    results
        One entry per case, with ``masks``.
    folder
        Where to write.

    Returns
    -------
    list of Path
        The files; the last is ``sheet.png``: for each of box, one click and five clicks a row of
        the best, best first, and a row of the worst, worst first.

    Raises
    ------
    ExportRefused
        One cannot be written; those before it are whole.
    """
    counted = [result for result in results if result.case.human] or list(results)
    paths: list[Path] = []
    rows: list[list[UInt8Array]] = []
    for kind in dict.fromkeys(kind for result in counted for kind in result.masks):
        ranked = sorted(counted, key=partial(_dice, kind=kind), reverse=True)
        for title, chosen in (("best", ranked[:MOST]), ("worst", ranked[::-1][:MOST])):
            rows.append([_close_up(result, kind, SHEET_SIDE) for result in chosen])
            for place, result in enumerate(chosen, start=1):
                paths.append(folder / _name(result, kind, title, place))
                _write(paths[-1], _picture(result, kind))
    paths.append(folder / "sheet.png")
    _write(paths[-1], sheet(rows))
    return paths


def _write(path: Path, picture: UInt8Array) -> None:
    png = iio.imwrite("<bytes>", picture, extension=".png")
    write_and_replace(path, lambda draft: draft.write_bytes(png))


def _dice(result: CaseResult, kind: str) -> float:
    return dice(result.case.mask, result.masks[kind])


def _name(result: CaseResult, kind: str, title: str, place: int) -> str:
    prompt = kind.replace(" ", "-")
    return f"{prompt}_{title}_{place:02d}_{_dice(result, kind):.3f}_{result.case.name}.png"


def _picture(result: CaseResult, kind: str) -> UInt8Array:
    whole = _drawn(result, kind, Frame(result.case.mask.shape, WHOLE_SIDE))
    return np.hstack([whole, _close_up(result, kind, WHOLE_SIDE)])


def _close_up(result: CaseResult, kind: str, side: int) -> UInt8Array:
    roi = roi_around(extent_of(result.case.mask), _CLOSE)
    return _drawn(result, kind, Frame(result.case.mask.shape, side, roi=roi))


def _drawn(result: CaseResult, kind: str, frame: Frame) -> UInt8Array:
    shown = to_uint8(result.case.image, result.case.window)
    return draw_slice(frame, shown, [(result.case.mask, TRUTH), (result.masks[kind], ANSWER)])
