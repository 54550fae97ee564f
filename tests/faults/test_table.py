"""The tables of kinds are complete, and users see all kinds."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.faults import delays, kinds
from sandbox.faults.delay import Delay
from sandbox.faults.fault import Fault
from sandbox.faults.table import DELAYS, FAULTS
from tests.faults.harness import RULES

DOCUMENTED_FAULTS = [
    "status",
    "rate_limit",
    "malformed_json",
    "wrong_content_type",
    "truncate",
    "hang",
    "EMPTY_RESPONSE",
    "MALFORMED_RESPONSE_CHUNK",
    "RANDOM_DATA_THEN_CLOSE",
    "CONNECTION_RESET_BY_PEER",
]
DOCUMENTED_DELAYS = ["fixed", "uniform", "lognormal", "dribble"]
TABLES: list[tuple[ModuleType, type[Any], dict[str, Any]]] = [(kinds, Fault, FAULTS), (delays, Delay, DELAYS)]


def test_the_tables_contain_the_documented_kinds_in_order() -> None:
    assert list(FAULTS) == DOCUMENTED_FAULTS
    assert list(DELAYS) == DOCUMENTED_DELAYS


@pytest.mark.parametrize(("package", "base", "table"), TABLES, ids=["faults", "delays"])
def test_every_file_contains_one_kind_and_every_kind_is_in_its_table(
    package: ModuleType, base: type[Any], table: dict[str, Any]
) -> None:
    found = []
    for module in pkgutil.iter_modules(package.__path__):
        members = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
        here = [
            member
            for member in members
            if inspect.isclass(member)
            and issubclass(member, base)
            and member.__module__.endswith(f".{module.name}")
        ]
        assert len(here) == 1, module.name
        found += here
    assert set(found) == set(table.values())


@pytest.mark.parametrize("kind", [*FAULTS.values(), *DELAYS.values()], ids=lambda kind: kind.type)
def test_every_kind_is_documented_and_its_constructor_takes_its_attributes(kind: Any) -> None:
    assert kind.__doc__.strip()
    assert set(kind.attributes) <= set(inspect.signature(kind.__init__).parameters)
    required = {name for name, field in kind.attributes.items() if field.required}
    mandatory = {
        name
        for name, parameter in inspect.signature(kind.__init__).parameters.items()
        if parameter.default is parameter.empty
        and name != "self"
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }
    assert required == mandatory


def documented(api: FlaskClient, attribute: str) -> list[dict[str, Any]]:
    """Return the OpenAPI schemas of the kinds of ``attribute``."""
    document = api.get("/__admin/openapi.json").get_json()
    found: list[dict[str, Any]] = []

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if attribute in node.get("properties", {}) and not found:
                found.extend(node["properties"][attribute].get("oneOf", []))
            for each in node.values():
                look(each)
        elif isinstance(node, list):
            for each in node:
                look(each)

    look(document)
    return [each for each in found if "properties" in each]


@pytest.mark.parametrize(("attribute", "table"), [("fault", FAULTS), ("delay", DELAYS)])
def test_openapi_documents_every_kind_with_its_attributes(
    api: FlaskClient, attribute: str, table: dict[str, Any]
) -> None:
    said = {each["properties"]["type"]["const"]: each for each in documented(api, attribute)}
    assert list(said) == list(table)
    for name, kind in table.items():
        assert set(said[name]["properties"]) == {"type", *kind.attributes}
        assert said[name]["description"].startswith(" ".join(kind.__doc__.split())[:20])
        assert said[name]["additionalProperties"] is False


@pytest.mark.parametrize(("attribute", "table"), [("fault", FAULTS), ("delay", DELAYS)])
def test_the_error_for_an_unknown_kind_lists_the_known_ones(
    api: FlaskClient, attribute: str, table: dict[str, Any]
) -> None:
    message = api.post(RULES, json={attribute: {"type": "nothing of the sort"}}).get_json()["message"]
    for name in table:
        assert name in message


DELAY_EXAMPLES = {
    "fixed": {"milliseconds": 5},
    "uniform": {"lower": 1, "upper": 9},
    "lognormal": {"median": 80, "sigma": 1},
    "dribble": {"chunks": 3, "milliseconds": 900},
}


@pytest.mark.parametrize("kind", DELAYS)
def test_a_delay_varies_with_the_random_number_if_it_says_so(kind: str) -> None:
    delay = DELAYS[kind](**DELAY_EXAMPLES[kind])
    assert delay.varies == (delay.milliseconds(0.1) != delay.milliseconds(0.9))
