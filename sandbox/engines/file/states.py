"""The states of worlds and of snapshots in the file."""

import json
from collections.abc import Callable, Iterable
from itertools import count

from sandbox.engines.file.bases import Bases, record_of
from sandbox.engines.file.database import Database
from sandbox.faults.rule_state import (
    RuleState,
    ServerRuleState,
    exported_rules,
    exported_server_rules,
    imported_counters,
    imported_rules,
)
from sandbox.world.clock import Clock, ClockState, Now
from sandbox.world.conversation import Conversation, Record
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.pulse import Story
from sandbox.world.rules import Rule
from sandbox.world.state import SandboxState
from sandbox.world.table import Table

_COLUMNS = "base, seed, pinned_ids, id_index, frozen_at, clock_offset, rules, server_rules, story"
_INSERT = f"INSERT INTO states ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # the columns are ours
_COPY = f"INSERT INTO states ({_COLUMNS}) SELECT {_COLUMNS} FROM states WHERE id = ?"  # noqa: S608  # likewise
_SELECT = f"SELECT {_COLUMNS} FROM states WHERE id = ?"  # noqa: S608  # likewise
_RULE = RuleState()
_SERVER_RULE = ServerRuleState()


class States:
    """The states of a file. ``now`` returns Unix seconds, ``server_rules`` the rules that apply in every sandbox."""

    def __init__(
        self, database: Database, bases: Bases, now: Now, server_rules: Callable[[], Iterable[Rule]]
    ) -> None:
        self._database = database
        self._bases = bases
        self._now = now
        self._server_rules = server_rules
        (latest,) = database.execute("SELECT COALESCE(MAX(n), 0) FROM changes").fetchone()
        self._numbers = count(latest + 1)

    def add(self, state: SandboxState, base: int) -> int:
        """Write ``state``, whose table is that of ``base``, and return the id of its row."""
        row = self._database.execute(
            _INSERT,
            (
                base,
                state.seed,
                json.dumps(state.pinned_ids),
                state.id_index,
                state.frozen_at,
                state.clock_offset,
                json.dumps(exported_rules(state)),
                json.dumps(exported_server_rules(state)),
                _story(state),
            ),
        ).lastrowid
        assert row is not None
        self._database.execute_all(
            "INSERT INTO answers VALUES (?, ?, ?, ?)", [_answer(row, each) for each in state.idempotency_keys]
        )
        return row

    def copy(self, row: int) -> int:
        """Copy a state, and return the id of the new row."""
        copied = self._database.execute(
            _COPY,
            (row,),
        ).lastrowid
        assert copied is not None
        self._database.execute(
            "INSERT INTO changes SELECT ?, id, n, created_at, json FROM changes WHERE state = ?",
            (copied, row),
        )
        self._database.execute(
            "INSERT INTO answers SELECT ?, key, at, json FROM answers WHERE state = ?", (copied, row)
        )
        return copied

    def drop(self, row: int) -> int:
        """Delete a state, and return its base, which may be unused now."""
        (base,) = self._database.execute("SELECT base FROM states WHERE id = ?", (row,)).fetchone()
        self._database.execute("DELETE FROM changes WHERE state = ?", (row,))
        self._database.execute("DELETE FROM answers WHERE state = ?", (row,))
        self._database.execute("DELETE FROM states WHERE id = ?", (row,))
        assert isinstance(base, int)
        return base

    def put(self, row: int, record: Record) -> None:
        """Write a conversation that was created or changed."""
        conversation = record.conversation
        self._change(row, conversation.id, conversation.created_at, record.json)

    def delete(self, row: int, conversation: Conversation) -> None:
        """Write that ``conversation`` was deleted. Its id still works as a cursor."""
        self._change(row, conversation.id, conversation.created_at, None)

    def answer(self, row: int, answer: StoredAnswer, forgotten: Iterable[StoredAnswer]) -> None:
        """Write the answer of a key, and delete those that it has made room for."""
        self._database.execute_all(
            "DELETE FROM answers WHERE state = ? AND key = ?", [(row, each.key) for each in forgotten]
        )
        self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", _answer(row, answer))

    def set_id_index(self, row: int, index: int) -> None:
        """Write the number of ids that were handed out."""
        self._database.execute("UPDATE states SET id_index = ? WHERE id = ?", (index, row))

    def set_clock(self, row: int, clock: ClockState) -> None:
        """Write the state of the clock."""
        self._database.execute(
            "UPDATE states SET frozen_at = ?, clock_offset = ? WHERE id = ?", (*clock, row)
        )

    def set_story(self, row: int, story: Story) -> None:
        """Write the place in the story."""
        self._database.execute("UPDATE states SET story = ? WHERE id = ?", (json.dumps(story), row))

    def set_rules(self, row: int, state: SandboxState) -> None:
        """Write the rules of ``state``, and what they have counted."""
        self._database.execute(
            "UPDATE states SET rules = ?, server_rules = ? WHERE id = ?",
            (json.dumps(exported_rules(state)), json.dumps(exported_server_rules(state)), row),
        )

    def load(self, row: int) -> SandboxState:
        """Return the state of a row."""
        base, seed, pinned_ids, id_index, frozen_at, clock_offset, rules, server_rules, story = (
            self._database.execute(
                _SELECT,
                (row,),
            ).fetchone()
        )
        clock = Clock(self._now, frozen_at, clock_offset)
        own, counters = imported_rules(map(_RULE.load, json.loads(rules)), clock.time())
        of_server = imported_counters(map(_SERVER_RULE.load, json.loads(server_rules)), self._server_rules())
        return SandboxState(
            self._changed(self._bases.load(base), row),
            seed,
            tuple(json.loads(pinned_ids)),
            frozen_at,
            id_index,
            clock_offset,
            own,
            (*counters, *of_server),
            self._answers(row),
            None if story is None else Story(*json.loads(story)),
        )

    def _changed(self, table: Table, row: int) -> Table:
        changes = self._database.execute(
            "SELECT id, created_at, json FROM changes WHERE state = ? ORDER BY n", (row,)
        )
        for conversation_id, created_at, text in changes:
            if text is not None:
                table = table.put(record_of(text))
                continue
            if conversation_id not in table:
                # Created and deleted since: of the conversation only its place matters.
                gone = Conversation.begin(conversation_id, "deleted", None, created_at)
                table = table.put(Record(gone, b""))
            table = table.remove(conversation_id)
        return table

    def _answers(self, row: int) -> IdempotencyKeys:
        answers = self._database.execute(
            "SELECT key, at, json FROM answers WHERE state = ? ORDER BY at, key", (row,)
        )
        return IdempotencyKeys.of(StoredAnswer(key, record_of(text), at) for key, at, text in answers)

    def _change(self, row: int, conversation_id: str, created_at: int, text: bytes | None) -> None:
        self._database.execute(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET n = excluded.n, created_at = excluded.created_at, json = excluded.json",
            (row, conversation_id, next(self._numbers), created_at, text),
        )


def _story(state: SandboxState) -> str | None:
    return None if state.story is None else json.dumps(state.story)


def _answer(row: int, answer: StoredAnswer) -> tuple[int, str, float, bytes]:
    return row, answer.key, answer.at, answer.record.json
