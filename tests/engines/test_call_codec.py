"""The entries of the journal as text."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.engines.call_codec import call_of, text_of_call
from sandbox.world.journal import Entry, Headers
from sandbox.world.verdict import NO_VERDICTS, Reason, Verdict, Verdicts

TEXTS = st.text(max_size=20) | st.just("\udcff")
DETAILS = st.lists(st.none() | TEXTS | st.floats(allow_nan=False) | st.integers(), max_size=3).map(tuple)
VERDICTS = st.builds(
    Verdict,
    TEXTS,
    st.none() | TEXTS,
    st.sampled_from(["sandbox", "server"]),
    st.builds(Reason, st.sampled_from(["fired", "times", "probability"]), DETAILS),
)
ENTRIES = st.builds(
    Entry,
    id=TEXTS,
    at=st.floats(0, 1e12),
    method=TEXTS,
    path=TEXTS,
    query=TEXTS,
    headers=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(lambda items: Headers.of(tuple(items))),
    body=TEXTS,
    operation=st.none() | TEXTS,
    status=st.none() | st.integers(100, 599),
    duration_ms=st.floats(0, 1e9),
    delay_ms=st.floats(0, 1e9),
    fault=st.none() | TEXTS,
    rule=st.none() | TEXTS,
    why=st.just(NO_VERDICTS)
    | st.builds(Verdicts, st.lists(VERDICTS, max_size=3).map(tuple), st.integers(0, 9)),
)


@given(ENTRIES)
def test_an_entry_is_read_as_it_was_written(entry: Entry) -> None:
    read = call_of(text_of_call(entry))
    assert read == entry
    assert read.size == entry.size
    assert isinstance(read.headers, Headers)
    assert isinstance(read.why, Verdicts)


def test_a_call_without_verdicts_shares_the_value_that_stands_for_none() -> None:
    entry = Entry("id", 1.0, "GET", "/", "", Headers.of(()), "", None, 404, 1.0)
    assert call_of(text_of_call(entry)).why is NO_VERDICTS
