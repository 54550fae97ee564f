"""Declaring a world: a sandbox with a name, an initial state and, if wanted, an end."""

from typing import Any

import flask

from sandbox.control.context import ControlContext
from sandbox.control.scenarios import SCENARIO, chosen_scenario
from sandbox.operations import Operation
from sandbox.schemas.control import WorldDeclaration
from sandbox.schemas.responses import WorldSchema
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.web.world_name import HEADER
from sandbox.web.world_prefix import prefixed_url
from sandbox.world.world_name import WorldName

EXAMPLE = {
    "name": "checkout",
    "url": "http://127.0.0.1:8000/t/checkout",
    "token": "world_5f2b7c1e9d04a1b3",
    "headers": {"Authorization": "Bearer world_5f2b7c1e9d04a1b3", "X-Sandbox-World": "checkout"},
    "scenario": "blank",
    "seed": 1,
    "conversations": 0,
    "ttl_seconds": 600,
}


class DeclaredWorld(WorldDeclaration):
    """The body of a declaration, with the names of the built-in scenarios."""

    scenario = SCENARIO


def declare(context: ControlContext, body: dict[str, Any]) -> dict[str, Any]:
    """Declare a world, and return the ways to select it: a base URL, headers, or a token that belongs to it alone.

    A name that a world has already is refused, so that two tests never share one by mistake.
    """
    scenario = chosen_scenario(context, body)
    name = body.get("name") or context.draw_hex()
    token = f"world_{context.draw_hex()}"
    ttl_seconds = body.get("ttl_seconds")
    context.fleet.declare(WorldName(name), token, scenario.initial_state(context.now()), ttl_seconds)
    return {
        "name": name,
        "url": prefixed_url(flask.request.environ, name),
        "token": token,
        "headers": {"Authorization": f"Bearer {token}", HEADER: name},
        "scenario": scenario.name,
        "seed": scenario.seed,
        "conversations": scenario.size,
        "ttl_seconds": ttl_seconds,
    }


ENDPOINTS = (
    Endpoint(
        Operation("declareWorld", "POST", "/__admin/worlds"),
        declare,
        Scope.SERVER,
        statuses=(201,),
        errors=(409, 503),
        body=DeclaredWorld(),
        response=WorldSchema(),
        example=EXAMPLE,
    ),
)
