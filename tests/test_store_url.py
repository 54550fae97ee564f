"""The URL of the store: valid forms, and its text without a password."""

import pytest

from sandbox.store_url import check_store_url, without_credentials

SHOWN = [
    ("valkey://localhost", "valkey://localhost"),
    ("valkeys://db.example:6380/3", "valkeys://db.example:6380/3"),
    ("redis://:secret@localhost:6379/0", "redis://localhost:6379/0"),
    ("redis://user:sec%2Fret@localhost:6379/", "redis://localhost:6379/"),
    ("rediss://user:se@cret@10.0.0.1:6379", "rediss://10.0.0.1:6379"),
    ("rediss://user:secret@[::1]:6379/1?password=secret", "rediss://[::1]:6379/1"),
    ("unix:///run/valkey.sock", "unix:///run/valkey.sock"),
    ("unix://user:secret@/run/valkey.sock?db=1&password=secret", "unix:///run/valkey.sock"),
]
INVALID = [
    "",
    "localhost:6379",
    "http://localhost:6379",
    "valkey:/localhost",
    "valkey://",
    "valkey://:secret",
    "valkey://user:secret",
    "valkey://:secret@",
    "valkey://localhost:secret",
    "valkey://localhost:123456",
    "valkey://localhost/zero",
    "valkey://localhost/0#part",
    "valkey://local host",
    "valkey://user:12/34@localhost",
    "valkey://user:12?34@localhost",
    "valkey://user:12#34@localhost",
    "unix://run/valkey.sock",
    "unix:///run/secret@valkey.sock",
]


@pytest.mark.parametrize(("url", "shown"), SHOWN)
def test_valid_url_is_taken_and_shown_without_user_password_and_options(url: str, shown: str) -> None:
    assert check_store_url(f" {url} ") == url
    assert without_credentials(url) == shown


@pytest.mark.parametrize("url", INVALID)
def test_invalid_url_is_refused_with_the_form_of_a_valid_one(url: str) -> None:
    with pytest.raises(ValueError, match="a URL like valkey://localhost:6379/0") as caught:
        check_store_url(url)
    assert "secret" not in str(caught.value)
