"""The answers and faults that the OpenAPI documents of a server describe."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


class Answer(NamedTuple):
    """An operation of the API, and a status with which it responds."""

    operation: str
    status: int


@dataclass(frozen=True, slots=True)
class Documented:
    """The documented answers, and the kinds of faults, in the order of the documents."""

    answers: tuple[Answer, ...]
    faults: tuple[str, ...]

    @classmethod
    def of(cls, api: Mapping[str, Any], control: Mapping[str, Any]) -> "Documented":
        """Return what the OpenAPI documents of the API and of the control API describe."""
        answers = [
            Answer(operation["operationId"], int(status))
            for path in api["paths"].values()
            for method, operation in path.items()
            if method in _METHODS
            for status in operation["responses"]
            if status.isdecimal()
        ]
        return cls(tuple(answers), tuple(_faults(control)))

    @property
    def operations(self) -> list[str]:
        """The documented operations."""
        return list(dict.fromkeys(answer.operation for answer in self.answers))


def _faults(control: Mapping[str, Any]) -> Iterator[str]:
    """Yield the types that the attribute ``fault`` of a rule may have."""
    schemas = control["components"]["schemas"]
    waiting = [schemas["FaultRule"]["properties"]["fault"]]
    while waiting:
        schema = waiting.pop(0)
        waiting += [schemas[schema["$ref"].rpartition("/")[2]]] if "$ref" in schema else []
        waiting += [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
        kind = schema.get("properties", {}).get("type", {})
        yield from [kind["const"]] if "const" in kind else kind.get("enum", ())
