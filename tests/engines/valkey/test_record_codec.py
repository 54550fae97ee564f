"""Records as bytes."""

from sandbox.engines.valkey.record_codec import record_of
from tests.engines.valkey.followers import record


def test_a_record_has_the_very_bytes_that_it_was_made_of() -> None:
    before = record('ö"\n', is_muted=True, archived_at=7)
    assert b"\n" not in before.json
    spaced = before.json.replace(b",", b" , ")
    assert record_of(before.json) == before
    assert record_of(spaced) == (before.conversation, spaced)
