/** The panel: its parts, and what one has to tell another. */

import { startAdminToken } from "./admin_token.js";
import { Api } from "./api.js";
import { CallList } from "./calls.js";
import { CallStore } from "./call_store.js";
import { copyButton } from "./clipboard.js";
import { Clock } from "./clock.js";
import { ConversationForm } from "./conversation_form.js";
import { Conversations } from "./conversations.js";
import { Sliders } from "./delay.js";
import { Detail } from "./detail.js";
import { byId, replace, throttled } from "./dom.js";
import { readFragment, watchFragment, writeFragment } from "./fragment.js";
import { startKeys } from "./keys.js";
import { counted, timeOfDay } from "./format.js";
import { Notices } from "./notices.js";
import { Presets } from "./presets.js";
import { RuleBook } from "./rule_book.js";
import { RuleForm } from "./rule_form.js";
import { RuleTable } from "./rules.js";
import { ScenarioChooser } from "./scenario.js";
import { Snapshots } from "./snapshots.js";
import { StateFile } from "./state.js";
import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { Undo } from "./undo.js";
import { WorldChooser } from "./world.js";

/** With a pulse, a table of no more conversations is kept up to date. */
const MAX_FOLLOWED = 1_000;

const api = new Api();
startTheme();
startAdminToken(api);

const notices = new Notices();
const store = new CallStore();
const book = new RuleBook(api);
const undo = new Undo(api, notices, () => refreshAll());
const ruleForm = new RuleForm(api, book);
new RuleTable(book, ruleForm, notices);
const presets = new Presets(api, book, notices);
const sliders = new Sliders(api, book, store, notices);
const scenario = new ScenarioChooser(api, undo, notices);
const clock = new Clock(api, notices);
const conversations = new Conversations(api, new ConversationForm(api), undo, notices);
const snapshots = new Snapshots(api, undo, notices, () => refreshAll());
const tabs = new Tabs({ conversations, snapshots, clock, state: new StateFile(api, undo, notices) });

const detail = new Detail(api, {
  sent: ({ id }) => (awaited = id),
  makeFail: (call) => ruleForm.openFor(call),
  closed: () => byId("calls-list").focus(),
}, notices);

const calls = new CallList(store, {
  selected: (call) => {
    detail.show(call);
    writeFragment({ call: call.id });
  },
  opened: () => detail.open(),
  filtered: (text) => writeFragment({ filter: text }),
  cleared: async () => {
    try {
      await api.remove("/requests");
    } catch (error) {
      notices.fail(error.message);
    }
  },
});

/** The id of a call that is selected as soon as it arrives: it was just sent again, or the address names it. */
let awaited = /** @type {string | null} */ (null);
let lostAt = 0;

// What calls change is read again, but not for each of them.
const refreshRules = throttled(() => book.refresh(), 1_000);
const refreshTab = throttled(() => tabs.current.dataset.tab === "conversations" && tabs.refresh(), 2_000);

const stream = new Stream(api, {
  received,
  cleared: (sandbox) => {
    calls.forget(sandbox);
    if (detail.call && !store.calls.includes(detail.call)) detail.show(null);
  },
  dropped: (count) => count && notices.say(`${counted(count, "call")} came faster than they could be shown.`),
  changed: (state, message) => showConnection(state, message),
});

function received(arrived) {
  calls.add(arrived);
  sliders.measure();
  if (arrived.length) {
    refreshRules();
    if (arrived.some((call) => call.method !== "GET" && call.status < 400)) refreshTab();
  }
  const found = awaited && store.find(awaited);
  if (found) {
    awaited = null;
    calls.select(found);
  }
}

function showConnection(state, message) {
  const line = byId("connection");
  if (state === "open") {
    calls.loading(false);
    if (lostAt) refreshAll();
    lostAt = 0;
    line.hidden = true;
  } else if (state === "lost") {
    lostAt ||= Date.now() / 1000;
    replace(line, `The connection to the sandbox is lost since ${timeOfDay(lostAt)}. Trying again…`);
    line.hidden = false;
  } else if (state === "failed") {
    calls.loading(false);
    replace(line, `The calls cannot be shown: ${message}`);
    line.hidden = false;
  }
}

function refreshAll() {
  book.refresh();
  clock.refresh();
  tabs.refresh();
}

/** @param {import("./api.js").World} world */
function enter(world) {
  api.world = world;
  writeFragment({ world: world.token ?? "", sandbox: world.id ?? "", call: "" });
  calls.clear();
  calls.loading(true);
  detail.show(null);
  worlds.show();
  scenario.show();
  showExample();
  stream.start();
  refreshAll();
}

const worlds = new WorldChooser(api, enter);

function showExample() {
  const text = `curl -s ${api.origin}${api.root}/v1/conversations -H "Authorization: Bearer ${api.world.token ?? "me"}"`;
  replace(byId("example"), text);
  replace(byId("address"), `${api.origin}${api.root}/v1`);
}
byId("example-copy").append(copyButton(() => byId("example").textContent, "Copy the example"));

function follow({ world, sandbox, filter, call }) {
  const wanted = { ...(world ? { token: world } : sandbox ? { id: sandbox } : {}) };
  calls.setFilter(filter ?? "");
  if (JSON.stringify(wanted) !== JSON.stringify(api.world) || !hasStarted) enter(wanted);
  hasStarted = true;
  awaited = call ?? null;
  if (call) {
    writeFragment({ call });
    const found = store.find(call);
    if (found) calls.select(found);
  }
}
let hasStarted = false;

startKeys([
  { key: "/", does: "filter the calls", run: () => byId("calls-filter").focus() },
  { key: "j", does: "next call", run: () => calls.move(1) },
  { key: "k", does: "previous call", run: () => calls.move(-1) },
  { key: "Enter", does: "show the detail", run: () => calls.selected && detail.open() },
  { key: "c", does: "copy the call as curl", run: () => detail.copyCurl() },
  { key: "f", does: "make the call fail", run: () => calls.selected && ruleForm.openFor(calls.selected) },
  { key: "p", does: "pause or resume the list", run: () => calls.pause(!calls.isPaused) },
  { key: "r", does: "reset the world", run: () => scenario.reset() },
  { key: "Esc", does: "back to the list", run: () => detail.close() },
]);

watchFragment(follow);
follow(readFragment());
for (const part of [presets, scenario]) part.load().catch((error) => notices.fail(error.message));

/** Read the conversations again and again if they change without a call, which no stream tells. */
async function followPulse() {
  const { on } = await api.get("/health");
  if (!on.some((each) => each.startsWith("pulse"))) return;
  setInterval(() => !document.hidden && conversations.all.length <= MAX_FOLLOWED && refreshTab(), 3_000);
}
followPulse().catch((error) => notices.fail(error.message));
