"""PET in standardised uptake values: how much brighter than if the tracer were spread evenly.

Body-weight SUV of decay-corrected PET, after the vendor-neutral rules of QIBA (RSNA, "SUV
calculation"), with DICOM PS3.3 C.8.9.1 and C.8.9.2.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from napari_samunet.errors import InputError
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.volume import Volume
from napari_samunet.types import Window

_GRAMS = 1000.0


def suv_factor(volume: Volume) -> float:
    """Return what voxels of a PET are to be multiplied with to be SUV (g/ml, by body weight).

    Parameters
    ----------
    volume : Volume
        From DICOM; its voxels stay as they are.

    Raises
    ------
    InputError
        If it is no PET from DICOM, or its header lacks dose, half-life, weight or a time.
    """
    if volume.modality != "PT" or volume.source.kind != "dicom":
        raise InputError("SUV were wanted, but this image is no PET that came from DICOM.")
    header = volume.source.header[0]
    units = text_of(header, "Units")
    if units == "GML":
        return 1.0
    corrected = "DECY" in text_of(header, "CorrectedImage") and "ATTN" in text_of(
        header, "CorrectedImage"
    )
    if units != "BQML" or not corrected or text_of(header, "DecayCorrection") != "START":
        raise InputError(
            "SUV need a PET in Bq/ml, attenuation-corrected and decay-corrected to the start of "
            f"the scan; this one states {units or 'no unit'} and "
            f"{text_of(header, 'DecayCorrection') or 'no decay correction'}."
        )
    return _by_weight(header)


def suv_window(volume: Volume, low: float = 0.0, high: float = 10.0) -> Window:
    """Return a window in SUV, in the units of the file, for example to show 0 to 10.

    Raises
    ------
    InputError
        See ``suv_factor``.
    """
    factor = suv_factor(volume)
    return low / factor, high / factor


def _by_weight(header: Any) -> float:
    tracer = (header.get("RadiopharmaceuticalInformationSequence") or [None])[0]
    dose = _number(tracer, "RadionuclideTotalDose")
    half_life = _number(tracer, "RadionuclideHalfLife")
    weight = _number(header, "PatientWeight")
    elapsed = (_scan_start(header) - _injection(tracer, header)).total_seconds()
    remaining = dose * 2 ** (-elapsed / half_life)
    return weight * _GRAMS / remaining


def _number(dataset: Any, word: str) -> float:
    text = "" if dataset is None else text_of(dataset, word)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise InputError(f"SUV need {word} in the DICOM header, but it is missing or not above 0.")
    return value


def _scan_start(header: Any) -> datetime:
    """The earlier of series and acquisition time: a series time may be that of its processing."""
    times = [
        _time(text_of(header, f"{word}Date") + text_of(header, f"{word}Time"), word)
        for word in ("Series", "Acquisition")
        if text_of(header, f"{word}Date") and text_of(header, f"{word}Time")
    ]
    if not times:
        raise InputError("SUV need the time of the scan in the DICOM header, but it is missing.")
    return min(times)


def _injection(tracer: Any, header: Any) -> datetime:
    stated = text_of(tracer, "RadiopharmaceuticalStartDateTime")
    if stated:
        return _time(stated, "RadiopharmaceuticalStartDateTime")
    clock = text_of(tracer, "RadiopharmaceuticalStartTime")
    scan = _scan_start(header)
    injected = _time(f"{scan:%Y%m%d}{clock}", "RadiopharmaceuticalStartTime")
    return injected if injected <= scan else injected - timedelta(days=1)


def _time(text: str, word: str) -> datetime:
    digits = text.split(".")[0].split("+")[0][:14]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        raise InputError(f"SUV need {word} in the DICOM header, but it is malformed.") from None
