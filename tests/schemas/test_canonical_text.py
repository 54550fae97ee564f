"""The canonical text of an attribute: the same for all texts that the API reads as the same value."""

from typing import Any

import pytest

from sandbox.schemas.canonical_text import (
    BODY_FIELDS,
    QUERY_FIELDS,
    as_text,
    canonical_json,
    canonical_text,
    canonical_texts,
)


@pytest.mark.parametrize(
    ("name", "text", "canonical"),
    [
        ("is_muted", "1", "true"),
        ("is_muted", "0", "false"),
        ("is_pinned", "true", "true"),
        ("is_muted", "yes", "yes"),
        ("is_muted", "", ""),
        ("archived_at", "0692233200", "692233200"),
        ("archived_at", "", ""),
        ("archived_at", "-1", "-1"),
        ("contact_id", "01", "01"),
        ("pinned_message_id", "1", "1"),
        ("unknown", "1", "1"),
    ],
)
def test_text_of_a_body_has_one_spelling_for_each_value(name: str, text: str, canonical: str) -> None:
    assert canonical_text(text, BODY_FIELDS.get(name)) == canonical


def test_attributes_of_a_query_have_their_own_types() -> None:
    sent = {"muted": "1", "limit": "010", "group_id": "010", "is_muted": "1"}
    assert canonical_texts(sent, QUERY_FIELDS) == {**sent, "muted": "true", "limit": "10"}


@pytest.mark.parametrize(
    ("name", "value", "canonical"),
    [
        ("is_muted", True, "true"),
        ("is_muted", "1", "1"),
        ("archived_at", 5.0, "5"),
        ("archived_at", 1e999, "inf"),
        ("archived_at", None, ""),
        ("unknown", 5.0, "5.0"),
        ("contact_id", "a", "a"),
        ("contact_id", ["a"], None),
        ("contact_id", {}, None),
    ],
)
def test_json_value_has_the_canonical_text_of_what_the_api_reads(
    name: str, value: Any, canonical: str | None
) -> None:
    assert canonical_json(value, BODY_FIELDS.get(name)) == canonical


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", ""), (None, ""), (True, "true"), (False, "false"), (5, "5"), (1.5, "1.5"), (-1, "-1")],
)
def test_text_of_a_json_value_is_what_a_form_would_send(value: Any, text: str) -> None:
    assert as_text(value) == text
