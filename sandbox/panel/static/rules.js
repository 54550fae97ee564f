/** The list of rules: in the order in which they are tried, each with what it has counted. */

import { byId, el, replace } from "./dom.js";
import { documentOf, isSlider } from "./rule_book.js";
import { conditionOf, effectOf } from "./rule_text.js";

const UNDO = 60_000;

export class RuleTable {
  /**
   * @param {import("./rule_book.js").RuleBook} book
   * @param {import("./rule_form.js").RuleForm} form
   * @param {import("./notices.js").Notices} notices
   */
  constructor(book, form, notices) {
    this.book = book;
    this.form = form;
    this.notices = notices;
    this.place = byId("rules");
    this.drawn = "";
    byId("add-rule").addEventListener("click", () => form.open(null));
    book.watch(() => this.draw());
  }

  draw() {
    const { rules, error, isLoaded } = this.book;
    byId("rules-empty").hidden = rules.length > 0 || !isLoaded || Boolean(error);
    byId("rules-error").hidden = !error;
    replace(byId("rules-error"), error?.message ?? "");
    // Counters change with every call; the buttons under someone's pointer shall not.
    const shape = JSON.stringify(rules.map((rule) => [rule.id, documentOf(rule)]));
    if (shape === this.drawn) this.#count(rules);
    else replace(this.place, ...rules.map((rule, place) => this.#row(rule, place, rules.length)));
    this.drawn = shape;
  }

  #count(rules) {
    for (const rule of rules) {
      const counter = this.place.querySelector(`[data-counter="${CSS.escape(rule.id)}"]`);
      if (counter && counter.textContent !== counts(rule)) counter.textContent = counts(rule);
    }
  }

  #row(rule, place, total) {
    const name = rule.name ?? rule.id;
    const isOn = rule.enabled !== false;
    const button = (text, label, run, isDisabled = false) => el("button", {
      type: "button", class: "small icon", "aria-label": `${label} ${name}`, title: `${label} ${name}`,
      "data-focus": `${label}-${rule.id}`, disabled: isDisabled, onclick: () => this.#try(run),
    }, text);
    return el("li", { class: isOn ? "rule" : "rule off", "data-rule": rule.id },
      el("span", { class: "number place" }, place + 1),
      el("input", {
        type: "checkbox", "aria-label": `${name} is on`, "data-focus": `on-${rule.id}`, checked: isOn,
        onchange: (event) => this.#try(() => this.book.switch(rule.id, event.target.checked)),
      }),
      el("span", { class: "what" }, el("strong", {}, name), isOn ? null : el("span", { class: "quiet" }, " (off)"), " ",
        el("span", { class: "effect" }, effectOf(rule)), el("span", { class: "condition quiet" }, conditionOf(rule))),
      el("span", { class: "number counts", title: "calls that it matched / calls that it fired for", "data-counter": rule.id }, counts(rule)),
      el("span", { class: "buttons" },
        button("↑", "Move up", () => this.book.moveTo(rule.id, place - 1), place === 0),
        button("↓", "Move down", () => this.book.moveTo(rule.id, place + 1), place === total - 1),
        button("✎", "Edit", async () => this.form.open(rule)),
        button("✕", "Delete", () => this.#remove(rule, place))));
  }

  async #remove(rule, place) {
    await this.book.remove(rule.id);
    if (isSlider(rule)) return;
    // Only the rule is added again. A snapshot would also take back what the client did meanwhile.
    const { world } = this.book.api;
    this.notices.offer(`The rule “${rule.name ?? rule.id}” is deleted.`, "Undo", UNDO, () => this.#try(async () => {
      if (this.book.api.world !== world) return;
      const { id } = await this.book.api.post("/faults", documentOf(rule));
      await this.book.refresh();
      await this.book.moveTo(id, place);
    }), () => {});
  }

  async #try(work) {
    try {
      await work();
    } catch (error) {
      this.notices.fail(error.message);
    }
  }
}

const counts = (rule) => `${rule.matched.toLocaleString("en")} / ${rule.fired.toLocaleString("en")}`;
