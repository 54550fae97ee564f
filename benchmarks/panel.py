"""The panel in a browser while calls arrive.

    python -m benchmarks.panel [--calls 5000] [--rate 500] [--rounds 3]

Opens the panel in headless Chromium, lets another process make calls at a steady rate, and meanwhile types into the
filter and selects calls. Every call must be shown in the end. Then the server is told to end while the panel reads the
stream. Needs Chromium, and Playwright, which comes with the tests.
"""

import argparse
import http.client
import shutil
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.server import sandbox_server

WORLD = "bench"
RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
CONNECTIONS = 8
TYPED = "conversations"
PATIENCE_SECONDS = 60
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

# Frames that the page draws, tasks that hold it up for 50 ms or more, and for each input the time until the frame that
# shows its effect is done. Milliseconds.
OBSERVE = """
window.observed = { gaps: [], tasks: [], inputs: [] };
new PerformanceObserver((list) => observed.tasks.push(...list.getEntries().map((each) => each.duration)))
  .observe({ type: "longtask" });
let last = performance.now();
const frame = (now) => { observed.gaps.push(now - last); last = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
for (const type of ["input", "click"]) document.addEventListener(type, (event) => {
  requestAnimationFrame(() => setTimeout(() => observed.inputs.push(performance.now() - event.timeStamp)));
}, true);
"""
CLEAR = "for (const list of Object.values(observed)) list.length = 0"
SHOWN = "Number.parseInt(document.getElementById('calls-count').textContent.replace(/^.*of /, '')) || 0"


class Figures(NamedTuple):
    """The figures of one round: milliseconds, megabytes, and percent of a core for the main thread of the page."""

    rate: float
    frames_per_second: float
    longest_frame: float
    long_tasks: float
    longest_task: float
    cpu_percent: float
    of_it_scripts: float
    of_it_styles_and_layout: float
    input_median: float
    input_longest: float
    rows: float
    elements: float
    heap_before: float
    heap_after: float


def make_calls(port: int, calls: int, rate: float) -> float:
    """Make calls on a few connections, each at the time that the rate gives it, and return the calls per second."""
    begun = perf_counter()

    def share(first: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        for number in range(first, calls, CONNECTIONS):
            time.sleep(max(0.0, begun + number / rate - perf_counter()))
            client.request("GET", RETRIEVE, headers={"Authorization": f"Bearer {WORLD}"})
            assert client.getresponse().read()
        client.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(share, range(CONNECTIONS)))
    return calls / (perf_counter() - begun)


def use(page: Page, load: "Future[float]") -> None:
    """Type into the filter, empty it and select a call, again and again until the load is over."""
    filter_ = page.locator("#calls-filter")
    while not load.done():
        filter_.press_sequentially(TYPED, delay=80)
        filter_.fill("")
        page.locator("#calls-list").click(position={"x": 200, "y": 100})
        time.sleep(0.2)


def heap(devtools: CDPSession) -> float:
    """Return the megabytes of the heap of the page's scripts after a garbage collection."""
    devtools.send("HeapProfiler.collectGarbage")
    return metrics(devtools)["JSHeapUsedSize"] / 1e6


def metrics(devtools: CDPSession) -> dict[str, float]:
    """Return what Chromium counts: seconds and bytes by name."""
    return {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}


def measured(page: Page, devtools: CDPSession, port: int, calls: int, rate: float) -> Figures:
    """Measure one round, on a panel that was just opened or has shown calls before."""
    page.locator("#calls-clear").click()
    page.wait_for_function(f"{SHOWN} === 0")
    heap_before, before = heap(devtools), metrics(devtools)
    page.evaluate(CLEAR)
    with ProcessPoolExecutor(1) as pool:
        load = pool.submit(make_calls, port, calls, rate)
        use(page, load)
    page.wait_for_function(f"{SHOWN} === {calls}", timeout=PATIENCE_SECONDS * 1000)
    after = metrics(devtools)
    observed: dict[str, list[float]] = page.evaluate("observed")
    percent = {
        name: 100 * (after[name] - before[name]) / (after["Timestamp"] - before["Timestamp"])
        for name in after
    }
    return Figures(
        rate=load.result(),
        frames_per_second=len(observed["gaps"]) / sum(observed["gaps"]) * 1000,
        longest_frame=max(observed["gaps"]),
        long_tasks=len(observed["tasks"]),
        longest_task=max(observed["tasks"], default=0),
        cpu_percent=percent["ThreadTime"],
        of_it_scripts=percent["ScriptDuration"],
        of_it_styles_and_layout=percent["RecalcStyleDuration"] + percent["LayoutDuration"],
        input_median=median(observed["inputs"]),
        input_longest=max(observed["inputs"]),
        rows=page.locator("#calls-rows > *").count(),
        elements=page.evaluate("document.querySelectorAll('*').length"),
        heap_before=heap_before,
        heap_after=heap(devtools),
    )


def main() -> None:
    """Measure the panel of this project, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=5000, help="at most 5000, as many as the panel keeps")
    parser.add_argument("--rate", type=float, default=500.0, help="calls per second")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        parser.error("Chromium is not installed (apt-get install chromium)")
    rounds, ended = measure_all(program, arguments)
    print(f"{arguments.calls} calls at {arguments.rate:.0f} a second, {arguments.rounds} rounds on one page")
    for name in Figures._fields:
        values = [f"{getattr(each, name):9.1f}" for each in rounds]
        print(f"{name.replace('_', ' '):26}{''.join(values)}")
    print(f"the server ended {ended * 1000:.0f} ms after SIGTERM, while the panel read its stream")


def measure_all(program: str, arguments: Any) -> tuple[list[Figures], float]:
    """Return the figures of all rounds, and the seconds in which the server ended."""
    with sync_playwright() as playwright, ExitStack() as running:
        server = running.enter_context(sandbox_server())
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.add_init_script(OBSERVE)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        page.goto(f"http://127.0.0.1:{server.port}/__admin/#world={WORLD}")
        page.locator("#calls-empty").wait_for()
        rounds = [
            measured(page, devtools, server.port, arguments.calls, arguments.rate)
            for _ in range(arguments.rounds)
        ]
        begun = perf_counter()
        running.close()  # ends the server, and waits for it
        ended = perf_counter() - begun
        browser.close()
    return rounds, ended


if __name__ == "__main__":
    main()
