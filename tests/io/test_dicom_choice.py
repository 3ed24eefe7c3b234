"""Every series of a folder can be opened by what the message offers for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicom_series import save_series

from napari_samunet.cli.main import main
from napari_samunet.errors import ChoiceNeeded, InputError
from napari_samunet.io.open import open_volume
from napari_samunet.session.session import Session

UID = "1.2.826.0.1.7"


def save_as(folder: Path, slices: int, **words: Any) -> Path:
    """A series of so many slices whose headers hold other words."""
    for file in save_series(folder, (slices, 20, 24)).iterdir():
        image = pydicom.dcmread(file)
        for word, value in words.items():
            setattr(image, word, value)
        image.save_as(file)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two slices without UID, three and four with one; nobody described any of them."""
    save_as(tmp_path / "a", 2, SeriesInstanceUID="", SeriesNumber=7)
    save_as(tmp_path / "b", 3, SeriesInstanceUID=UID)
    save_as(tmp_path / "c", 4)
    return tmp_path


def offered(folder: Path) -> ChoiceNeeded:
    with pytest.raises(ChoiceNeeded) as several:
        open_volume(folder)
    return several.value


def answer(folder: Path, value: Any) -> str:
    """Why a series does not open; "" if it does."""
    try:
        open_volume(folder, series=value)
    except InputError as error:
        return str(error)
    return ""


def test_each_value_opens_its_own_series_even_that_of_one_without_uid(folder: Path) -> None:
    values = offered(folder).values
    assert [open_volume(folder, series=value).shape[0] for value in values] == [2, 3, 4]
    assert open_volume(folder, series=7).shape[0] == 2


def test_the_list_shows_what_chooses_a_series_without_uid(folder: Path, capsys: Any) -> None:
    several = offered(folder)
    assert several.values[0] in several.choices[0]
    assert main(["info", str(folder), f"--series={several.values[0]}"]) == 0
    assert "2 x 20 x 24" in capsys.readouterr().out


def test_a_uid_comes_before_the_description_of_another_series(folder: Path) -> None:
    save_as(folder / "c", 4, SeriesDescription=UID, SeriesNumber=5)
    assert open_volume(folder, series=UID).shape[0] == 3


def test_an_empty_word_chooses_nothing_however_many_have_no_description(folder: Path) -> None:
    for word in ("", " "):
        with pytest.raises(InputError, match="has no series") as told:
            open_volume(folder, series=word)
        assert not isinstance(told.value, ChoiceNeeded)


@pytest.mark.shared
def test_a_public_collection_offers_nothing_that_opens_another_series(
    shared_data: Path,
) -> None:
    """Some of it cannot be opened, or has a frame to choose: never the series again."""
    folder = shared_data / "pydicom"
    told = [answer(folder, value) for value in offered(folder).values]
    assert not [text for text in told if "choose one by its number" in text]
    assert not [text for text in told if "has no series" in text]
    assert "" in told


def test_a_session_on_a_series_without_uid_finds_it_again(folder: Path, tmp_path: Path) -> None:
    session = Session(open_volume(folder, series=offered(folder).values[0]))
    session.save(tmp_path / "work.samunet")
    assert Session.resume(tmp_path / "work.samunet").volume.shape == (2, 20, 24)
