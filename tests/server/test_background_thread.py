"""Work in a thread beside the loop."""

from threading import Event, get_ident

import gevent
import pytest

from sandbox.server.background_thread import BackgroundThread

PATIENCE_SECONDS = 10


def test_other_greenlets_run_while_the_thread_works() -> None:
    thread, may_end, seen = BackgroundThread(), Event(), list[str]()

    def work() -> str:
        assert may_end.wait(PATIENCE_SECONDS)
        return "done"

    def other() -> None:
        seen.append("other")
        may_end.set()

    with gevent.Timeout(PATIENCE_SECONDS):
        caller = gevent.spawn(lambda: seen.append(thread.run(work)))
        gevent.joinall([caller, gevent.spawn(other)], raise_error=True)
    assert seen == ["other", "done"]


def test_work_is_done_one_after_the_other_in_one_thread() -> None:
    thread, running, most, threads = BackgroundThread(), list[int](), list[int](), set[int]()

    def work() -> None:
        running.append(1)
        threads.add(get_ident())
        most.append(len(running))
        running.pop()

    with gevent.Timeout(PATIENCE_SECONDS):
        gevent.joinall([gevent.spawn(thread.run, work) for _ in range(20)], raise_error=True)
    assert most == [1] * 20
    assert len(threads) == 1
    assert get_ident() not in threads


def test_error_is_raised_in_the_caller_and_not_logged(capfd: pytest.CaptureFixture[str]) -> None:
    thread = BackgroundThread()
    with gevent.Timeout(PATIENCE_SECONDS):
        with pytest.raises(ZeroDivisionError):
            thread.run(lambda: 1 // 0)
        assert thread.run(lambda: 1) == 1
    assert capfd.readouterr() == ("", "")


def test_error_that_is_the_result_is_returned() -> None:
    error = ValueError("found")
    with gevent.Timeout(PATIENCE_SECONDS):
        assert BackgroundThread().run(lambda: error) is error
