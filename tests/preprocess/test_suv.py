"""PET is shown in uptake values where the header tells enough, and says what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset

from napari_samunet.errors import InputError
from napari_samunet.geometry import default_affine
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
    for word, value in changed.items():
        setattr(tracer if word in tracer else header, word, value)
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


def test_a_window_in_uptake_is_given_in_the_units_of_the_file():
    low, high = suv_window(pet(), 0, 5)
    assert low == 0
    assert high * suv_factor(pet()) == pytest.approx(5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"PatientWeight": ""}, "PatientWeight"),
        ({"RadionuclideTotalDose": 0}, "RadionuclideTotalDose"),
        ({"Units": "CNTS"}, "states CNTS"),
        ({"DecayCorrection": "ADMIN"}, "ADMIN"),
        ({"CorrectedImage": ["ATTN"]}, "attenuation-corrected"),
        ({"SeriesTime": "", "AcquisitionTime": ""}, "time of the scan"),
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
