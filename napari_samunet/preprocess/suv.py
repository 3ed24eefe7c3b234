"""PET in standardised uptake values: how much brighter than if the tracer were spread evenly.

Body-weight SUV of decay-corrected PET, after the vendor-neutral rules of QIBA (RSNA, "SUV
calculation"), with DICOM PS3.3 C.8.9.1 and C.8.9.2.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from napari_samunet.errors import InputError
from napari_samunet.io.dicom_files import text_of
from napari_samunet.io.volume import Volume
from napari_samunet.types import Window

_GRAMS = 1000.0
_LATEST = timedelta(hours=1)
"""A tracer may be given this long after the start, as it is where its first passage is watched."""
_MOMENT = re.compile(r"(\d{10}|\d{12}|\d{14}(?:\.\d*)?) ?([+-]\d{4}|Z)?")
"""Date and hour, and what may follow: minutes, seconds, their fraction; and the zone."""


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


def suv_window(volume: Volume) -> Window:
    """Return the window that shows an SUV of 0 to 10, in the units of the file.

    Raises
    ------
    InputError
        See ``suv_factor``.
    """
    return 0.0, 10.0 / suv_factor(volume)


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
    times = []
    for word in ("Series", "Acquisition"):
        date, clock = (text_of(header, f"{word}{part}") for part in ("Date", "Time"))
        if date and clock:
            times.append(_time(date + clock, f"{word}Time", header))
    if not times:
        raise InputError("SUV need the time of the scan in the DICOM header, but it is missing.")
    return min(times)


def _injection(tracer: Any, header: Any) -> datetime:
    stated = text_of(tracer, "RadiopharmaceuticalStartDateTime")
    if stated:
        return _time(stated, "RadiopharmaceuticalStartDateTime", header)
    clock = text_of(tracer, "RadiopharmaceuticalStartTime")
    scan = _scan_start(header)
    injected = _time(f"{scan:%Y%m%d}{clock}", "RadiopharmaceuticalStartTime", header)
    return injected if injected <= scan + _LATEST else injected - timedelta(days=1)


def _time(text: str, word: str, header: Any) -> datetime:
    """Date and clock, on the clock of the header's other times.

    Minutes and seconds may be left out (DICOM PS3.5 6.2, DT and TM); where nobody states the zone
    of those other times, it is taken for that of this one.
    """
    found = _MOMENT.fullmatch(text)
    zone = text_of(header, "TimezoneOffsetFromUTC")
    try:
        if found is None:
            raise ValueError
        clock, own_zone = found.groups(default="")
        whole, _, fraction = clock.partition(".")
        moment = datetime.strptime(f"{whole:0<14}.{fraction[:6] or 0}", "%Y%m%d%H%M%S.%f")
        if own_zone and zone:
            moment += _offset(zone) - _offset(own_zone)
    except ValueError:
        raise InputError(
            f"SUV need {word} in the DICOM header, from the year to the hour at least, but it is "
            "missing or malformed."
        ) from None
    return moment


def _offset(zone: str) -> timedelta:
    """From coordinated universal time to the clock of a zone, ±HHMM."""
    offset = datetime.strptime(zone, "%z").utcoffset()
    return offset or timedelta()
