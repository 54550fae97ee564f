"""Rules that match and build as Werkzeug's do, and compile nothing before they build."""

from typing import Any

import pytest
from werkzeug.routing import Map, MapAdapter, Rule, rules

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.web.url_rule import UrlRule

PATH = "/v1/conversations/<conversation_id>"


def bound(kind: type[Rule]) -> MapAdapter:
    return Map([kind(PATH, endpoint="retrieve"), kind("/v1/<int:page>", endpoint="page")]).bind("localhost")


def test_paths_are_matched() -> None:
    assert bound(UrlRule).match("/v1/conversations/a") == ("retrieve", {"conversation_id": "a"})
    assert bound(UrlRule).match("/v1/3") == ("page", {"page": 3})


@pytest.mark.parametrize(
    "values",
    [{"conversation_id": "a b"}, {"conversation_id": "ü", "limit": 1}, {"conversation_id": "/", "x": "&"}],
)
def test_urls_are_those_of_werkzeug(values: dict[str, Any]) -> None:
    built = bound(UrlRule).build("retrieve", values)
    assert built == bound(Rule).build("retrieve", values)
    assert built.startswith("/v1/conversations/")


def test_application_compiles_no_function_that_builds_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: Any) -> None:
        pytest.fail("a function was compiled")

    monkeypatch.setattr(rules, "compile", compiled, raising=False)
    app = create_app(Settings(scenario="documented"))
    assert len(list(app.url_map.iter_rules())) > 40
    with pytest.raises(pytest.fail.Exception):
        bound(Rule)
