"""Presets, sliders and rules of the panel."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.panel import COLLECTION, Panel

pytestmark = pytest.mark.needs("chromium")


def rules(panel: Panel) -> Locator:
    """Return the rules that the panel shows."""
    return panel.page.locator("#rules li")


def move(panel: Panel, label: str, steps: int) -> None:
    """Move a slider with the keyboard."""
    slider = panel.page.get_by_label(label, exact=True)
    for _ in range(steps):
        slider.press("ArrowRight")


def test_preset_is_switched_on_and_off(panel: Panel) -> None:
    panel.button("Outage").click()
    expect(panel.button("Outage")).to_have_attribute("aria-pressed", "true")
    failed = panel.call()
    assert failed is not None
    assert failed.status_code == 503
    panel.button("Outage").click()
    expect(panel.button("Outage")).to_have_attribute("aria-pressed", "false")
    answered = panel.call()
    assert answered is not None
    assert answered.status_code == 200
    assert [rule["enabled"] for rule in panel.faults()] == [False]


def test_last_preset_is_tried_first(panel: Panel) -> None:
    panel.button("Outage").click()
    expect(rules(panel)).to_have_count(1)
    panel.button("Offline").click()
    expect(rules(panel).first).to_contain_text("offline")
    assert panel.call() is None
    panel.button("Offline").click()
    expect(rules(panel).first).to_contain_text("(off)")
    failed = panel.call()
    assert failed is not None
    assert failed.status_code == 503


def test_latency_slider_delays_calls_and_draws_them(panel: Panel) -> None:
    move(panel, "Latency", 2)
    expect(panel.page.locator("#latency-value")).to_have_text("20 ms")
    # Each step is a request of its own.
    expect(rules(panel)).to_contain_text("about 20 ms")
    assert panel.faults()[0]["delay"] == {"type": "lognormal", "median": 20, "p99": 67}
    for _ in range(3):
        panel.call()
    drawing = panel.page.get_by_role(
        "img", name="Delays; asked for: median 20 ms, p99 67 ms; measured in 3 calls:"
    )
    expect(drawing).to_be_visible()
    expect(drawing.locator("path.asked")).to_have_count(1)
    assert drawing.locator("rect.measured").count() >= 1
    panel.page.get_by_label("Latency", exact=True).press("Home")
    expect(rules(panel)).to_have_count(0)


def test_error_slider_fails_calls_with_the_chosen_status_as_slow_as_the_others(panel: Panel) -> None:
    move(panel, "Latency", 1)
    expect(rules(panel)).to_have_count(1)
    panel.page.get_by_label("Errors", exact=True).press("End")
    panel.page.get_by_label("with", exact=True).select_option("502")
    expect(rules(panel)).to_have_count(2)
    expect(rules(panel).first).to_contain_text("502")
    failed = panel.call()
    assert failed is not None
    assert failed.status_code == 502
    assert float(failed.headers["X-Sandbox-Delay-Ms"]) > 0


def test_rule_is_added_edited_reordered_switched_and_deleted(panel: Panel) -> None:
    for name in ("first", "second"):
        panel.button("Add a rule").click()
        panel.page.get_by_label("Name", exact=True).fill(name)
        panel.page.get_by_label("Status", exact=True).fill("418")
        panel.page.get_by_label("Operation").select_option("listConversations")
        panel.button("Save the rule").click()
        expect(panel.page.get_by_role("dialog")).to_have_count(0)
    expect(rules(panel)).to_have_count(2)
    panel.call(COLLECTION)
    expect(rules(panel).first.locator(".counts")).to_have_text("1 / 1")

    panel.button("Move down first").click()
    expect(rules(panel).first).to_contain_text("second")
    expect(rules(panel).last.locator(".counts")).to_have_text("1 / 1")

    panel.page.get_by_label("second is on").uncheck()
    expect(rules(panel).first).to_contain_text("(off)")

    panel.button("Edit second").click()
    panel.page.get_by_label("Status", exact=True).fill("429")
    panel.page.get_by_label("Times", exact=True).fill("3")
    panel.button("Save the rule").click()
    expect(rules(panel).first).to_contain_text("429")
    second, first = panel.faults()
    assert (second["fault"]["status"], second["times"], second["enabled"]) == (429, 3, False)

    panel.button("Delete second").click()
    expect(rules(panel)).to_have_count(1)
    panel.button("Undo").click()
    expect(rules(panel)).to_have_count(2)
    assert [rule["name"] for rule in panel.faults()] == ["second", "first"]
    assert first["name"] == "first"


def test_form_shows_the_request_and_the_error_of_the_server(panel: Panel) -> None:
    panel.button("Add a rule").click()
    panel.page.get_by_label("Probability").fill("5")
    panel.page.get_by_text("Show as request").locator("visible=true").click()
    expect(panel.page.locator("#rule-preview")).to_contain_text(f"curl -s {panel.address}/__admin/faults")
    expect(panel.page.locator("#rule-preview")).to_contain_text('"probability":5')
    panel.expected_errors.append("400")  # Chromium logs responses that are errors
    panel.button("Save the rule").click()
    expect(panel.page.get_by_role("alert").locator("visible=true")).to_contain_text(
        "write 0.05 for 5 percent"
    )


def test_attributes_without_a_field_survive_an_edit(panel: Panel) -> None:
    fault = {"type": "status", "status": 503, "headers": {"X-Proxy": "edge"}, "body": {"a": [1]}}
    panel.client.post("/__admin/faults", json={"name": "proxy", "fault": fault}).raise_for_status()
    panel.page.reload()
    panel.button("Edit proxy").click()
    panel.page.get_by_label("Status", exact=True).fill("502")
    panel.button("Save the rule").click()
    expect(rules(panel).first).to_contain_text("502")
    assert panel.faults()[0]["fault"] == fault | {"status": 502}
