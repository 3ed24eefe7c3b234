"""PET is shown in uptake values where the header tells enough, and says what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset

from napari_samunet.errors import InputError
from napari_samunet.geometry import default_affine
from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.volume import Source, Volume
from napari_samunet.preprocess.intensity import choose_window
from napari_samunet.preprocess.suv import suv_factor, suv_window


def pet(**changed: object) -> Volume:
    """A patient of 70 kg who got 370 MBq of F-18 an hour before the scan."""
    tracer, header = Dataset(), Dataset()
    tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 370e6, 6588.0
    tracer.RadiopharmaceuticalStartTime = "113000.00"
    header.RadiopharmaceuticalInformationSequence = [tracer]
    header.Units, header.DecayCorrection, header.PatientWeight = "BQML", "START", "70"
    header.CorrectedImage = ["ATTN", "DECY", "SCAT"]
    header.SeriesDate = header.AcquisitionDate = "20240229"
    header.SeriesTime, header.AcquisitionTime = "123000", "123000.5"
    with lenient():
        for word, value in changed.items():
            setattr(tracer if word.startswith("Radio") else header, word, value)
    source = Source(kind="dicom", header=(header,))
    return Volume(np.ones((2, 3, 4)), default_affine(), modality="PT", source=source)


def test_the_factor_is_weight_over_the_dose_that_is_left():
    left = 370e6 * 2 ** (-3600 / 6588)
    assert suv_factor(pet()) == pytest.approx(70_000 / left)
    assert suv_factor(pet(Units="GML")) == 1


def test_an_injection_before_midnight_was_the_day_before():
    night = pet(
        SeriesTime="003000", AcquisitionTime="003000", RadiopharmaceuticalStartTime="233000"
    )
    assert suv_factor(night) == pytest.approx(suv_factor(pet()))


@pytest.mark.parametrize("clock", ["1130", "113000", "113000.", "113000.0", "113000.0000000"])
def test_a_time_may_leave_out_its_seconds(clock: str):
    assert suv_factor(pet(RadiopharmaceuticalStartTime=clock)) == pytest.approx(suv_factor(pet()))
    there = pet(RadiopharmaceuticalStartDateTime="20240229" + clock)
    assert suv_factor(there) == pytest.approx(suv_factor(pet()))
    hour = pet(SeriesTime="13", AcquisitionTime="1300", RadiopharmaceuticalStartTime="12")
    assert suv_factor(hour) == pytest.approx(suv_factor(pet()))


@pytest.mark.parametrize(
    ("stated", "zone", "scan"),
    [
        ("20240229113000+0100", "", "1230"),  # of the scanner, where it does not state its own
        ("20240229113000-0500", "-0500", "1230"),
        ("20240229103000.25+0000", "+0100", "1230"),
        ("20240229103000Z", "+0100", "1230"),
        ("20240229103000 +0000", "+0100", "1230"),
        ("202402291630+0000", "+0600", "2330"),
        ("2024022910+0000", "+0130", "1230"),
    ],
)
def test_an_injection_may_be_told_on_the_clock_of_another_zone(stated: str, zone: str, scan: str):
    told = pet(
        RadiopharmaceuticalStartDateTime=stated,
        TimezoneOffsetFromUTC=zone,
        SeriesTime=scan,
        AcquisitionTime=scan,
    )
    assert suv_factor(told) == pytest.approx(suv_factor(pet()), rel=1e-4)


def test_a_tracer_that_was_given_during_the_scan_was_not_given_the_day_before():
    watched = pet(RadiopharmaceuticalStartTime="123020")
    assert suv_factor(watched) == pytest.approx(70_000 / 370e6, rel=1e-2)


def test_a_window_in_uptake_is_given_in_the_units_of_the_file():
    low, high = suv_window(pet())
    assert low == 0
    assert high * suv_factor(pet()) == pytest.approx(10)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"PatientWeight": ""}, "PatientWeight"),
        ({"RadionuclideTotalDose": 0}, "RadionuclideTotalDose"),
        ({"Units": "CNTS"}, "states CNTS"),
        ({"DecayCorrection": "ADMIN"}, "ADMIN"),
        ({"CorrectedImage": ["ATTN"]}, "attenuation-corrected"),
        ({"SeriesTime": "", "AcquisitionTime": ""}, "time of the scan"),
        ({"RadiopharmaceuticalStartTime": ""}, "RadiopharmaceuticalStartTime.*missing"),
        ({"RadiopharmaceuticalStartTime": "9"}, "RadiopharmaceuticalStartTime.*malformed"),
        ({"RadiopharmaceuticalStartTime": "1130.5"}, "RadiopharmaceuticalStartTime.*malformed"),
        ({"RadiopharmaceuticalStartTime": "2530"}, "RadiopharmaceuticalStartTime.*malformed"),
        ({"RadiopharmaceuticalStartDateTime": "20240229"}, "StartDateTime.*hour"),
        ({"SeriesTime": "930"}, "SeriesTime.*malformed"),
    ],
)
def test_what_is_missing_is_named(changed, message):
    with pytest.raises(InputError, match=message):
        suv_factor(pet(**changed))


def test_a_pet_is_shown_up_to_an_uptake_of_ten():
    low, high = choose_window(pet())
    assert (low, high * suv_factor(pet())) == (0, pytest.approx(10))
    assert choose_window(pet(PatientWeight="")) != (low, high)


def test_other_images_have_no_uptake():
    with pytest.raises(InputError, match="no PET"):
        suv_factor(Volume.from_array(np.zeros((2, 3, 4)), modality="CT"))
