"""Fault rules in JSON that take the place of others, perhaps as they were read."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from marshmallow import Schema, post_load, validates_schema

from sandbox.faults.rule_document import FIRED, MATCHED, RuleDocument
from sandbox.schemas.control import RULE_ID
from sandbox.schemas.fields import Id, WholeNumber
from sandbox.schemas.object_list import ObjectList

_READ_ONLY = ("id", "matched", "fired")
_MAX_CALLS = 2**53 - 1


class Switch(NamedTuple):
    """A change that only switches a rule on or off."""

    enabled: bool


class WrittenRule(NamedTuple):
    """A rule that is written, or a switch of one, with the id that came with it: a rule that was read has one."""

    rule: Any
    id: str | None


class AnyRuleId(Id):
    """The id of a sandbox's own rule or of a server-wide one."""

    expected = "the id of a rule, like rule-1"
    _pattern = re.compile(RULE_ID["pattern"])
    openapi = {"maxLength": 64, "pattern": _pattern.pattern}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or len(value) > 64 or not self._pattern.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return value


class RuleReplacement(RuleDocument):
    """A fault rule in the place of another one. It may be as it was read: read-only attributes are ignored.

    Loaded as a WrittenRule.
    """

    id = AnyRuleId(metadata={**RULE_ID, "readOnly": True})
    matched = WholeNumber(0, _MAX_CALLS, metadata=MATCHED)
    fired = WholeNumber(0, _MAX_CALLS, metadata=FIRED)

    @post_load(pass_original=True)
    def _loaded(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> WrittenRule:
        return self._written(data, original)

    def _written(self, data: dict[str, Any], original: dict[str, Any]) -> WrittenRule:
        values = {name: value for name, value in data.items() if name not in _READ_ONLY}
        document = {name: value for name, value in original.items() if name not in _READ_ONLY}
        return WrittenRule(self._unbound_rule(values, document), data.get("id"))


class RuleChange(RuleReplacement):
    """A fault rule that replaces another one, or ``enabled`` alone. Loaded as a WrittenRule, of a Switch if so."""

    openapi: ClassVar = {
        "anyOf": [
            RuleDocument.openapi,
            {"required": ["enabled"], "propertyNames": {"enum": ["enabled", *_READ_ONLY]}},
        ]
    }

    @validates_schema(skip_on_field_errors=True)
    def _check_effect(self, data: dict[str, Any], **_: Any) -> None:
        if not _is_switch(data):
            super()._check_effect(data)

    @post_load(pass_original=True)
    def _loaded(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> WrittenRule:
        if _is_switch(data):
            return WrittenRule(Switch(data["enabled"]), data.get("id"))
        return self._written(data, original)


class RuleList(Schema):
    """Fault rules, in the order in which they are tried."""

    data = ObjectList(RuleReplacement(), "a rule", required=True)


def _is_switch(data: Mapping[str, Any]) -> bool:
    return data.keys() - _READ_ONLY == {"enabled"}
