/** Presets: one press and the network is bad, another and it is good again. */

import { byId, el, replace } from "./dom.js";

export class Presets {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./rule_book.js").RuleBook} book
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, book, notices) {
    this.api = api;
    this.book = book;
    this.notices = notices;
    this.presets = [];
    this.place = byId("presets");
    book.watch(() => this.draw());
  }

  async load() {
    this.presets = (await this.api.get("/presets")).data;
    this.draw();
  }

  draw() {
    replace(this.place, ...this.presets.map(({ name, description }) => {
      const isOn = this.#isOn(name);
      return el("button", {
        type: "button", class: "toggle", "data-preset": name, "data-focus": `preset-${name}`, title: description,
        "aria-pressed": isOn, onclick: () => this.#toggle(name, isOn),
      }, labelOf(name));
    }));
    const on = this.presets.filter(({ name }) => this.#isOn(name));
    replace(byId("preset-description"), on.map(({ description }) => description).join(" ") || "Press one to apply it at once to every call.");
  }

  #isOn(name) {
    const rule = this.book.named(name);
    return rule !== undefined && rule.enabled !== false;
  }

  async #toggle(name, isOn) {
    try {
      const rule = this.book.named(name);
      // The last one that was pressed is tried first: what one has just switched on is what happens.
      if (!rule) await this.book.add({ preset: name }, { first: true });
      else if (isOn) await this.book.switch(rule.id, false);
      else {
        await this.book.switch(rule.id, true);
        await this.book.moveTo(rule.id, 0);
      }
    } catch (error) {
      this.notices.fail(error.message);
    }
  }
}

function labelOf(name) {
  const text = name.replaceAll("-", " ").replace("3g", "3G");
  return text[0].toUpperCase() + text.slice(1);
}
