"""The list of calls of the panel, and the detail of a call."""

import json

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import COLLECTION, ITEM, Panel

pytestmark = pytest.mark.needs("chromium")


def test_empty_panel_shows_a_command_that_works(panel: Panel) -> None:
    expect(panel.page.get_by_text("No calls yet.")).to_be_visible()
    shown = panel.page.locator("#example").inner_text()
    assert shown == f'curl -s {panel.address}/v1/conversations -H "Authorization: Bearer {panel.token}"'


def test_calls_appear_as_they_happen(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call()
    row = panel.rows().first
    expect(row).to_contain_text("GET")
    expect(row).to_contain_text(ITEM)
    expect(row).to_contain_text("✓ 200")
    panel.call(COLLECTION, "POST", data={"contact": "a"})
    expect(panel.rows().first).to_contain_text("! 400")
    expect(panel.rows()).to_have_count(2)


def test_calls_before_the_panel_was_opened_are_shown(open_panel: OpenPanel) -> None:
    panel = open_panel(fragment="")
    panel.call(f"{COLLECTION}/before")
    panel.open(f"world={panel.token}")
    panel.page.reload()
    expect(panel.rows().first).to_contain_text("/v1/conversations/before")


def test_filter_and_statuses_narrow_the_list_and_stand_in_the_address(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call()
    panel.call(f"{COLLECTION}/nope")
    panel.call(COLLECTION, "POST", data={"contact_id": "needle"})
    expect(panel.rows()).to_have_count(3)
    panel.page.get_by_label("Filter the calls").fill("post needle")
    expect(panel.rows()).to_have_count(1)
    expect(panel.rows().first).to_contain_text("201")
    assert "filter=post+needle" in panel.page.url
    panel.page.get_by_label("Filter the calls").fill("xyzzy")
    expect(panel.page.get_by_text("No call matches the filter.")).to_be_visible()
    panel.page.get_by_label("Filter the calls").fill("")
    panel.button("4xx").click()
    expect(panel.rows()).to_have_count(1)
    expect(panel.rows().first).to_contain_text("404")


def test_paused_list_stands_still_and_catches_up(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call()
    expect(panel.rows()).to_have_count(1)
    panel.button("Pause").click()
    panel.call(f"{COLLECTION}/while-paused")
    expect(panel.button("Resume (1 new)")).to_be_visible()
    expect(panel.rows()).to_have_count(1)
    panel.button("Resume (1 new)").click()
    expect(panel.rows().first).to_contain_text("while-paused")


def test_clear_empties_the_journal(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call()
    expect(panel.rows()).to_have_count(1)
    panel.button("Clear").click()
    expect(panel.page.get_by_text("No calls yet.")).to_be_visible()
    assert panel.control("/requests/count") == {"count": 0}


def test_detail_shows_the_call_and_says_why(panel: Panel) -> None:
    panel.client.post(
        "/__admin/faults",
        json={"name": "lists only", "match": {"operation": "listConversations"}, "delay": 5},
    )
    panel.client.post(
        "/__admin/faults", json={"name": "teapot", "times": 3, "fault": {"type": "status", "status": 418}}
    )
    panel.wait_for_stream()
    panel.call(
        COLLECTION,
        "POST",
        json={"contact_id": "<img src=x onerror=alert(1)>"},
        headers={"X-Mine": "<b>bold</b>"},
    )
    panel.rows().first.click()
    detail = panel.page.get_by_role("region", name=f"POST {COLLECTION}")
    expect(detail).to_contain_text("<b>bold</b>")
    expect(detail).to_contain_text("<img src=x onerror=alert(1)>")
    expect(detail.locator("img")).to_have_count(0)
    expect(detail).to_contain_text("The rule “teapot” caused the fault status.")
    expect(detail).to_contain_text(
        "lists only (this world's rule) did not fire: its operation is listConversations"
    )
    expect(detail).to_contain_text("teapot (this world's rule) it fired; this was firing 1 of 3.")


def test_copy_as_curl_repeats_the_call(open_panel: OpenPanel) -> None:
    panel = open_panel(permissions=["clipboard-read", "clipboard-write"])
    panel.wait_for_stream()
    panel.call(COLLECTION, "POST", json={"contact_id": "it's"}, headers={"Prefer": "code=503"})
    panel.rows().first.click()
    panel.button("Copy as curl").click()
    expect(panel.page.get_by_text("The curl command is in the clipboard.")).to_be_visible()
    command = panel.page.evaluate("navigator.clipboard.readText()")
    assert command.startswith(f"curl -s {panel.address}{COLLECTION} ")
    assert f"-H 'Authorization: Bearer {panel.token}'" in command
    assert "-H 'Prefer: code=503'" in command
    assert """--data-raw '{"contact_id":"it'\\''s"}'""" in command


def test_send_again_repeats_the_call_and_selects_the_new_one(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call(COLLECTION, "POST", json={"contact_id": "again"})
    panel.rows().first.click()
    panel.button("Send again").click()
    expect(panel.page.get_by_text("Sent again: 201 Created.")).to_be_visible()
    expect(panel.rows()).to_have_count(2)
    expect(panel.rows().first).to_have_attribute("aria-selected", "true")
    calls = panel.control("/requests")["data"]
    assert [json.loads(call["body"]) for call in calls] == [{"contact_id": "again"}] * 2


def test_make_this_fail_adds_a_rule_for_that_call(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call()
    panel.rows().first.click()
    panel.button("Make this fail").click()
    panel.button("Save the rule").click()
    expect(panel.page.locator("#rules li")).to_have_count(1)
    (rule,) = panel.faults()
    assert rule["match"] == {"operation": "retrieveConversation", "path": ITEM}
    assert rule["times"] == 1
    failed = panel.call()
    assert failed is not None
    assert failed.status_code == 503
    expect(panel.rows().first).to_contain_text("✕ 503")


def test_keys_move_through_the_calls_but_not_while_someone_types(panel: Panel) -> None:
    panel.wait_for_stream()
    for name in ("one", "two", "three"):
        panel.call(f"{COLLECTION}/{name}")
    expect(panel.rows()).to_have_count(3)
    keyboard = panel.page.keyboard
    keyboard.press("j")
    keyboard.press("j")
    expect(panel.page.locator("#calls-list [aria-selected=true]")).to_contain_text("two")
    keyboard.press("k")
    expect(panel.page.locator("#calls-list [aria-selected=true]")).to_contain_text("three")
    keyboard.press("/")
    expect(panel.page.get_by_label("Filter the calls")).to_be_focused()
    keyboard.type("jkf?")
    expect(panel.page.get_by_label("Filter the calls")).to_have_value("jkf?")
    expect(panel.page.get_by_role("dialog")).to_have_count(0)
    keyboard.press("Escape")
    keyboard.press("?")
    expect(panel.page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_selected_call_of_the_address_is_shown(panel: Panel) -> None:
    panel.wait_for_stream()
    panel.call(f"{COLLECTION}/wanted", headers={"X-Request-Id": "wanted-1"})
    panel.call(f"{COLLECTION}/other")
    expect(panel.rows()).to_have_count(2)
    panel.rows().filter(has_text="wanted").click()
    assert "call=wanted-1" in panel.page.url
    panel.page.reload()
    expect(panel.page.get_by_role("region", name=f"GET {COLLECTION}/wanted")).to_be_visible()


def test_list_is_windowed_and_bounded(panel: Panel) -> None:
    panel.wait_for_stream()
    with httpx.Client(base_url=panel.address, headers={"Authorization": f"Bearer {panel.token}"}) as client:
        for _ in range(300):
            client.get(ITEM)
    expect(panel.page.locator("#calls-count")).to_have_text("300")
    assert panel.rows().count() < 40
    panel.page.locator("#calls-list").press("End")
    expect(panel.rows().last).to_have_attribute("aria-posinset", "300")
    bounds = panel.page.evaluate(
        """async () => {
          const { CallStore } = await import("/__admin/panel/call_store.js");
          const store = new CallStore(100, 1e6);
          const call = (i) => ({ id: `${i}`, at: i, duration_ms: 1, method: "GET", path: "/", query: "", body: "",
                                 status: i % 2 ? 200 : 404 });
          store.setFilter("", new Set(["4xx"]));
          for (let i = 0; i < 1000; i += 1) store.add([call(i)]);
          return [store.calls.length <= 100, store.shown.length * 2 - store.calls.length, store.calls.at(-1).id,
                  store.dropped + store.calls.length, store.known.size === store.calls.length];
        }"""
    )
    assert bounds[0]
    assert abs(bounds[1]) <= 1
    assert bounds[2:] == ["999", 1000, True]


def test_server_wide_view_shows_everybody_and_a_picked_world_only_its_own(open_panel: OpenPanel) -> None:
    panel = open_panel(fragment="")
    panel.call(f"{COLLECTION}/mine")
    mine = panel.rows().filter(has_text="/mine").filter(has_text="pane…").first
    expect(mine).to_be_visible()
    panel.page.locator("#world").click()
    # The list begins with the sandbox that was used last.
    sandbox_id = panel.page.locator("[data-sandbox]").first.get_attribute("data-sandbox")
    panel.page.locator(f"[data-sandbox='{sandbox_id}']").click()
    expect(panel.rows()).to_have_count(1)
    expect(panel.rows().first).to_contain_text("/mine")
    panel.rows().first.click()
    expect(panel.button("Send again")).to_be_disabled()
    assert f"sandbox={sandbox_id}" in panel.page.url
