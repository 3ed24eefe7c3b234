"""What a person can report of a strange file: how it is stored, how it lies, what is odd."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from dicom_series import BIRTH, PATIENT, PATIENT_ID, save_series
from dicom_slice import save_slice

from napari_samunet.cli.main import main


def told(path: Path, capsys, *options: str) -> dict[str, str]:
    """The facts that ``samunet info`` prints, by their names."""
    assert main(["info", str(path), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {name: text.strip() for name, text in (line.split(":", 1) for line in lines)}


def test_a_series_is_told_without_a_word_of_the_patient(tmp_path: Path, capsys):
    folder = save_series(tmp_path / "ct")
    facts = told(folder, capsys)
    assert facts["stored as"] == "4 files, Explicit VR Little Endian, by an unknown maker"
    assert facts["shape"] == "4 x 20 x 24 (z, y, x), int16"
    assert facts["spacing"] == "3 x 0.8 x 0.7 mm (z, y, x)"
    assert facts["directions"] == "I>S A>P R>L (z, y, x)"
    assert facts["placed by"] == "position and orientation of each slice"
    assert facts["odd"].startswith("voxels 4.3 times longer than wide")
    whole = " ".join(facts.values())
    assert not [word for word in (PATIENT, PATIENT_ID, BIRTH, "1.2.826") if word in whole]


def test_a_projection_that_states_no_thickness_has_no_voxels_to_be_odd(tmp_path: Path, capsys):
    fine = {"PixelSpacing": [0.1, 0.1], "ImagePositionPatient": None}
    facts = told(save_slice(tmp_path, 0, **fine), capsys)
    assert facts["odd"] == "no position in the patient is stated"


def test_an_oblique_nifti_says_which_matrix_placed_it_and_what_is_odd(oblique_image: Path, capsys):
    facts = told(oblique_image, capsys)
    assert facts["stored as"] == "Nifti1, little-endian int16"
    assert facts["placed by"] == "sform, aligned"
    assert "the qform places it up to" in facts["odd"]
    assert "sheared by" in facts["odd"]


def test_no_direction_is_invented_for_an_image_without_a_place(tmp_path: Path, capsys):
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.uint8), None)
    nibabel.save(image, tmp_path / "a.nii")
    facts = told(tmp_path / "a.nii", capsys)
    assert facts["directions"] == "not told"
    assert facts["placed by"].startswith("nothing")


def test_a_choice_is_asked_for_in_the_words_of_the_command_line(tmp_path: Path, capsys):
    for number in range(2):
        save_slice(tmp_path, 0, SeriesInstanceUID=f"1.2.{number}", SeriesNumber=number)
    assert main(["info", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--series" in error
    assert told(tmp_path, capsys, "--series", "1")["read as"] == "dicom"


def test_what_a_file_says_gives_the_terminal_no_command(tmp_path: Path, capsys, recwarn):
    save_slice(tmp_path, 0, Manufacturer="ACME\x1b]0;mine\x07\x1b[2J\x9b31m", Modality="CT")
    facts = told(tmp_path, capsys)
    assert "by ACME?]0;mine??[2J?31m" in facts["stored as"]
    assert not recwarn.list, "what pydicom makes of such a value is for nobody"


def test_an_error_that_quotes_a_name_gives_the_terminal_no_command(tmp_path: Path, capsys):
    assert main(["info", str(tmp_path / "a\x1b[2J.nii")]) == 2
    error = capsys.readouterr().err
    assert "a?[2J.nii" in error
    assert "\x1b" not in error
