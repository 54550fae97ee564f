"""Authentication: a bearer token, which names the caller's sandbox."""

from sandbox import problems
from sandbox.edge.call import Call
from sandbox.world.interface import Lease


def authenticated(call: Call) -> Lease:
    """Return the lease that the call acts on. Raises Problem 401 if the call has no token."""
    if call.token is None:
        raise problems.unauthorized()
    return call.target
