"""The cost of the test kit in each test of a suite.

    python -m benchmarks.kit

Runs pytest on a suite of its own, and prints the milliseconds of setup, call and teardown of a test: without a sandbox,
with one that nothing is done with, with one that begins with a scenario and a fault, and with calls and an assertion.
The first test of each kind, which starts the server, is shown by itself.
"""

import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles
from textwrap import dedent

import pytest

TESTS = 200
OTHER_PLUGINS = ("anyio", "cacheprovider", "faker", "hypothesispytest", "pytest_cov", "schemathesis")
"""Plugins of this project's own tests, which add to the cost of every test."""
SUITE = dedent(
    """
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    import pytest

    many = pytest.mark.parametrize("number", range({tests}))

    @many
    def test_without(number):
        pass

    @many
    def test_with_a_sandbox(sandbox, number):
        pass

    @many
    @pytest.mark.sandbox(scenario="blank", faults=[{{"delay": 0}}])
    def test_with_scenario_and_fault(sandbox, number):
        pass

    @many
    def test_with_a_call_and_an_assertion(sandbox, number):
        connection = HTTPConnection(urlsplit(sandbox.url).netloc)
        connection.request("GET", "/v1/conversations?limit=1", headers=sandbox.headers)
        assert connection.getresponse().status == 200
        connection.close()
        sandbox.received("listConversations", times=1)
    """
)


class Durations:
    """A pytest plugin that adds up the seconds of setup, call and teardown of each test."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._running = 0.0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the duration of one phase."""
        assert not report.failed, report.longreprtext
        self._running += report.duration
        if report.when == "teardown":
            kind = report.nodeid.partition("::")[2].partition("[")[0]
            self.seconds[kind].append(self._running)
            self._running = 0.0


def main() -> None:
    """Measure, and print the figures."""
    durations = Durations()
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder) / "test_suite.py"
        suite.write_text(SUITE.format(tests=TESTS))
        (Path(folder) / "pytest.ini").write_text("[pytest]\n")
        blocked = [word for name in OTHER_PLUGINS for word in ("-p", f"no:{name}")]
        assert pytest.main(["-q", *blocked, str(suite)], plugins=[durations]) == 0
    print(f"{'milliseconds per test':40} {'first':>8} {'median':>8} {'95 of 100':>10}")
    for kind, (first, *others) in durations.seconds.items():
        name = kind.removeprefix("test_").replace("_", " ")
        slow = quantiles(others, n=20)[-1]
        print(f"{name:40} {first * 1000:8.2f} {median(others) * 1000:8.2f} {slow * 1000:10.2f}")


if __name__ == "__main__":
    main()
