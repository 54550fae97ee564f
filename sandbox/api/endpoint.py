"""Routing an operation: authentication, arguments and view, in this order."""

from functools import partial
from typing import Any

from sandbox.api.application import Application
from sandbox.api.auth import authenticated
from sandbox.edge.call import Call
from sandbox.web.arguments import ArgumentReader
from sandbox.web.endpoint import Endpoint
from sandbox.web.response import Response
from sandbox.web.world_prefix import root_path


def register(app: Application, endpoint: Endpoint, *, lenient: bool) -> None:
    """Route ``endpoint`` in ``app``. Its view is called with the lease of the caller's world and the arguments."""
    reader = ArgumentReader(endpoint.query, endpoint.body, endpoint.headers, lenient=lenient)
    # Most operations take no header, and need not look for one.
    read = partial(_read_with_headers, reader) if endpoint.headers.fields else reader.read
    view = endpoint.view
    has_location = "Location" in endpoint.response_headers

    def run(call: Call, parameters: dict[str, Any]) -> Response:
        lease = authenticated(call)
        response: Response = view(lease, **parameters, **read(call))
        if has_location and (root := root_path(call.environ)):
            return response.located_under(root)
        return response

    app.add_operation(endpoint.operation, run)


def _read_with_headers(reader: ArgumentReader, call: Call) -> dict[str, Any]:
    arguments = reader.read_with_headers(call)
    if call.refusal is not None:
        raise call.refusal
    return arguments
