"""The URL of the store: its form, and a text of it without user and password."""

import re

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)"
# Nothing but the user information may contain "@", so that a password is found even if it is not percent-encoded.
_URL = re.compile(
    rf"(?P<scheme>valkeys?://|rediss?://)(?:[^/?#\s]*@)?(?P<place>{_HOST}(?::\d{{1,5}})?(?:/\d*)?)(?:\?[^@#\s]*)?"
    r"|(?P<unix>unix://)(?:[^/?#\s]*@)?(?P<path>/[^@?#\s]+)(?:\?[^@#\s]*)?",
    re.ASCII,
)


def check_store_url(text: str) -> str:
    """Return ``text`` without surrounding spaces. Raises ValueError with a description of valid URLs."""
    url = text.strip()
    if not _URL.fullmatch(url):
        raise ValueError(
            "a URL like valkey://localhost:6379/0 or unix:///run/valkey.sock (the schemes are valkey, valkeys, redis, "
            "rediss and unix; a password is percent-encoded)"
        )
    return url


def without_credentials(url: str) -> str:
    """Return a URL that was checked without its user, its password and its options, to be shown to everybody."""
    match = _URL.fullmatch(url)
    assert match is not None
    return "".join(match[name] or "" for name in ("scheme", "place", "unix", "path"))
