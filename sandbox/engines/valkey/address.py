"""The address of a store, as ``--store`` takes it."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.world.engine import UnusableStore

DEFAULT_PORT = 6379
_SCHEMES = {"valkey": False, "redis": False, "valkeys": True, "rediss": True}
"""Schemes of TCP, and whether they mean TLS."""
_EXPECTED = "valkey://, redis://, valkeys://, rediss:// or unix://"
_CERTIFICATE_CHECKS = ("required", "optional", "none")
_BOOLEANS = {"true": True, "false": False}
_PARAMETERS = {
    "unix": ("db",),
    "tls": ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"),
    "tcp": (),
}


@dataclass(frozen=True, slots=True)
class Tls:
    """The settings of TLS.

    ``ca_certs``, ``certfile`` and ``keyfile`` are paths of PEM files, or empty. ``cert_reqs`` is ``required``,
    ``optional`` or ``none``.
    """

    ca_certs: str = ""
    certfile: str = ""
    keyfile: str = ""
    cert_reqs: str = "required"
    check_hostname: bool = True


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a store: ``host`` and ``port``, or the ``path`` of a Unix socket. Its text hides the password."""

    host: str = ""
    port: int = DEFAULT_PORT
    path: str = ""
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls | None = None

    def __str__(self) -> str:
        user = f"{self.username}{':***' if self.password else ''}@" if self.username or self.password else ""
        if self.path:
            return f"unix://{user}{self.path}" + (f"?db={self.database}" if self.database else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        database = f"/{self.database}" if self.database else ""
        return f"{'valkeys' if self.tls else 'valkey'}://{user}{host}:{self.port}{database}"


def parse(url: str) -> Address:
    """Return the address that ``url`` describes. Raises UnusableStore, whose message does not repeat the password.

    =================================================  =========================================
    ``valkey://user:password@host:6379/0``             TCP; ``redis://`` means the same
    ``valkeys://user:password@host:6379/0``            TLS; ``rediss://`` means the same
    ``unix://user:password@/path/of/socket?db=0``      a Unix socket
    =================================================  =========================================

    Everything but the host or the path is optional. In user and password, reserved characters are percent-encoded.
    Parameters of TLS are ``ssl_ca_certs``, ``ssl_certfile`` and ``ssl_keyfile`` (paths of PEM files), ``ssl_cert_reqs``
    (``required``, ``optional`` or ``none``; by default required) and ``ssl_check_hostname`` (``true`` or ``false``; by
    default true, unless ``ssl_cert_reqs=none``).
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnusableStore(
            "has an invalid host or port; a port is a number from 1 to 65535, and characters like / or @ in a password "
            "are percent-encoded"
        ) from None
    if parts.scheme not in {*_SCHEMES, "unix"}:
        raise UnusableStore(f"must begin with {_EXPECTED}")
    if parts.fragment:
        raise UnusableStore("has a part after #; in a password, # is written as %23")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "unix":
        return _unix(unquote(parts.path), host, parts.query, username, password)
    if not host:
        raise UnusableStore("names no host; an example is valkey://localhost:6379/0")
    if port == 0:
        raise UnusableStore("has an invalid port; a port is a number from 1 to 65535")
    has_tls = _SCHEMES[parts.scheme]
    parameters = _parameters(parts.query, "tls" if has_tls else "tcp")
    return Address(
        host=host,
        port=port or DEFAULT_PORT,
        database=_database(parts.path.removeprefix("/")),
        username=username,
        password=password,
        tls=_tls(parameters) if has_tls else None,
    )


def masked(url: str) -> str:
    """Return ``url``, which may be invalid, without a password that it may have."""
    scheme, separator, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    name, colon, _ = user.partition(":")
    hidden = f"{scheme}{separator}{name}{':***' if colon else ''}{at}{host}"
    return re.sub(r"(?i)([?&][^=&]*(?:pass|secret|auth)[^=&]*=)[^&#]*", r"\1***", hidden)


def _unix(path: str, host: str, query: str, username: str, password: str) -> Address:
    if host or not path.strip("/"):
        raise UnusableStore(
            "must have an absolute path after unix://; an example is unix:///run/valkey/valkey.sock"
        )
    database = _database(_parameters(query, "unix").get("db", ""))
    return Address(path=path, database=database, username=username, password=password)


def _parameters(query: str, kind: str) -> dict[str, str]:
    """Return the parameters of ``query``, each of which must be known for the ``kind`` of address."""
    allowed = _PARAMETERS[kind]
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in allowed:
            known = f"the parameters here are {', '.join(allowed)}" if allowed else "there are none here"
            raise UnusableStore(f"has an unknown parameter {name[:40]!r}; {known}")
        if name in found:
            raise UnusableStore(f"has the parameter {name} twice")
        found[name] = value
    return found


def _database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise UnusableStore("has an invalid database; it is a number, 0 by default")
    return int(text)


def _tls(parameters: dict[str, str]) -> Tls:
    cert_reqs = parameters.get("ssl_cert_reqs", "required")
    if cert_reqs not in _CERTIFICATE_CHECKS:
        raise UnusableStore(f"has an invalid ssl_cert_reqs; it is {', '.join(_CERTIFICATE_CHECKS)}")
    checks_hostname = parameters.get("ssl_check_hostname", "false" if cert_reqs == "none" else "true")
    if checks_hostname not in _BOOLEANS:
        raise UnusableStore("has an invalid ssl_check_hostname; it is true or false")
    if cert_reqs == "none" and _BOOLEANS[checks_hostname]:
        raise UnusableStore("checks the host name of a certificate that ssl_cert_reqs=none does not check")
    if "ssl_keyfile" in parameters and "ssl_certfile" not in parameters:
        raise UnusableStore("has ssl_keyfile without ssl_certfile, the certificate of the key")
    return Tls(
        ca_certs=parameters.get("ssl_ca_certs", ""),
        certfile=parameters.get("ssl_certfile", ""),
        keyfile=parameters.get("ssl_keyfile", ""),
        cert_reqs=cert_reqs,
        check_hostname=_BOOLEANS[checks_hostname],
    )
