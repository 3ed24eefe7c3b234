"""The best and worst answers can be looked at: outlines lie where the masks are."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np

from napari_samunet.evaluation.calibration import calibration_groups
from napari_samunet.evaluation.cases import SliceCase
from napari_samunet.evaluation.drawing import ANSWER, TRUTH, draw_slice
from napari_samunet.evaluation.pictures import write_pictures
from napari_samunet.evaluation.plots import plot_curve, plot_reliability
from napari_samunet.evaluation.protocol import Answer, CaseResult
from napari_samunet.preprocess.frame import Frame


def _result(name: str, found: int) -> CaseResult:
    mask = np.zeros((40, 60), bool)
    mask[10:20, 20:40] = True
    answer = np.zeros_like(mask)
    answer[10:20, 20 : 20 + found] = True
    image = np.zeros((40, 60), np.float32)
    case = SliceCase(name, image, mask, (1, 1), (0, 1), "CT", "liver", True, name)
    return CaseResult(case, {}, {}, (Answer("box", 0.8, 0.5),), {"box": answer})


def test_outlines_are_drawn_where_the_masks_end():
    mask = np.zeros((40, 40), bool)
    mask[10:20, 5:30] = True
    picture = draw_slice(Frame((40, 40), 40), np.zeros((40, 40), np.uint8), [(mask, TRUTH)])
    green = (picture == TRUTH).all(-1)
    assert green[10, 5:30].all()
    assert green[10:20, 29].all()
    assert not green[12:18, 7:28].any()


def test_the_best_and_the_worst_are_named_by_rank_and_dice(tmp_path: Path):
    results = [_result(f"case{found}", found) for found in (5, 20, 10)]
    paths = write_pictures(results, tmp_path)
    assert [path.name for path in paths] == [
        "box_best_01_1.000_case20.png",
        "box_best_02_0.667_case10.png",
        "box_best_03_0.400_case5.png",
        "box_worst_01_0.400_case5.png",
        "box_worst_02_0.667_case10.png",
        "box_worst_03_1.000_case20.png",
        "sheet.png",
    ]
    picture = iio.imread(paths[3])
    assert (picture == TRUTH).all(-1).any()
    assert (picture == ANSWER).all(-1).any()


def test_reliability_and_learning_curve_become_pictures(tmp_path: Path):
    groups = calibration_groups([_result("a", 10)])
    plot_reliability(groups, groups, tmp_path / "reliability.png")
    rows = [{"images": 16, "loss": 2.0, "box_iou0": 0.3}, {"images": 32, "dev_box": 0.5}]
    plot_curve(rows, tmp_path / "curve.png")
    assert iio.imread(tmp_path / "reliability.png").std() > 0
    assert iio.imread(tmp_path / "curve.png").std() > 0
