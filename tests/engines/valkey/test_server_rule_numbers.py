"""The numbers of server-wide rules."""

from sandbox.engines.valkey.server_rule_numbers import UnknownRuleNumber


def test_the_error_names_the_number() -> None:
    error = UnknownRuleNumber(7)
    assert error.number == 7
    assert str(error) == "There is no server-wide rule of number 7."
