"""The data of a world in the panel: conversations, snapshots, clock, export and import, scenario and reset."""

import json
from pathlib import Path
from subprocess import run

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import OpenPanel
from tests.browser.panel import FIRST, ITEM, Panel
from tests.live.conftest import StartServer

pytestmark = pytest.mark.needs("chromium")

READ_AGAIN_MILLISECONDS = 3_000
"""The interval at which the panel reads conversations that change by themselves; tests need not wait for it."""


def rows(panel: Panel) -> Locator:
    """Return the conversations that the table shows."""
    return panel.page.locator("#conversations-rows tr")


def test_conversations_are_paged_and_filtered(panel: Panel) -> None:
    expect(panel.page.get_by_text("1–20 of 120 conversations")).to_be_visible()
    panel.button("Next page").click()
    expect(panel.page.get_by_text("21–40 of 120 conversations")).to_be_visible()
    panel.page.get_by_label("Filter the conversations").fill(FIRST.lower())
    expect(rows(panel)).to_have_count(1)
    panel.page.get_by_label("Filter the conversations").fill("")
    panel.button("muted").click()
    panel.button("pinned").click()
    muted_and_pinned = [
        each for each in panel.control("/state")["conversations"] if each["is_muted"] and each["is_pinned"]
    ]
    expect(panel.page.locator("#conversations-place")).to_contain_text(
        f"of {len(muted_and_pinned)} conversation"
    )


def test_conversation_is_created_changed_and_deleted_with_undo(panel: Panel) -> None:
    panel.button("New conversation").click()
    form = panel.page.locator("#conversation-form")
    form.get_by_label("contact_id").fill("made-here")
    form.get_by_label("created_at", exact=True).fill("4000000000")
    panel.button("Save the conversation").click()
    made = rows(panel).first
    expect(made).to_contain_text("made-here")
    made.get_by_role("button", name="Edit").click()
    form.get_by_label("is_muted").check()
    form.get_by_label("last_active_at", exact=True).fill("5")
    panel.button("Save the conversation").click()
    expect(made).to_contain_text("yes")
    first = panel.control("/state")["conversations"][0]
    assert (first["contact_id"], first["is_muted"], first["last_active_at"]) == ("made-here", True, 5)
    made.get_by_role("button", name="Delete").click()
    expect(rows(panel).first).to_contain_text(FIRST)
    panel.button("Undo").click()
    expect(rows(panel).first).to_contain_text("made-here")
    expect(panel.page.get_by_text("Undone.")).to_be_visible()
    assert panel.control("/snapshots")["data"] == []


def test_table_follows_the_writes_of_the_client(panel: Panel) -> None:
    expect(rows(panel).first).to_contain_text(FIRST)
    panel.call(ITEM, "DELETE")
    expect(rows(panel).first).not_to_contain_text(FIRST)


def test_table_follows_the_pulse_of_the_server(start: StartServer, open_panel: OpenPanel) -> None:
    panel = open_panel(start("--scenario", "documented", "--pulse"))
    panel.page.clock.install()
    panel.page.reload()
    row = rows(panel).first
    expect(row).to_contain_text(FIRST)
    before = row.inner_text()
    panel.client.put("/__admin/clock", json={"action": "advance", "seconds": 86_400}).raise_for_status()
    panel.page.clock.fast_forward(READ_AGAIN_MILLISECONDS)
    expect(row).not_to_have_text(before, use_inner_text=True)
    expect(row).to_contain_text(FIRST)


def test_reset_goes_to_the_chosen_scenario_and_is_undone(panel: Panel) -> None:
    panel.call(ITEM, "DELETE")
    panel.page.get_by_label("Scenario").select_option("blank")
    panel.button("Reset").click()
    expect(panel.page.get_by_text("Reset to the scenario blank.")).to_be_visible()
    expect(panel.page.get_by_text("This world has no conversations yet.")).to_be_visible()
    expect(panel.page.locator("#clock")).to_contain_text("frozen")
    panel.button("Undo").click()
    expect(panel.page.get_by_text("of 119 conversations")).to_be_visible()


def test_snapshot_is_taken_restored_and_deleted(panel: Panel) -> None:
    panel.page.get_by_role("tab", name="Snapshots").click()
    expect(panel.page.get_by_text("No snapshots yet.")).to_be_visible()
    panel.button("Take a snapshot").click()
    expect(panel.page.locator("[data-snapshot]")).to_have_count(1)
    panel.call(ITEM, "DELETE")
    panel.page.get_by_role("button", name="Restore snapshot-").click()
    expect(panel.page.get_by_text("Restored snapshot-")).to_be_visible()
    restored = panel.call()
    assert restored is not None
    assert restored.status_code == 200
    panel.button("Undo").click()
    expect(panel.page.get_by_text("Undone.")).to_be_visible()
    gone = panel.call()
    assert gone is not None
    assert gone.status_code == 404
    expect(panel.page.locator("[data-snapshot]")).to_have_count(1)
    panel.page.get_by_role("button", name="Delete snapshot-").click()
    expect(panel.page.get_by_text("No snapshots yet.")).to_be_visible()


def test_clock_is_frozen_advanced_and_resumed(panel: Panel) -> None:
    panel.page.get_by_role("tab", name="Clock").click()
    panel.page.get_by_label("Freeze at").fill("2031-02-03T04:05:06")
    panel.button("Freeze there").click()
    expect(panel.page.locator("#clock-now")).to_have_text("2031-02-03 04:05:06")
    expect(panel.page.locator("#clock")).to_have_text("04:05:06 ❙❙ frozen")
    panel.button("+ 1 hour").click()
    expect(panel.page.locator("#clock-now")).to_have_text("2031-02-03 05:05:06")
    panel.page.get_by_label("Advance by").locator("visible=true").last.fill("30")
    panel.button("Advance").click()
    expect(panel.page.locator("#clock-now")).to_have_text("2031-02-03 05:05:36")
    assert panel.control("/clock")["frozen"]
    panel.button("Resume").click()
    expect(panel.page.locator("#clock")).to_contain_text("running")
    panel.button("Freeze").click()
    expect(panel.page.locator("#clock")).to_contain_text("frozen")


@pytest.mark.needs("curl")
def test_requests_that_are_copied_do_what_the_controls_beside_them_do(open_panel: OpenPanel) -> None:
    panel = open_panel(permissions=["clipboard-read", "clipboard-write"])

    def copy_and_run(button: str) -> None:
        panel.button(button).click()
        command = panel.page.evaluate("navigator.clipboard.readText()")
        run(["sh", "-c", f"{command} --fail"], check=True, capture_output=True, timeout=30)

    panel.page.get_by_role("tab", name="Snapshots").click()
    copy_and_run("Copy the request for a snapshot as curl")
    (taken,) = panel.control("/snapshots")["data"]
    panel.page.get_by_role("tab", name="Snapshots").click()
    panel.call(ITEM, "DELETE")
    copy_and_run(f"Copy the restore of {taken['id']} as curl")
    assert panel.client.get(ITEM).status_code == 200
    copy_and_run(f"Copy the deletion of {taken['id']} as curl")
    assert panel.control("/snapshots")["data"] == []

    panel.page.get_by_role("tab", name="Clock").click()
    copy_and_run("Copy the freeze or resume as curl")
    frozen = panel.control("/clock")
    assert frozen["frozen"]
    panel.button("+ 1 minute").click()
    expect(panel.page.get_by_label("Advance by").locator("visible=true").last).to_have_value("60")
    copy_and_run("Copy the advance as curl")
    assert panel.control("/clock")["now"] == pytest.approx(frozen["now"] + 120)
    copy_and_run("Copy the freeze or resume as curl")
    assert not panel.control("/clock")["frozen"]
    panel.page.get_by_label("Freeze at").fill("2031-02-03T04:05:06")
    copy_and_run("Copy the freeze there as curl")
    assert panel.page.evaluate("new Date('2031-02-03T04:05:06') / 1000") == panel.control("/clock")["now"]

    panel.page.get_by_label("Scenario").select_option("documented")
    copy_and_run("Copy the reset as curl")
    assert len(panel.control("/state")["conversations"]) == 2


def test_world_is_exported_to_a_file_and_imported_from_it(panel: Panel, tmp_path: Path) -> None:
    panel.page.get_by_role("tab", name="Export and import").click()
    with panel.page.expect_download() as download:
        panel.button("Export to a file").click()
    file = tmp_path / "sandbox.json"
    download.value.save_as(file)
    assert len(json.loads(file.read_text())["conversations"]) == 120
    panel.call(ITEM, "DELETE")
    panel.page.get_by_label("File to import").set_input_files(file)
    expect(panel.page.get_by_text("Imported sandbox.json.")).to_be_visible()
    assert panel.client.get(ITEM).status_code == 200
    panel.button("Undo").click()
    expect(panel.page.get_by_text("Undone.")).to_be_visible()
    assert panel.client.get(ITEM).status_code == 404


def test_invalid_file_is_refused_with_the_message_of_the_server(panel: Panel, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"version": 1}')
    panel.page.get_by_role("tab", name="Export and import").click()
    panel.expected_errors.append("400")
    panel.page.get_by_label("File to import").set_input_files(file)
    expect(panel.page.locator(".notice.error")).to_contain_text("other.json: ")
    assert panel.control("/snapshots")["data"] == []


def test_failure_is_said_once_the_snapshot_for_undo_is_deleted(open_panel: OpenPanel, tmp_path: Path) -> None:
    panel = open_panel()
    file = tmp_path / "other.json"
    file.write_text('{"version": 1}')
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "DELETE":
            held.append(route)
        else:
            route.continue_()

    panel.page.route("**/__admin/snapshots/*", hold)
    panel.page.get_by_role("tab", name="Export and import").click()
    panel.expected_errors.append("400")
    with panel.page.expect_request(lambda request: request.method == "DELETE"):
        panel.page.get_by_label("File to import").set_input_files(file)
    notice = panel.page.locator(".notice.error")
    expect(notice).to_have_count(0)
    held.pop().continue_()
    expect(notice).to_contain_text("other.json: ")
    assert panel.control("/snapshots")["data"] == []


def test_whole_server_has_no_data_of_its_own(open_panel: OpenPanel) -> None:
    panel = open_panel(fragment="")
    expect(panel.page.locator("#conversations-message")).to_have_text(
        "This belongs to one world. Choose one at the top of the page."
    )
    panel.page.locator("#world").click()
    panel.page.get_by_label("Bearer token of your client").fill(panel.token)
    panel.button("Show it").click()
    expect(rows(panel)).to_have_count(20)
    assert f"world={panel.token}" in panel.page.url
