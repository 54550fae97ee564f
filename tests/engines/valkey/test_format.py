"""The version of what is written to the store."""

from sandbox.engines.valkey.format import FORMAT, NewerFormat


def test_the_format_is_the_first_one() -> None:
    assert FORMAT == 1


def test_the_message_names_what_is_unknown_and_says_what_to_do() -> None:
    error = NewerFormat("renamed")
    assert str(error) == (
        "A newer version of the server has written 'renamed' to the store; update this one."
    )
    assert error.found == "renamed"
