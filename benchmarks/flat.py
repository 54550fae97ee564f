"""The cost of a call with a hundred, ten thousand and a million conversations.

    python -m benchmarks.flat                      100, 10,000 and 1,000,000 conversations; takes minutes and 3 GB
    python -m benchmarks.flat --sizes 10 10000     smaller sizes; takes seconds

Prints the CPU microseconds per call of the whole application in process, as medians of interleaved rounds, and the
ratio of the largest size to the smallest.
"""

import argparse
import gc
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.calls import JSON, call, medians, microseconds
from sandbox.app import create_app
from sandbox.seeding.scenario import load
from sandbox.settings import Settings

COLLECTION = "/v1/conversations"
TIMES = 300


def application(size: int, folder: Path) -> tuple[Any, list[str]]:
    """Return an application whose sandboxes start with ``size`` conversations, and their ids in list order."""
    path = folder / f"{size}.json"
    path.write_text(json.dumps({"description": f"{size} generated", "generate": {"count": size}}))
    scenario = load(str(path))
    app = create_app(Settings(max_conversations=10_000_000), scenario=scenario)
    ids = [record.conversation.id for record in scenario.initial_state(0).table]
    return app, ids


def operations(app: Any, ids: list[str]) -> dict[str, Callable[[], object]]:
    """Return the measured operations by name. Each can be repeated any number of times."""
    middle = ids[len(ids) // 2]
    group = json.loads(call(app, "GET", COLLECTION, "limit=100")[1])["data"]
    group_id = next(each["group_id"] for each in group if each["group_id"])
    lonely = b"group_id=rare-group"
    call(app, "POST", COLLECTION, body=lonely)
    updated = cycled(ids)
    flags = cycled([b"is_muted=true", b"is_muted=false"])
    get = partial(call, app, "GET")
    return {
        "retrieve": partial(get, f"{COLLECTION}/{middle}"),
        "list of 50": partial(get, COLLECTION),
        "list, muted": partial(get, COLLECTION, "muted=true"),
        "list, archived": partial(get, COLLECTION, "archived=true"),
        "list, pinned": partial(get, COLLECTION, "pinned=true"),
        "list, group": partial(get, COLLECTION, f"group_id={group_id}"),
        "list, almost nothing matches": partial(get, COLLECTION, "group_id=rare-group"),
        "list, cursor in the middle": partial(get, COLLECTION, f"starting_after={middle}"),
        "list, before the middle": partial(get, COLLECTION, f"ending_before={middle}"),
        "create": partial(call, app, "POST", COLLECTION, body=b"contact_id=WAz8eIbvDR60rouK"),
        "update": lambda: call(app, "PUT", f"{COLLECTION}/{next(updated)}", body=next(flags)),
        "create and delete": partial(create_and_delete, app),
        "reset": partial(call, app, "POST", "/__admin/reset", body=b"{}", kind=JSON),
        "reset, and a first write": partial(reset_and_write, app),
        "snapshot, write, restore": partial(snapshot_and_restore, app),
    }


def cycled(items: list[Any]) -> Iterator[Any]:
    """Yield ``items`` in an endless cycle."""
    return (items[at % len(items)] for at in count())


def create_and_delete(app: Any) -> None:
    """Create and delete a conversation, which keeps the size."""
    made = json.loads(call(app, "POST", COLLECTION, body=b"contact_id=a")[1])
    call(app, "DELETE", f"{COLLECTION}/{made['id']}")


def reset_and_write(app: Any) -> None:
    """Reset, and make a first write, which forks the shared table."""
    call(app, "POST", "/__admin/reset", body=b"{}", kind=JSON)
    call(app, "POST", COLLECTION, body=b"contact_id=a")


def snapshot_and_restore(app: Any) -> None:
    """Take a snapshot, write, restore the snapshot, and drop it."""
    taken = json.loads(call(app, "POST", "/__admin/snapshots", body=b"{}", kind=JSON)[1])["id"]
    call(app, "POST", COLLECTION, body=b"contact_id=a")
    call(app, "POST", f"/__admin/snapshots/{taken}/restore", body=b"{}", kind=JSON)
    call(app, "DELETE", f"/__admin/snapshots/{taken}")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        served = {size: operations(*application(size, Path(folder))) for size in arguments.sizes}
    # Everything allocated so far stays in use. The collector must not examine a million records again and again.
    gc.collect()
    gc.freeze()
    rounds: dict[int, list[dict[str, float]]] = {size: [] for size in served}
    for _ in range(arguments.rounds):
        for size, measured in served.items():
            rounds[size].append({name: microseconds(repeat, TIMES) for name, repeat in measured.items()})
    print_table({size: medians(each) for size, each in rounds.items()})


def print_table(figures: dict[int, dict[str, float]]) -> None:
    """Print a row per operation, with a column per size and the ratio of the largest to the smallest."""
    sizes = sorted(figures)
    print("| CPU µs per call |", " | ".join(f"{size:,}" for size in sizes), "| ratio |")
    print("|---|" + "---:|" * (len(sizes) + 1))
    for name in figures[sizes[0]]:
        row = [figures[size][name] for size in sizes]
        print(f"| {name} |", " | ".join(f"{each:.0f}" for each in row), f"| {row[-1] / row[0]:.2f} |")


if __name__ == "__main__":
    main()
