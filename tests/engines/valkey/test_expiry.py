"""The times after which the keys of worlds expire."""

import pytest

from sandbox.engines.valkey.expiry import Expiry


@pytest.mark.parametrize(
    ("idle_seconds", "refresh", "life"),
    [(3600.0, 10.0, 3610.0), (100.0, 5.0, 105.0), (1.0, 0.05, 1.05), (0.0, 10.0, 0.0)],
)
def test_keys_live_longer_than_the_idle_time(idle_seconds: float, refresh: float, life: float) -> None:
    expiry = Expiry(idle_seconds)
    assert (expiry.refresh, expiry.life) == (refresh, life)
