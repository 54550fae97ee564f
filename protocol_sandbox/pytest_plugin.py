"""The pytest plugin: the fixtures ``sandbox`` and ``sandbox_server``, the marker ``sandbox``, options, and reports.

Nothing else of the kit is imported, and no server is started, until a test asks for one.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from protocol_sandbox.run import TestRun
    from protocol_sandbox.running_server import RunningServer
    from protocol_sandbox.sandbox import Sandbox
    from protocol_sandbox.shared_server import SharedServer

WORKER_INPUT = "protocol_sandbox"
"""The key under which a worker of pytest-xdist finds where to ask for the server."""
MARKER = (
    "sandbox(scenario=..., seed=..., faults=...): begin the test's sandbox with a built-in scenario, with a seed, and "
    "with fault rules; the marker of a test adds to that of its class and module."
)
STRICT_WORLDS = "strict_worlds=true"
OPTIONS = {
    "scenario": ("NAME", "The initial state of each sandbox: a built-in scenario, or a file of your own."),
    "seed": ("INTEGER", "The seed of generated data and random choices."),
    "url": ("URL", "A server that is running already, instead of one that is started for the run."),
}

_SANDBOX: "pytest.StashKey[Sandbox]" = pytest.StashKey()
_RUN: "pytest.StashKey[TestRun]" = pytest.StashKey()
_SHARED: "pytest.StashKey[SharedServer]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each for the command line and the configuration file."""
    group = parser.getgroup("protocol-sandbox", "a sandbox of the Conversations API for each test")
    for name, (metavar, text) in OPTIONS.items():
        group.addoption(f"--sandbox-{name}", metavar=metavar, help=text)
        parser.addini(f"sandbox_{name}", text, default="")
    text = "Refuse calls that do not name the sandbox of a test."
    group.addoption("--sandbox-strict-worlds", action="store_true", default=None, help=text)
    parser.addini("sandbox_strict_worlds", text, type="bool", default=False)
    text = "A setting of the server, like max_body_bytes=100."
    group.addoption("--sandbox-setting", metavar="NAME=VALUE", action="append", default=[], help=text)
    parser.addini("sandbox_settings", f"{text} One per line.", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where to ask for the server of the run."""
    from protocol_sandbox import shared_server  # noqa: PLC0415  # see the docstring of the module

    config: pytest.Config = node.config

    def start() -> shared_server.Access:
        server = _run_of(config).server
        return shared_server.Access(server.url, server.admin_token)

    if _SHARED not in config.stash:
        config.stash[_SHARED] = shared_server.SharedServer(start)
    node.workerinput[WORKER_INPUT] = config.stash[_SHARED].ticket


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, if it was started."""
    shared, run = config.stash.get(_SHARED, None), config.stash.get(_RUN, None)
    if shared is not None:
        shared.close()
    if run is not None:
        run.end()


def _run_of(config: pytest.Config) -> "TestRun":
    from protocol_sandbox.run import TestRun  # noqa: PLC0415  # see the docstring of the module

    if _RUN not in config.stash:
        ticket = getattr(config, "workerinput", {}).get(WORKER_INPUT)
        settings = [*config.getini("sandbox_settings"), *config.getoption("--sandbox-setting")]
        if config.getoption("--sandbox-strict-worlds") or config.getini("sandbox_strict_worlds"):
            settings.insert(0, STRICT_WORLDS)
        config.stash[_RUN] = TestRun(
            {
                name: config.getoption(f"--sandbox-{name}") or config.getini(f"sandbox_{name}")
                for name in OPTIONS
            },
            settings,
            ticket,
        )
    return config.stash[_RUN]


@pytest.fixture(scope="session")
def sandbox_server(pytestconfig: pytest.Config) -> "RunningServer":
    """The server of this run. All workers of pytest-xdist share it; ``world()`` makes further sandboxes on it."""
    with _errors_without_traceback():
        return _run_of(pytestconfig).server


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, sandbox_server: "RunningServer") -> "Sandbox":
    """A sandbox of this test's own: what a client needs to reach it, and everything to arrange and assert."""
    run, wanted = _run_of(request.config), _marked(request.node)
    with _errors_without_traceback():
        made = sandbox_server.world(
            scenario=wanted.get("scenario", run.scenario), seed=wanted.get("seed", run.seed)
        )
        request.node.stash[_SANDBOX] = made
        faults = wanted.get("faults", ())
        for rule in [faults] if isinstance(faults, Mapping) else faults:
            made.fault(rule)
    return made


@contextmanager
def _errors_without_traceback() -> Iterator[None]:
    """Let a test fail with the message of an error, which explains itself better than the code of the kit."""
    from protocol_sandbox.errors import SandboxError  # noqa: PLC0415  # see the docstring of the module

    try:
        yield
    except SandboxError as error:
        raise pytest.fail.Exception(f"protocol-sandbox: {error}", pytrace=False) from None


def _marked(item: pytest.Item) -> dict[str, Any]:
    """Return the arguments of the markers. The nearest decides."""
    wanted: dict[str, Any] = {}
    for mark in item.iter_markers("sandbox"):
        unknown = [repr(each) for each in mark.args]
        unknown += [name for name in mark.kwargs if name not in {"scenario", "seed", "faults"}]
        if unknown:
            pytest.fail(
                f"@pytest.mark.sandbox takes scenario=, seed= and faults=, not {', '.join(unknown)}",
                pytrace=False,
            )
        wanted = dict(mark.kwargs) | wanted
    return wanted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the calls that the sandbox of a failed test received."""
    report = yield
    sandbox = item.stash.get(_SANDBOX, None)
    if report.failed and sandbox is not None:
        report.sections.append((f"sandbox calls ({report.when})", "\n".join(_calls(sandbox))))
    return report


def _calls(sandbox: "Sandbox") -> Iterable[str]:
    from protocol_sandbox.errors import SandboxError  # noqa: PLC0415  # see the docstring of the module
    from protocol_sandbox.journal_text import journal_lines  # noqa: PLC0415  # likewise

    try:
        return list(journal_lines(sandbox.requests()))
    except SandboxError as error:
        return [f"The calls are not known: {error}"]
