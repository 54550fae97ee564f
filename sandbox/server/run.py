"""The start of the server, the same from the command line and a Procfile."""

import gc

from sandbox.banner import banner
from sandbox.http.limits import Limits
from sandbox.server.application import StandaloneApplication
from sandbox.server.greenlet_event import GreenletEvent
from sandbox.server.listener import address_of, listen
from sandbox.server.open_files import raise_open_file_limit
from sandbox.settings import Settings
from sandbox.version import __version__


def serve(settings: Settings) -> None:
    """Serve until a signal ends it, by SystemExit. Raises SettingsError before anything is served."""
    from sandbox.app import create_app, scenario_of  # noqa: PLC0415  # a port in use need not wait for it

    with listen(settings.host, settings.port) as listener:
        scenario = scenario_of(settings)
        app = create_app(settings, scenario=scenario, new_event=GreenletEvent)
        text = banner(settings, scenario, address_of(listener), __version__)

        def on_ready() -> None:
            if not settings.quiet:
                print(text, flush=True)

        # What is alive now stays alive. The collector need not look at it again and again, however large the scenario
        # is, and the worker goes on sharing its memory with the process that it was forked from.
        gc.freeze()
        limits = Limits.of(settings)
        raise_open_file_limit(limits.open_files)
        StandaloneApplication(app, listener, on_ready, limits).run()
