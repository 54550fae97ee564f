"""Faults and delays in short forms: names in ``Prefer`` and queries, and the latency of the command line."""

import re
from typing import Any

from marshmallow import ValidationError

from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.delays.lognormal import Lognormal
from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.fault import Fault
from sandbox.faults.table import FAULTS
from sandbox.faults.typed_object import new_instance

_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


def fault_of(name: str, **attributes: Any) -> Fault:
    """Return the fault of a short form like ``fault=hang``.

    Raises ValueError, which names the faults that have one, where the name is unknown or attributes are missing.
    """
    kind = FAULTS.get(name)
    if kind is None or not _required(kind) <= attributes.keys():
        raise ValueError(f"one of {', '.join(known for known in FAULTS if not _required(FAULTS[known]))}")
    return kind(**attributes)


def latency_of(text: str) -> Delay:
    """Return the delay of ``200``, ``100..400`` or ``median=80,p99=400``, all in milliseconds.

    Raises ValueError, which lists the three forms.
    """
    try:
        kind, attributes = _parsed(text)
        delay: Delay = new_instance(kind, attributes, "latency")
    except (ValueError, ValidationError):
        forms = f"milliseconds up to {MAX_MILLISECONDS}: 200, 100..400, or median=80,p99=400"
        raise ValueError(forms) from None
    return delay


def _required(kind: type[Fault]) -> set[str]:
    return {name for name, field in kind.attributes.items() if field.required}


def _parsed(text: str) -> tuple[type[Delay], dict[str, float]]:
    if ".." in text:
        lower, upper = text.split("..")
        return Uniform, {"lower": _decimal(lower), "upper": _decimal(upper)}
    if "=" in text:
        pairs = [part.partition("=") for part in text.split(",")]
        attributes = {name.strip(): _decimal(number) for name, _, number in pairs}
        if len(attributes) < len(pairs):
            raise ValueError(text)
        return Lognormal, attributes
    return Fixed, {"milliseconds": _decimal(text)}


def _decimal(text: str) -> float:
    if not _DECIMAL.fullmatch(text.strip()):
        raise ValueError(text)
    return float(text)
