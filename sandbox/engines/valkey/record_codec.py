"""Records as bytes: the JSON of the conversation, as it is."""

from sandbox.schemas.conversation import decode
from sandbox.world.conversation import Record


def record_of(line: bytes) -> Record:
    """Return the record whose JSON is ``line``. The server has written it, so it is not validated."""
    return Record(decode(line), line)
