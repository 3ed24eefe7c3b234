"""A CT from NIfTI opens with its organs visible, and nothing else is taken for one."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_samunet.errors import InputError
from napari_samunet.io.hounsfield import TAKEN_FOR_CT, looks_like_ct
from napari_samunet.io.open import open_volume
from napari_samunet.io.volume import Volume
from napari_samunet.preprocess.intensity import CT_WINDOW, choose_window

RNG = np.random.default_rng(0)
BODY = RNG.normal(40, 60, (4, 20, 20))
AIR = RNG.normal(-1000, 10, (4, 20, 20))


def test_air_and_soft_tissue_make_a_ct():
    assert looks_like_ct(np.concatenate([BODY, AIR]).astype(np.int16))
    assert looks_like_ct(np.concatenate([BODY, AIR]).astype(np.float32))


@pytest.mark.parametrize(
    "array",
    [
        BODY,  # a standardised MR may have values like soft tissue
        RNG.normal(0, 1, (4, 20, 20)),
        np.abs(BODY).astype(np.uint16),
        np.concatenate([BODY, AIR]) * 100,
        np.full((2, 3, 4), np.nan),
    ],
)
def test_other_values_do_not(array):
    assert not looks_like_ct(array)


@pytest.mark.parametrize("told", ["CT", "ct", " Ct "])
def test_an_array_that_is_said_to_be_a_ct_is_shown_as_one_however_it_is_written(told):
    volume = Volume.from_array(AIR, modality=told)
    assert volume.modality == "CT"
    assert choose_window(volume) == CT_WINDOW


def test_a_modality_that_is_no_text_is_refused():
    with pytest.raises(InputError, match="modality"):
        Volume.from_array(AIR, modality=3)


def test_a_ct_in_nifti_is_shown_with_a_soft_tissue_window_and_says_so(tmp_path):
    path = tmp_path / "ct.nii.gz"
    array = np.concatenate([BODY, AIR]).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
    volume = open_volume(path)
    assert volume.modality == "CT"
    assert TAKEN_FOR_CT in volume.source.notes
    assert choose_window(volume) == CT_WINDOW


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("totalsegmentator/example_ct.nii.gz", "CT"),
        ("totalsegmentator/example_mr_sm.nii.gz", None),
        ("pyradiomics/brain1_image.nrrd", None),
        ("ua-mt-la/LA_5FKQL4K1_img.nii.gz", None),
        ("sct_testing_data/t2/t2.nii.gz", None),
        ("deepmedic/test/brats_2013_pat0001_1/Flair_subtrMeanDivStd.nii.gz", None),
    ],
)
def test_real_images_are_told_apart(shared_data, name, modality):
    assert open_volume(shared_data / name).modality == modality


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
def test_a_ct_of_slicer_or_itk_is_taken_for_one_too(tmp_path, name):
    array = np.concatenate([BODY, AIR]).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / name))
    volume = open_volume(tmp_path / name)
    assert volume.modality == "CT"
    assert TAKEN_FOR_CT in volume.source.notes
    sitk.WriteImage(sitk.GetImageFromArray(BODY), str(tmp_path / name))
    assert open_volume(tmp_path / name).modality is None
