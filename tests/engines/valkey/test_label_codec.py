"""The labels of sandboxes as text."""

import pytest

from sandbox.engines.valkey.label_codec import label_of, text_of_label
from sandbox.world.label import Label


@pytest.mark.parametrize(
    ("name", "token", "label"),
    [
        (None, "a-long-token", Label("id", None, "a-lo…")),
        ("checkout", "", Label("id", "checkout", None)),
        ("checkout", "world_5f2b", Label("id", "checkout", "worl…")),
        (None, "\udce9\udce9", Label("id", None, "\\xe9…")),
    ],
)
def test_a_label_is_read_as_it_was_written(name: str | None, token: str, label: Label) -> None:
    text = text_of_label("id", name, token)
    assert label_of(text.encode().decode()) == label
    assert not token or token not in text
