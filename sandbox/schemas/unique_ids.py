"""Ids that may be in a document only once."""

from collections.abc import Callable, Sequence

from sandbox.problems import quoted
from sandbox.schemas.error_messages import Path, error_at, place_of


def check_unique(ids: Sequence[str], path_of: Callable[[int], Path]) -> None:
    """Check that all ``ids`` differ. ``path_of`` returns where the id of an index stands in the document.

    Raises ValidationError for the first id that was there before, and names the place of the other.
    """
    if len(set(ids)) == len(ids):
        return
    first: dict[str, int] = {}
    for index, each in enumerate(ids):
        if first.setdefault(each, index) != index:
            other = place_of(path_of(first[each]))
            raise error_at(path_of(index), f"is {quoted(each)}, as is {other}.")
