/** The list of calls: live, filtered, and drawn once per frame, only the rows that one sees. */

import { byId, el, oncePerFrame, replace } from "./dom.js";
import { dateAndTime, milliseconds, statusClass, statusText, timeOfDay } from "./format.js";

const ROW = 28; // pixels; panel.css has the same
const SPARE_ROWS = 6;
/** While the list is paused, no more than this many calls wait to be shown; older ones are dropped. */
const MAX_WAITING = 5_000;

export class CallList {
  /**
   * @param {import("./call_store.js").CallStore} store
   * @param {{selected: (call: any) => void, opened: (call: any) => void, filtered: (text: string) => void,
   *   cleared: () => void}} listener
   */
  constructor(store, listener) {
    this.store = store;
    this.listener = listener;
    this.list = byId("calls-list");
    this.rows = byId("calls-rows");
    this.filter = byId("calls-filter");
    this.pauseButton = byId("calls-pause");
    this.classes = new Set();
    this.waiting = [];
    this.isPaused = false;
    this.isLoading = true;
    /** @type {any} */
    this.selected = null;
    this.hasArrived = false;
    this.draw = oncePerFrame(() => this.#draw());

    this.list.addEventListener("scroll", this.draw, { passive: true });
    new ResizeObserver(this.draw).observe(this.list);
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest("[data-index]");
      if (row) this.select(this.store.shown[this.store.shown.length - 1 - Number(row.dataset.index)], true);
    });
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.filter.addEventListener("input", () => this.#filter());
    for (const button of document.querySelectorAll("[data-status]")) {
      button.addEventListener("click", () => this.#toggle(button));
    }
    this.pauseButton.addEventListener("click", () => this.pause(!this.isPaused));
    byId("calls-clear").addEventListener("click", () => this.listener.cleared());
  }

  /** Add calls as they arrive, oldest first. */
  add(calls) {
    if (this.isPaused) {
      this.waiting.push(...calls);
      if (this.waiting.length > MAX_WAITING * 1.2) this.waiting = this.waiting.slice(-MAX_WAITING);
    } else {
      this.#show(calls);
    }
    this.draw();
  }

  #show(calls) {
    const before = this.store.shown.length + this.store.dropped;
    const added = this.store.add(calls);
    // Someone who reads further down keeps their place while new calls come in at the top.
    if (added && this.list.scrollTop > ROW / 2 && before) this.list.scrollTop += added * ROW;
    this.hasArrived = added > 0;
  }

  clear() {
    this.store.clear();
    this.waiting = [];
    this.selected = null;
    this.list.scrollTop = 0;
    this.draw();
  }

  /** Forget the calls of one sandbox (null: those without a token), whose journal was emptied. */
  forget(sandbox) {
    this.waiting = this.waiting.filter((call) => call.sandbox?.id !== sandbox?.id);
    this.store.forget(sandbox);
    if (this.selected && !this.store.calls.includes(this.selected)) this.selected = null;
    this.draw();
  }

  loading(isLoading) {
    this.isLoading = isLoading;
    this.draw();
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    this.pauseButton.setAttribute("aria-pressed", String(isPaused));
    if (!isPaused) {
      this.#show(this.waiting);
      this.waiting = [];
    }
    this.draw();
  }

  setFilter(text) {
    if (this.filter.value === text) return;
    this.filter.value = text;
    this.#filter();
  }

  #filter() {
    this.store.setFilter(this.filter.value, this.classes);
    this.list.scrollTop = 0;
    this.listener.filtered(this.filter.value);
    this.draw();
  }

  #toggle(button) {
    const name = button.dataset.status;
    if (!this.classes.delete(name)) this.classes.add(name);
    button.setAttribute("aria-pressed", String(this.classes.has(name)));
    this.#filter();
  }

  /** Select a call. If `isOpened`, its detail is meant to be seen on narrow screens too. */
  select(call, isOpened = false) {
    if (!call) return;
    this.selected = call;
    this.#reveal(call);
    this.draw();
    this.listener.selected(call);
    if (isOpened) this.listener.opened(call);
  }

  /** Select the call `step` rows further down (the older ones) or up. */
  move(step) {
    const { shown } = this.store;
    if (!shown.length) return;
    const selected = this.selected ? shown.lastIndexOf(this.selected) : -1;
    // Without a selection, the first step down leads to the newest call.
    const at = selected < 0 ? shown.length : selected;
    this.select(shown[Math.min(shown.length - 1, Math.max(0, at - step))]);
  }

  #reveal(call) {
    const at = this.store.shown.lastIndexOf(call);
    if (at < 0) return;
    const top = (this.store.shown.length - 1 - at) * ROW;
    const { scrollTop, clientHeight } = this.list;
    if (top < scrollTop) this.list.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.list.scrollTop = top + ROW - clientHeight;
  }

  #key(event) {
    const pageful = Math.max(1, Math.floor(this.list.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: pageful, PageUp: -pageful, Home: -Infinity, End: Infinity };
    if (event.key in steps && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.move(steps[event.key]);
    }
  }

  #draw() {
    const { shown, calls, dropped } = this.store;
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW) - SPARE_ROWS);
    const last = Math.min(shown.length, Math.ceil((this.list.scrollTop + this.list.clientHeight) / ROW) + SPARE_ROWS);
    this.rows.style.height = `${shown.length * ROW}px`;
    const rows = [];
    for (let index = first; index < last; index += 1) rows.push(this.#row(shown[shown.length - 1 - index], index));
    this.rows.replaceChildren(...rows);
    if (this.hasArrived && this.list.scrollTop < ROW) this.rows.firstElementChild?.classList.add("arrived");
    this.hasArrived = false;

    const at = this.selected ? shown.lastIndexOf(this.selected) : -1;
    const isDrawn = at >= 0 && shown.length - 1 - at >= first && shown.length - 1 - at < last;
    if (isDrawn) this.list.setAttribute("aria-activedescendant", `call-${shown.length - 1 - at}`);
    else this.list.removeAttribute("aria-activedescendant");
    byId("calls-empty").hidden = calls.length > 0 || this.isLoading;
    byId("calls-none").hidden = !(calls.length > 0 && shown.length === 0);
    this.list.hidden = shown.length === 0;
    const total = shown.length === calls.length ? `${calls.length}` : `${shown.length} of ${calls.length}`;
    replace(byId("calls-count"), this.isLoading ? "" : total,
      dropped ? el("span", { title: `${dropped} older calls are no longer shown here` }, "+") : null);
    replace(byId("calls-pause-label"), this.isPaused ? `Resume${this.waiting.length ? ` (${this.waiting.length} new)` : ""}` : "Pause");
  }

  #row(call, index) {
    const isSelected = call === this.selected;
    const why = call.fault ?? (call.delay_ms ? "delay" : "");
    const row = el("div", {
      class: "call", id: `call-${index}`, role: "option", "data-index": index, "aria-selected": isSelected,
      "aria-setsize": this.store.shown.length, "aria-posinset": index + 1,
    },
      el("span", { class: "number time", title: `${dateAndTime(call.at)} on the sandbox's clock` }, timeOfDay(call.at)),
      el("span", { class: "method" }, call.method),
      el("span", { class: "path", title: call.path }, pathOf(call)),
      el("span", { class: "token" }, call.sandbox?.name ?? call.sandbox?.token ?? "no token"),
      why || call.rule ? el("span", { class: "why", title: `${why}${call.rule ? ` by the rule ${call.rule}` : ""}` },
        `⚡ ${call.rule ?? why}`) : null,
      el("span", { class: `status s${statusClass(call.status)}`, title: statusText(call.status) }, signOf(call.status)),
      el("span", { class: "number duration" }, `${milliseconds(call.duration_ms)} ms`));
    row.style.transform = `translateY(${index * ROW}px)`;
    return row;
  }
}

function pathOf(call) {
  return call.query ? `${call.path}?${call.query}` : call.path;
}

/** Return the status with a sign, since colour alone tells some people nothing. */
function signOf(status) {
  if (status === null) return "✕ ---";
  return `${status < 300 ? "✓" : status < 400 ? "→" : status < 500 ? "!" : "✕"} ${status}`;
}
