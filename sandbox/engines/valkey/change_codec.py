"""Changes as bytes: the entries of the log of a world.

The first line of an entry is a JSON list: the kind of the change and its values. The lines behind it are the JSON of
records, as it is, or a state. Values that the contents before the change have are not written, so both directions take
these contents.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sandbox.engines.valkey.format import NewerFormat
from sandbox.engines.valkey.record_codec import record_of
from sandbox.engines.valkey.rule_codec import (
    counters_of,
    decode_counters,
    decode_rules_after,
    encode_counters,
    encode_rules_after,
)
from sandbox.engines.valkey.server_rule_numbers import ServerRuleNumbers, UnknownRuleNumber
from sandbox.engines.valkey.state_codec import Sources, decode_state, encode_state, to_json
from sandbox.world import changes
from sandbox.world.changes import Change
from sandbox.world.clock import ClockState
from sandbox.world.contents import Contents
from sandbox.world.idempotency import StoredAnswer
from sandbox.world.pause import Pause, no_pause
from sandbox.world.pulse import Story


class _Writer(NamedTuple):
    """The surroundings of a change that is encoded: the contents before it."""

    contents: Contents
    numbers: ServerRuleNumbers
    pause: Pause


class _Reader(NamedTuple):
    """The surroundings of a change that is decoded. ``lines`` are those behind the first one, not split yet."""

    contents: Contents
    sources: Sources
    numbers: ServerRuleNumbers
    pause: Pause
    lines: bytes


def encode_change(
    change: Change, contents: Contents, numbers: ServerRuleNumbers, pause: Pause = no_pause
) -> bytes:
    """Return ``change``, which was decided on ``contents``, as bytes. ``pause`` is called while a state is encoded."""
    return _ENCODERS[type(change)](change, _Writer(contents, numbers, pause))


def decode_change(
    text: bytes, contents: Contents, sources: Sources, numbers: ServerRuleNumbers, pause: Pause = no_pause
) -> Change:
    """Return the change that :func:`encode_change` made ``text`` of. ``contents`` are equal to those before the change.

    ``pause`` is called while a state is decoded. Raises NewerFormat for a kind of change that this version does not
    know, and UnknownRuleNumber for a server-wide rule that this process does not know, or does not know any more.
    """
    head, _, lines = text.partition(b"\n")
    kind, *values = _from_json(head.decode())
    decode = _DECODERS.get(kind)
    if decode is None:
        raise NewerFormat(kind)
    return decode(_Reader(contents, sources, numbers, pause, lines), *values)


def _encode_created(change: changes.Created, _writer: _Writer) -> bytes:
    answer = change.answer
    # By hand, which is faster.
    if answer is None:
        return b'["created",%d]\n%b' % (change.id_index, change.record.json)
    head = f'["created",{change.id_index},{to_json(answer.key)},{answer.at!r}]\n'
    return head.encode() + change.record.json


def _decode_created(
    reader: _Reader, id_index: int, key: str | None = None, at: float = 0.0
) -> changes.Created:
    record = record_of(reader.lines)
    return changes.Created(record, id_index, None if key is None else StoredAnswer(key, record, at))


def _encode_written(change: changes.Written, _writer: _Writer) -> bytes:
    return b'["written"]\n' + change.record.json


def _decode_written(reader: _Reader) -> changes.Written:
    return changes.Written(record_of(reader.lines))


def _encode_deleted(change: changes.Deleted, _writer: _Writer) -> bytes:
    return _line("deleted", change.record.conversation.id)


def _decode_deleted(reader: _Reader, conversation_id: str) -> changes.Deleted:
    return changes.Deleted(reader.contents.store.table.get(conversation_id))


def _encode_lived(change: changes.Lived, _writer: _Writer) -> bytes:
    return b"\n".join((_line("lived", *change.story), *(record.json for record in change.records)))


def _decode_lived(reader: _Reader, since: int, until: int) -> changes.Lived:
    lines = reader.lines.split(b"\n") if reader.lines else []
    return changes.Lived(tuple(map(record_of, lines)), Story(since, until))


def _encode_clock_set(change: changes.ClockSet, _writer: _Writer) -> bytes:
    return _line("clock_set", *change.state)


def _decode_clock_set(_reader: _Reader, frozen_at: float | None, offset: float) -> changes.ClockSet:
    return changes.ClockSet(ClockState(frozen_at, offset))


def _encode_rules_set(change: changes.RulesSet, writer: _Writer) -> bytes:
    return _line("rules_set", *encode_rules_after(change.rules, writer.contents.book.rules))


def _decode_rules_set(reader: _Reader, *rules: Any) -> changes.RulesSet:
    return changes.RulesSet(decode_rules_after(rules, reader.contents.book.rules))


def _encode_call_counted(change: changes.CallCounted, writer: _Writer) -> bytes:
    return _line(
        "call_counted", *encode_counters(change.counters, writer.contents.book.rules, writer.numbers)
    )


def _decode_call_counted(reader: _Reader, own: list[Any], of_server: list[Any]) -> changes.CallCounted:
    counters = [*decode_counters(own, reader.contents.book.rules)]
    for number, *counted in of_server:
        rule = reader.numbers.rule_of(number)
        if rule is None:
            raise UnknownRuleNumber(number)
        counters.append(counters_of(rule, *counted))
    return changes.CallCounted(tuple(counters))


def _encode_generation_begun(change: changes.GenerationBegun, writer: _Writer) -> bytes:
    head = _line("generation_begun", change.clears_journal)
    return head + b"\n" + encode_state(change.state, writer.numbers, writer.pause)


def _decode_generation_begun(reader: _Reader, clears_journal: bool) -> changes.GenerationBegun:  # noqa: FBT001  # it is read
    state = decode_state(reader.lines, reader.sources, reader.numbers, reader.pause)
    return changes.GenerationBegun(state, clears_journal)


def _line(kind: str, *values: Any) -> bytes:
    return to_json((kind, *values)).encode()


class _Codec(NamedTuple):
    """The encoder and the decoder of a kind of change."""

    kind: str
    of: type[Change]
    encode: Callable[[Any, _Writer], bytes]
    decode: Callable[..., Change]


def _plain(kind: str, of: Callable[..., Change]) -> _Codec:
    """Return the codec of a change whose values are those of JSON."""
    assert isinstance(of, type)
    return _Codec(
        kind, of, lambda change, _writer: _line(kind, *change), lambda _reader, *values: of(*values)
    )


_CODECS = (
    _Codec("created", changes.Created, _encode_created, _decode_created),
    _Codec("written", changes.Written, _encode_written, _decode_written),
    _Codec("deleted", changes.Deleted, _encode_deleted, _decode_deleted),
    _Codec("lived", changes.Lived, _encode_lived, _decode_lived),
    _plain("key_held", changes.KeyHeld),
    _plain("key_released", changes.KeyReleased),
    _Codec("clock_set", changes.ClockSet, _encode_clock_set, _decode_clock_set),
    _Codec("rules_set", changes.RulesSet, _encode_rules_set, _decode_rules_set),
    _Codec("call_counted", changes.CallCounted, _encode_call_counted, _decode_call_counted),
    _Codec("generation_begun", changes.GenerationBegun, _encode_generation_begun, _decode_generation_begun),
    _plain("snapshot_restored", changes.SnapshotRestored),
    _plain("snapshot_taken", changes.SnapshotTaken),
    _plain("snapshot_dropped", changes.SnapshotDropped),
)

_ENCODERS: Mapping[type[Change], Callable[[Any, _Writer], bytes]] = {each.of: each.encode for each in _CODECS}
_DECODERS: Mapping[str, Callable[..., Change]] = {each.kind: each.decode for each in _CODECS}
_from_json = json.JSONDecoder().decode
