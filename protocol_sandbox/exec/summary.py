"""The summary of a test run, for the terminal."""

from collections.abc import Iterator

from protocol_sandbox.exec.coverage import Coverage
from protocol_sandbox.exec.documented import Answer

MAX_UNDOCUMENTED = 10


def summary_lines(coverage: Coverage) -> Iterator[str]:
    """Yield the lines: calls, then each operation, the faults, and what is not documented."""
    received, known = len(coverage.answers), len(coverage.documented.answers)
    yield (
        f"protocol-sandbox: {coverage.calls} call{'s' * (coverage.calls != 1)}, "
        f"{received} of {known} documented answers ({coverage.percent}%)"
    )
    for operation in coverage.documented.operations:
        statuses = coverage.statuses(operation)
        numbers = {str(status): coverage.answers[Answer(operation, status)] for status in statuses}
        yield f"  {operation:<22} {_row(numbers, 'never called')}"
    yield f"  {'faults and delays':<22} {_row({kind: coverage.faults[kind] for kind in coverage.kinds}, 'none')}"
    for answer, number in coverage.undocumented.most_common(MAX_UNDOCUMENTED):
        yield f"  not documented: {answer}{_times(number)}"
    if len(coverage.undocumented) > MAX_UNDOCUMENTED:
        yield f"  not documented: {len(coverage.undocumented) - MAX_UNDOCUMENTED} other answers"


def _row(numbers: dict[str, int], nothing: str) -> str:
    seen = ", ".join(f"{name}{_times(number)}" for name, number in numbers.items() if number)
    never = ", ".join(name for name, number in numbers.items() if not number)
    return "; ".join(filter(None, (seen or nothing, f"never {never}" if never and seen else "")))


def _times(number: int) -> str:
    return "" if number == 1 else f" (×{number})"
