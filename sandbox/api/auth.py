"""Authentication: a bearer token, which names the caller's sandbox."""

from sandbox import problems
from sandbox.edge.call import Call
from sandbox.world.sandbox import Sandbox


def authenticated(call: Call) -> Sandbox:
    """The sandbox of the caller. Raises Problem 401 where the call has no token."""
    if call.token is None:
        raise problems.unauthorized()
    return call.target
