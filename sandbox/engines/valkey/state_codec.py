"""The states of worlds as bytes.

A state is a header and lines. The header is one line of JSON. The lines behind it are of several kinds, and the header
has their numbers: the JSON of records, as it is, which contains no newline; ids of conversations that are gone;
deletions; and answers of idempotency keys, two lines each.

Conversations are those of a base, except for what has changed. The base is the table of the origin, or that of another
state that was written before. A state whose conversations are mostly others is written without its origin.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from sandbox.engines.valkey.record_codec import record_of
from sandbox.engines.valkey.rule_codec import (
    counters_of,
    decode_counters,
    decode_rules,
    encode_counters,
    encode_rules,
)
from sandbox.engines.valkey.server_rule_numbers import ServerRuleNumbers
from sandbox.world.conversation import Record
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.origin import Origin, Source
from sandbox.world.paging import Order
from sandbox.world.pause import Pause, no_pause, with_pauses
from sandbox.world.pulse import Story
from sandbox.world.rules import RuleCounters
from sandbox.world.state import SandboxState
from sandbox.world.table import Table

Sources = Callable[[str], Source]
"""Returns the source of a digest. It may read the source from the store, and raise what that raises."""

_ORIGIN, _WRITTEN, _NOTHING = "origin", "written", "nothing"
"""The names of bases. Nothing is the base of a state all of whose records are written."""

to_json = json.JSONEncoder(separators=(",", ":")).encode


class _Difference(NamedTuple):
    """A table besides its base: records that are new or changed, and ids of conversations that are gone."""

    records: list[Record]
    gone: list[str]

    @property
    def size(self) -> int:
        return len(self.records) + len(self.gone)


def encode_state(state: SandboxState, numbers: ServerRuleNumbers, pause: Pause = no_pause) -> bytes:
    """Return ``state`` as bytes. ``pause`` is called again and again."""
    return b"\n".join(encode_lines(state, numbers, None, pause))


def decode_state(
    text: bytes, sources: Sources, numbers: ServerRuleNumbers, pause: Pause = no_pause
) -> SandboxState:
    """Return the state that :func:`encode_state` made ``text`` of.

    Its rules have lives of their own. Counters of server-wide rules whose numbers are unknown are left out. ``pause``
    is called again and again.
    """
    return decode_lines(iter(text.split(b"\n")), sources, numbers, None, pause)


def encode_lines(
    state: SandboxState, numbers: ServerRuleNumbers, written: Table | None, pause: Pause
) -> Iterator[bytes]:
    """Yield the lines of ``state``. ``written`` is the table of a state that was written before, if there is one."""
    bases = _bases(state, written, pause)
    base = min(bases, key=lambda each: bases[each].size)
    difference = bases[base]
    own, of_server = encode_counters(state.counters, state.rules, numbers)
    deletions, answers = list(state.table.deletions()), list(state.idempotency_keys)
    header = {
        "seed": state.seed,
        "pinned_ids": state.pinned_ids,
        "id_index": state.id_index,
        "frozen_at": state.frozen_at,
        "clock_offset": state.clock_offset,
        "story": state.story,
        "rules": encode_rules(state.rules),
        "counters": own,
        "server_counters": of_server,
        "origin": _named(state.origin, pause) if _ORIGIN in bases else None,
        "base": base,
        "records": len(difference.records),
        "gone": len(difference.gone),
        "deletions": len(deletions),
        "answers": len(answers),
    }
    yield to_json(header).encode()
    for record in with_pauses(difference.records, pause):
        yield record.json
    for conversation_id in with_pauses(difference.gone, pause):
        yield to_json(conversation_id).encode()
    for place in with_pauses(deletions, pause):
        yield to_json((place.id, -place.newest_first)).encode()
    for answer in with_pauses(answers, pause):
        yield from _answer_lines(answer, state.table)


def decode_lines(
    lines: Iterator[bytes],
    sources: Sources,
    numbers: ServerRuleNumbers,
    written: Table | None,
    pause: Pause,
) -> SandboxState:
    """Return the state of the next ``lines``. ``written`` is that of :func:`encode_lines`."""
    header = json.loads(next(lines))
    origin = None if header["origin"] is None else _origin(header["origin"], sources, pause)
    bases = {_ORIGIN: None if origin is None else origin.table, _WRITTEN: written, _NOTHING: None}
    table = _table(header, lines, bases[header["base"]], pause)
    rules = decode_rules(header["rules"])
    answers = _answers(islice(lines, 2 * header["answers"]), table)
    return SandboxState(
        table,
        header["seed"],
        tuple(header["pinned_ids"]),
        header["frozen_at"],
        header["id_index"],
        header["clock_offset"],
        rules,
        (*decode_counters(header["counters"], rules), *_server_counters(header["server_counters"], numbers)),
        IdempotencyKeys.of(answers, pause),
        None if header["story"] is None else Story(*header["story"]),
        origin,
    )


def _bases(state: SandboxState, written: Table | None, pause: Pause) -> dict[str, _Difference]:
    """Return how ``state`` differs from the bases of which most is still in it, by their names."""
    tables = {_ORIGIN: None if state.origin is None else state.origin.table, _WRITTEN: written}
    differences = {
        name: _difference(state.table, table, pause) for name, table in tables.items() if table is not None
    }
    near = {name: each for name, each in differences.items() if 2 * each.size <= len(state.table)}
    return near or {_NOTHING: _Difference(list(state.table), [])}


def _difference(table: Table, base: Table, pause: Pause) -> _Difference:
    records = list(with_pauses(table.records_besides(base), pause))
    others = with_pauses(base.records_besides(table), pause)
    gone = [each.conversation.id for each in others if each.conversation.id not in table]
    return _Difference(records, gone)


def _named(origin: Origin | None, pause: Pause) -> tuple[str, int] | None:
    return None if origin is None else (origin.source.digest(pause), origin.at)


def _origin(named: tuple[str, int], sources: Sources, pause: Pause) -> Origin:
    digest, at = named
    source = sources(digest)
    return Origin(source, at, source.table(at, pause))


def _table(header: dict[str, Any], lines: Iterator[bytes], base: Table | None, pause: Pause) -> Table:
    records = map(record_of, islice(lines, header["records"]))
    if base is None:
        # The records are all there are, so no conversation is gone.
        return Table.of(records, _deletions(lines, header["deletions"]), pause)
    changed = list(with_pauses(records, pause))
    gone = [json.loads(line) for line in islice(lines, header["gone"])]
    deletions = _deletions(lines, header["deletions"])
    return base.revised(changed, gone, deletions, pause)


def _deletions(lines: Iterator[bytes], count: int) -> Iterator[Order]:
    for line in islice(lines, count):
        conversation_id, created_at = json.loads(line)
        yield Order(-created_at, conversation_id)


def _server_counters(values: Iterable[list[Any]], numbers: ServerRuleNumbers) -> Iterator[RuleCounters]:
    for number, *counted in values:
        rule = numbers.rule_of(number)
        if rule is not None:
            yield counters_of(rule, *counted)


def _answer_lines(answer: StoredAnswer, table: Table) -> tuple[bytes, bytes]:
    """Return the key, the time, and the record. If that is in ``table`` as it is, its id says enough."""
    conversation_id = answer.record.conversation.id
    is_listed = conversation_id in table and table.get(conversation_id) is answer.record
    line = to_json((answer.key, answer.at, conversation_id)).encode()
    return line, b"" if is_listed else answer.record.json


def _answers(lines: Iterator[bytes], table: Table) -> Iterator[StoredAnswer]:
    for line in lines:
        key, at, conversation_id = json.loads(line)
        text = next(lines)
        yield StoredAnswer(key, record_of(text) if text else table.get(conversation_id), at)
