"""The start of the server, the same from the command line and a Procfile."""

import gc
import os
import time

import gevent
import gevent.socket

from sandbox.banner import banner
from sandbox.edge.boot import Boot
from sandbox.http.limits import Limits
from sandbox.server.application import Hooks, StandaloneApplication
from sandbox.server.background_thread import BackgroundThread
from sandbox.server.greenlet_event import GreenletEvent
from sandbox.server.greenlet_signal import GreenletSignal
from sandbox.server.listener import address_of, listen
from sandbox.server.open_files import raise_open_file_limit
from sandbox.server.parent_pipe import check_parent_pipe
from sandbox.server.process_end import end_process
from sandbox.server.ready_file import ReadyFile
from sandbox.server.turns import Turns
from sandbox.settings import Settings
from sandbox.version import __version__
from sandbox.world.concurrency import Concurrency
from sandbox.world.journal_feed import JournalFeed


def serve(settings: Settings) -> None:
    """Serve until a signal ends it, which ends the process. Raises SettingsError if it cannot begin."""
    from sandbox.app import create_app, scenario_of  # noqa: PLC0415  # a port in use need not wait for it

    if settings.parent_pipe is not None:
        check_parent_pipe(settings.parent_pipe)
    ready_file = None if settings.ready_file is None else ReadyFile(settings.ready_file)
    with listen(settings.host, settings.port) as listener:
        scenario = scenario_of(settings)
        boot = Boot(time.monotonic)
        feed = JournalFeed(settings.max_streams, new_event=GreenletEvent)
        app = create_app(
            settings,
            scenario=scenario,
            concurrency=Concurrency(
                new_event=GreenletEvent,
                pause=Turns().pause,
                offload=BackgroundThread().run,
                spawn=gevent.spawn,
                socket=gevent.socket,
                new_signal=GreenletSignal,
                background=gevent.spawn,
            ),
            boot=boot,
            feed=feed,
        )
        address = address_of(listener)
        text = banner(settings, scenario, address, __version__)
        pid = os.getpid()

        def on_ready() -> None:
            if not settings.quiet:
                print(text, flush=True)
            if ready_file is not None:
                # A worker answers as soon as it waits for the first request.
                gevent.spawn(ready_file.announce, address, pid)

        # What is alive now stays alive. The collector need not look at it again and again, however large the scenario
        # is, and the workers go on sharing its memory with the process that they were forked from.
        gc.freeze()
        limits = Limits.of(settings)
        raise_open_file_limit(limits.open_files)
        server = StandaloneApplication(
            app,
            listener,
            Hooks(on_boot=boot.begin, on_ready=on_ready, on_end=feed.close),
            limits,
            settings.parent_pipe,
            workers=settings.workers,
            kept_by=_kept_by(settings),
        )
        try:
            server.run()
        except SystemExit as end:
            # Workers, which are forked in it, leave it in the same way.
            end_process(end.code if isinstance(end.code, int) else 0)


def _kept_by(settings: Settings) -> str | None:
    if settings.store is not None:
        return "--store"
    return None if settings.persist is None else "--persist"
