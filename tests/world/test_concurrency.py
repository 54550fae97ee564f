"""The way in which calls run: the defaults are threads."""

import socket
import threading

from sandbox.world.concurrency import THREADS, daemon_thread


def test_background_work_runs_in_a_thread_that_does_not_keep_the_process_alive() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(60)

    thread = daemon_thread(work)
    assert begun.wait(60)
    assert thread.daemon
    may_end.set()
    thread.join(60)
    assert not thread.is_alive()


def test_threads_wait_on_sockets_of_the_standard_library() -> None:
    assert THREADS.socket is socket
    assert isinstance(THREADS.new_signal(), threading.Event)
