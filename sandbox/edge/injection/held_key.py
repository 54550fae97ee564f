"""Holding the idempotency key of a delayed call, so that another call with it learns that this one is under way.

A call that is not delayed needs no hold: no other call runs before it has its answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.edge.call import Call
from sandbox.world.errors import KeyInUse


@contextmanager
def held_key(call: Call, seconds: float) -> Iterator[None]:
    """Hold the key of ``call``, if it has one, until the block ends, which takes about ``seconds``.

    If another call holds it, this call gets the error KeyInUse instead of the operation, after its delay: what decides
    is when it arrived. Nothing is held if the key has an answer already, as in the phase ``after``: the call is made
    before the delay, and a retry gets its answer.
    """
    is_held = _hold(call, seconds)
    try:
        yield
    finally:
        if is_held:
            call.lease.world.release_key(call.lease.generation, _key_of(call))


def _hold(call: Call, seconds: float) -> bool:
    key = _key_of(call)
    if not key or call.refusal is not None:
        return False
    try:
        return call.lease.world.hold_key(call.lease.generation, key, seconds)
    except KeyInUse as error:
        call.refusal = error
        return False


def _key_of(call: Call) -> str:
    return (call.idempotency_key or "") if call.reaches_operation else ""
