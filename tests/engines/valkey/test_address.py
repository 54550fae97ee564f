"""The address of a store: every form that is accepted, and one line for every other."""

import pytest

from sandbox.engines.valkey.address import Address, Tls, masked, parse
from sandbox.world.engine import UnusableStore


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("valkey://localhost", Address("localhost")),
        ("redis://localhost", Address("localhost")),
        ("valkey://store.example:7000/3", Address("store.example", 7000, database=3)),
        ("valkey://store.example/", Address("store.example")),
        ("valkey://[::1]:6380", Address("::1", 6380)),
        ("valkey://:secret@h", Address("h", password="secret")),
        ("valkey://me:s%2Fe%40c@h", Address("h", username="me", password="s/e@c")),
        ("valkeys://h", Address("h", tls=Tls())),
        ("rediss://h/1", Address("h", database=1, tls=Tls())),
        ("rediss://h?ssl_cert_reqs=none", Address("h", tls=Tls(cert_reqs="none", check_hostname=False))),
        (
            "valkeys://h?ssl_ca_certs=/a%20b.pem&ssl_certfile=c&ssl_keyfile=k&ssl_check_hostname=false",
            Address("h", tls=Tls("/a b.pem", "c", "k", "required", check_hostname=False)),
        ),
        ("unix:///run/valkey.sock", Address(path="/run/valkey.sock")),
        (
            "unix://me:secret@/run/a%20b.sock?db=2",
            Address(path="/run/a b.sock", database=2, username="me", password="secret"),
        ),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must begin with valkey://"),
        ("localhost:6379", "must begin with valkey://"),
        ("http://localhost", "must begin with valkey://"),
        ("valkey:localhost", "names no host"),
        ("valkey://", "names no host"),
        ("valkey:///0", "names no host"),
        ("valkey://h:0", "invalid port"),
        ("valkey://h:65536", "invalid host or port"),
        ("valkey://h:port", "invalid host or port"),
        ("valkey://me:se/cret@h", "invalid host or port"),
        ("valkey://[::1", "invalid host or port"),
        ("valkey://h/one", "invalid database"),
        ("valkey://h/-1", "invalid database"),
        ("valkey://h/1/2", "invalid database"),
        ("valkey://h/٣", "invalid database"),
        ("valkey://me:sec#ret@h", "invalid host or port"),
        ("valkey://h#1", "after #"),
        ("valkey://h?db=1", "unknown parameter 'db'; there are none here"),
        ("valkey://h?ssl_cert_reqs=none", "unknown parameter 'ssl_cert_reqs'"),
        ("valkeys://h?timeout=1", "the parameters here are ssl_ca_certs, ssl_certfile"),
        ("valkeys://h?ssl_ca_certs=a&ssl_ca_certs=b", "the parameter ssl_ca_certs twice"),
        ("valkeys://h?ssl_cert_reqs=maybe", "it is required, optional, none"),
        ("valkeys://h?ssl_check_hostname=yes", "it is true or false"),
        ("valkeys://h?ssl_cert_reqs=none&ssl_check_hostname=true", "does not check"),
        ("valkeys://h?ssl_keyfile=k", "without ssl_certfile"),
        ("unix://", "must have an absolute path"),
        ("unix://run/valkey.sock", "must have an absolute path"),
        ("unix:///a?db=x", "invalid database"),
        ("unix:///a?password=secret", "unknown parameter 'password'; the parameters here are db"),
    ],
)
def test_every_other_text_is_refused_in_one_line(url: str, reason: str) -> None:
    with pytest.raises(UnusableStore) as refused:
        parse(url)
    message = str(refused.value)
    assert reason in message
    assert "\n" not in message
    assert "cret" not in message


def test_the_text_of_an_address_hides_its_password() -> None:
    for url in ("valkey://me:secret@h:1/2", "unix://me:secret@/run/s?db=2", "valkeys://:secret@[::1]:7"):
        address = parse(url)
        assert "secret" not in f"{address} {address!r}"
        assert masked(url) == str(address)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("valkey://me:se/cr@et@h:port", "valkey://me:***@h:port"),
        ("valkey://me@h", "valkey://me@h"),
        ("nonsense", "nonsense"),
        ("me:secret@h", "me:secret@h"),
        ("unix:///a?password=secret", "unix:///a?password=***"),
    ],
)
def test_a_password_is_masked_in_an_invalid_address(url: str, shown: str) -> None:
    assert masked(url) == shown
