"""Reading a file keeps libraries quiet for as long as it takes, and no longer for anybody else."""

from __future__ import annotations

import logging
import warnings
from contextlib import AbstractContextManager

import pytest
from pydicom.config import settings

from napari_samunet.io.dicom_values import lenient
from napari_samunet.io.quiet import silent


def overlapping(*contexts: AbstractContextManager[None]) -> None:
    """Enter and leave as threads do, whose work begins and ends when it likes."""
    for context in contexts:
        context.__enter__()
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("contexts", [(silent, silent), (lenient, silent), (silent, lenient)])
def test_files_that_are_read_at_the_same_time_leave_the_warnings_of_others_alone(contexts) -> None:
    logs = [logging.getLogger(name) for name in ("pydicom", "tifffile", "highdicom.base")]
    filters = warnings.filters[:]
    overlapping(*(context() for context in contexts))
    assert warnings.filters == filters
    assert not any(log.disabled for log in logs)


def test_files_that_are_read_at_the_same_time_leave_the_checks_of_others_alone() -> None:
    reading, writing = settings.reading_validation_mode, settings.writing_validation_mode
    overlapping(lenient(), lenient())
    assert settings.reading_validation_mode == reading
    assert settings.writing_validation_mode == writing


def test_while_one_file_is_read_the_end_of_another_lets_no_warning_out() -> None:
    first, second = lenient(), lenient()
    first.__enter__()
    with second:
        first.__exit__(None, None, None)
        assert logging.getLogger("pydicom").disabled
        with warnings.catch_warnings(record=True) as shown:
            warnings.warn("the name of a patient", stacklevel=1)
        assert not shown


def test_a_log_that_somebody_switched_off_stays_off() -> None:
    log = logging.getLogger("tifffile")
    log.disabled = True
    try:
        with silent():
            pass
        assert log.disabled
    finally:
        log.disabled = False


def test_after_an_error_others_are_heard_again() -> None:
    filters = warnings.filters[:]
    with pytest.raises(OSError, match="damaged"), silent():
        raise OSError("damaged")
    assert warnings.filters == filters
