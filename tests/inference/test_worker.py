"""The window never waits for the model, and never shows an answer that was overtaken."""

from __future__ import annotations

import sys
import threading
import time
import weakref

import pytest

from napari_samunet.inference.worker import Worker

LONG = 10.0


@pytest.fixture
def worker():
    made = Worker("test-worker")
    yield made
    assert made.close(LONG)


class Gate:
    """Work that goes on only when it is let through."""

    def __init__(self, result: object = None) -> None:
        self.begun, self.open = threading.Event(), threading.Event()
        self.result = result

    def __call__(self) -> object:
        self.begun.set()
        assert self.open.wait(LONG)
        return self.result


def test_no_thread_runs_before_the_first_job(worker: Worker):
    assert worker._thread is None
    assert not worker.is_busy


def test_a_result_arrives_from_another_thread(worker: Worker):
    threads: list[str] = []
    worker.submit(lambda: 42, lambda result: threads.append(threading.current_thread().name))
    assert worker.wait(LONG)
    assert threads == ["test-worker"]


def test_the_newest_of_quick_clicks_is_answered_and_those_between_are_never_asked(worker: Worker):
    gate, asked, shown = Gate(0), [], []
    worker.submit(gate, shown.append)
    assert gate.begun.wait(LONG)
    for click in range(1, 6):
        worker.submit(lambda click=click: asked.append(click) or click, shown.append)
    gate.open.set()
    assert worker.wait(LONG)
    assert asked == [5]
    assert shown == [5], "the answer to click 0 was overtaken while it was made"


def test_jobs_of_different_keys_do_not_replace_each_other(worker: Worker):
    gate, shown = Gate("slice 1"), []
    worker.submit(gate, shown.append, key=1)
    assert gate.begun.wait(LONG)
    worker.submit(lambda: "slice 2", shown.append, key=2)
    gate.open.set()
    assert worker.wait(LONG)
    assert shown == ["slice 1", "slice 2"]


def test_a_cancelled_answer_is_not_shown(worker: Worker):
    gate, shown = Gate("late"), []
    worker.submit(gate, shown.append, key="click")
    assert gate.begun.wait(LONG)
    worker.cancel("click")
    gate.open.set()
    assert worker.wait(LONG)
    assert shown == []


def test_a_waiting_job_can_be_cancelled(worker: Worker):
    gate, asked = Gate(), []
    worker.submit(gate, asked.append, key=1)
    assert gate.begun.wait(LONG)
    worker.submit(lambda: asked.append("never"), asked.append, key=2)
    worker.cancel(2)
    gate.open.set()
    assert worker.wait(LONG)
    assert "never" not in asked


def test_an_error_is_told_and_the_next_job_still_runs(worker: Worker):
    errors, shown = [], []
    worker.submit(lambda: 1 / 0, shown.append, on_error=errors.append)
    assert worker.wait(LONG)
    worker.submit(lambda: "fine", shown.append)
    assert worker.wait(LONG)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert shown == ["fine"]


def test_a_library_that_would_leave_the_program_only_fails_its_job(worker: Worker):
    errors, shown = [], []
    worker.submit(sys.exit, shown.append, on_error=errors.append)
    assert worker.wait(LONG)
    worker.submit(lambda: "fine", shown.append)
    assert worker.wait(LONG)
    assert [type(error) for error in errors] == [SystemExit]
    assert shown == ["fine"]


def test_the_image_of_the_last_job_is_let_go_before_another_job_comes(worker: Worker):
    image = Gate()
    image.open.set()
    alive = weakref.ref(image)
    worker.submit(image, lambda _result: None)
    assert worker.wait(LONG)
    del image
    deadline = time.monotonic() + LONG
    while alive() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert alive() is None


def test_an_error_in_the_callback_is_told_too(worker: Worker):
    errors = []

    def fail(result: object) -> None:
        raise LookupError(result)

    worker.submit(lambda: "x", fail, on_error=errors.append)
    assert worker.wait(LONG)
    assert [type(error) for error in errors] == [LookupError]


def test_errors_of_overtaken_work_are_silent(worker: Worker):
    begun, go_on, errors, shown = threading.Event(), threading.Event(), [], []

    def fail() -> None:
        begun.set()
        assert go_on.wait(LONG)
        raise ValueError("of an old click")

    worker.submit(fail, shown.append, on_error=errors.append)
    assert begun.wait(LONG)
    worker.submit(lambda: "new", shown.append, on_error=errors.append)
    go_on.set()
    assert worker.wait(LONG)
    assert (errors, shown) == ([], ["new"])


def test_without_an_error_callback_errors_are_logged(worker: Worker, caplog):
    worker.submit(lambda: 1 / 0, print)
    assert worker.wait(LONG)
    assert "ZeroDivisionError" in caplog.text


def test_closing_ends_the_thread_and_drops_what_runs():
    worker, gate, shown = Worker(), Gate("late"), []
    worker.submit(gate, shown.append)
    assert gate.begun.wait(LONG)
    assert worker.close(timeout=0) is False
    gate.open.set()
    assert worker.close(LONG)
    assert shown == []
    with pytest.raises(RuntimeError, match="closed"):
        worker.submit(lambda: 1, shown.append)


def test_closing_from_a_callback_does_not_wait_for_itself():
    worker, closed = Worker(), threading.Event()
    worker.submit(lambda: 1, lambda result: closed.set() if worker.close() else None)
    assert closed.wait(LONG)
    assert worker.close(LONG)


def test_closing_without_a_job_is_fine():
    assert Worker().close()
