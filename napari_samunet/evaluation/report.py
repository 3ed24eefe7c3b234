"""From the results of cases to means with intervals: the JSON report and its readable table."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from napari_samunet.evaluation.calibration import calibration_groups
from napari_samunet.evaluation.protocol import CaseResult, Measures

MACRO_MODALITIES = ("CT", "MR", "US", "X-ray")
SMALL_PIXELS = 300
BOOTSTRAP_DRAWS = 2000
BOOTSTRAP_SEED = 20260101

Estimate = dict[str, float | int]
"""``mean``, ``low`` and ``high`` (95 % bootstrap interval over sources) and ``sources``."""


def make_report(
    results: Sequence[CaseResult],
    model_name: str,
    score_map: tuple[float, ...] = (),
    **options: object,
) -> dict:
    """Summarise the results of an evaluation; ``report_json`` writes it.

    Parameters
    ----------
    results
        One entry per case.
    model_name
        Title of the model's rows.
    score_map
        The model's ``InputContract.score_map``, so that scores are judged before and after it.
    options
        What the run was asked for, kept in the report.

    Returns
    -------
    dict
        ``macro`` (human masks only: mean over source, then over CT, MR, US and X-ray), and groups
        ``modalities``, ``sizes`` and ``structures``, each name → row → measure → estimate; the rows
        are the model, the two plain geometries and what classical tools were measured.
        ``calibration`` judges the scores (see ``calibration_groups``), ``calibration_before`` those
        without the map of the weights, where they have one. ``cases`` lists the single results.
    """
    human = [result for result in results if result.case.human]
    before = {"calibration_before": calibration_groups(results, score_map)} if score_map else {}
    return {
        "model": model_name,
        "options": options,
        "counts": {"cases": len(results), "human": len(human)},
        "macro": _rows(human, model_name, macro_mean),
        "macro_modalities": _present(human),
        "modalities": _groups(results, model_name, _modality_title),
        "sizes": _groups(human, model_name, _size_title),
        "structures": _groups(results, model_name, _structure_title),
        "calibration": calibration_groups(results),
        **before,
        "cases": [_case_entry(result) for result in results],
    }


def report_json(report: dict) -> str:
    """Write a report as JSON, with null for a mean of nothing, which is NaN."""
    plain = json.loads(json.dumps(report), parse_constant=lambda _: None)
    return json.dumps(plain, indent=1, allow_nan=False) + "\n"


def source_mean(values: Iterable[tuple[str, str, float]]) -> Estimate:
    """Mean over sources of the mean over a source's cases, with its 95 % bootstrap interval.

    Parameters
    ----------
    values
        (modality, source, value) of each case.
    """
    by_source = _per_source(values)
    means = np.array([mean for sources in by_source.values() for mean in sources])
    draws = _resampled_means(means, np.random.default_rng(BOOTSTRAP_SEED))
    return _estimate(float(means.mean()), draws, means.size)


def macro_mean(values: Iterable[tuple[str, str, float]]) -> Estimate:
    """Mean over source, then over CT, MR, US and X-ray; sources are redrawn within each modality.

    Parameters
    ----------
    values
        (modality, source, value) of each case; other modalities are left out.
    """
    random = np.random.default_rng(BOOTSTRAP_SEED)
    by_modality = _per_source(values)
    groups = [np.array(by_modality[name]) for name in MACRO_MODALITIES if name in by_modality]
    if not groups:
        return {"mean": float("nan"), "low": float("nan"), "high": float("nan"), "sources": 0}
    draws = np.mean([_resampled_means(means, random) for means in groups], axis=0)
    mean = float(np.mean([means.mean() for means in groups]))
    return _estimate(mean, draws, sum(means.size for means in groups))


def _per_source(values: Iterable[tuple[str, str, float]]) -> dict[str, list[float]]:
    cases: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for modality, source, value in values:
        cases[modality][source].append(value)
    return {
        modality: [float(np.mean(of_source)) for of_source in sources.values()]
        for modality, sources in cases.items()
    }


def _resampled_means(means: np.ndarray, random: np.random.Generator) -> np.ndarray:
    chosen = random.integers(0, means.size, size=(BOOTSTRAP_DRAWS, means.size))
    return means[chosen].mean(axis=1)


def _estimate(mean: float, draws: np.ndarray, sources: int) -> Estimate:
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"mean": mean, "low": float(low), "high": float(high), "sources": sources}


def _present(results: Sequence[CaseResult]) -> list[str]:
    found = {result.case.modality for result in results}
    return [name for name in MACRO_MODALITIES if name in found]


def _rows(
    results: Sequence[CaseResult],
    model_name: str,
    summarise: Callable[[Iterable[tuple[str, str, float]]], Estimate],
) -> dict[str, dict[str, Estimate]]:
    rows = {model_name: [result.measures for result in results]}
    for name in results[0].baselines if results else ():
        rows[name] = [result.baselines[name] for result in results]
    return {
        name: {
            measure: summarise(
                (result.case.modality, result.case.source, values[measure])
                for result, values in zip(results, measures, strict=True)
                if measure in values
            )
            for measure in _measure_names(measures)
        }
        for name, measures in rows.items()
    }


def _measure_names(measures: Sequence[Measures]) -> list[str]:
    return list(dict.fromkeys(name for values in measures for name in values))


def _groups(
    results: Sequence[CaseResult], model_name: str, title: Callable[[CaseResult], str]
) -> dict[str, dict]:
    members: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        members[title(result)].append(result)
    return {
        name: {"cases": len(members[name]), "rows": _rows(members[name], model_name, source_mean)}
        for name in sorted(members)
    }


def _modality_title(result: CaseResult) -> str:
    return result.case.modality + ("" if result.case.human else " (masks by a model)")


def _size_title(result: CaseResult) -> str:
    small = result.case.mask.sum() < SMALL_PIXELS
    return f"under {SMALL_PIXELS} px" if small else f"{SMALL_PIXELS} px and more"


def _structure_title(result: CaseResult) -> str:
    return f"{_modality_title(result)} {result.case.structure_name}"


def _case_entry(result: CaseResult) -> dict:
    case = result.case
    return {
        "name": case.name,
        "modality": case.modality,
        "structure": case.structure,
        "source": case.source,
        "human": case.human,
        "pixels": int(case.mask.sum()),
        "measures": result.measures,
        "baselines": result.baselines,
    }
