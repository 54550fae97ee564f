"""The list of scenarios."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

PATH = "/__admin/scenarios"


def test_every_scenario_of_the_contract_is_listed_with_its_size(api: FlaskClient) -> None:
    response = api.get(PATH)
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert all(list(each) == ["name", "description", "size"] for each in data)
    assert all(each["description"].strip() for each in data)
    sizes = {each["name"]: each["size"] for each in data}
    assert sizes | {"demo": 0} == {"blank": 0, "crowd": 10_000, "default": 120, "demo": 0, "documented": 2}
    assert 30 <= sizes["demo"] <= 50


def test_list_is_equal_for_all_callers_and_creates_no_sandbox(open_app: Callable[..., Flask]) -> None:
    client = open_app().test_client()
    bodies = {client.get(PATH, headers=headers).data for headers in ({}, {"Authorization": "Bearer me"})}
    assert len(bodies) == 1
    assert client.get("/__admin/health").get_json()["sandboxes"] == 0


def test_list_accepts_no_arguments(api: FlaskClient, assert_error_shape: Callable[..., str]) -> None:
    assert_error_shape(api.get(f"{PATH}?name=blank"), 400, "name is not known here")
    assert_error_shape(api.post(PATH, json={}), 405)
