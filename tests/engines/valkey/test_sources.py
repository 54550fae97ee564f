"""The scenarios of worlds in a store: written once, read by other workers, and bounded."""

from collections.abc import Callable

import pytest

from sandbox.engines.valkey.sources import MAX_KNOWN, Sources
from sandbox.world.errors import StoreUnavailable
from sandbox.world.state import SandboxState
from tests.engines.valkey.followers import absolute_source, begun, relative_source
from tests.engines.valkey.workers import OpenWorker
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")

OpenSources = Callable[[float], Sources]


@pytest.fixture
def open_sources(open_worker: OpenWorker) -> OpenSources:
    """``open_sources(life)``: return the sources of another worker."""
    store = open_worker().store
    return lambda life: Sources(store.keys, store.courier, store.pause, life)


def test_a_source_is_read_by_a_worker_that_does_not_know_it(open_sources: OpenSources) -> None:
    for source in (absolute_source("a", "b"), relative_source("a", "b")):
        open_sources(0).keep_origin(begun(source))
        read = open_sources(0)(source.digest())
        assert read is not source
        assert (read.digest(), list(read.document())) == (source.digest(), list(source.document()))


def test_a_source_that_is_known_is_not_read(open_sources: OpenSources, valkey: ValkeyServer) -> None:
    sources, source = open_sources(0), absolute_source("a")
    sources.keep_origin(begun(source))
    valkey.run("FLUSHALL")
    assert sources(source.digest()) is source


def test_a_source_is_written_again_if_the_store_was_emptied(
    open_sources: OpenSources, valkey: ValkeyServer
) -> None:
    sources, source = open_sources(0), absolute_source("a")
    sources.keep_origin(begun(source))
    valkey.run("FLUSHALL")
    sources.keep_origin(begun(source))
    assert open_sources(0)(source.digest()).digest() == source.digest()


def test_a_source_that_is_missing_makes_the_world_unavailable(open_sources: OpenSources) -> None:
    with pytest.raises(StoreUnavailable, match="scenario of a world is missing"):
        open_sources(0)("0" * 32)


def test_sources_expire_unless_a_world_stays(open_sources: OpenSources, valkey: ValkeyServer) -> None:
    sources, source = open_sources(50), absolute_source("a")

    def left() -> int:
        milliseconds: int = valkey.run("PTTL", sources._keys.source(source.digest()))  # noqa: SLF001  # its name
        return milliseconds

    sources.keep_origin(begun(source))
    assert 90_000 < left() <= 100_000
    sources.keep_origin(begun(source), for_ever=True)
    assert left() == -1
    sources.keep_origin(begun(source))
    (prolonging,) = sources.prolong([source.digest()])
    valkey.run(*map(str, prolonging))
    assert left() == -1
    assert open_sources(0).prolong([source.digest()]) == []


def test_a_worker_keeps_few_sources_in_memory(open_sources: OpenSources) -> None:
    sources = open_sources(50)
    for number in range(MAX_KNOWN + 5):
        sources.keep_origin(begun(absolute_source(f"c{number}")))
    assert len(sources._known) == MAX_KNOWN  # noqa: SLF001  # memory that nobody sees
    first = absolute_source("c0")
    assert sources(first.digest()).digest() == first.digest()
    assert len(sources._known) == MAX_KNOWN  # noqa: SLF001  # likewise


def test_a_state_of_no_scenario_needs_no_source(open_sources: OpenSources, valkey: ValkeyServer) -> None:
    before = valkey.run("DBSIZE")
    open_sources(0).keep_origin(SandboxState(absolute_source("a").table(0), seed=1))
    assert valkey.run("DBSIZE") == before
