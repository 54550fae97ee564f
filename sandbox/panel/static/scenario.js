/** The scenario, and the reset to it. */

import { curlButton } from "./clipboard.js";
import { byId, el, replace } from "./dom.js";

export class ScenarioChooser {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./undo.js").Undo} undo
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, undo, notices) {
    this.api = api;
    this.undo = undo;
    this.notices = notices;
    this.select = byId("scenario");
    byId("reset").addEventListener("click", () => this.reset());
    byId("reset-copy").append(curlButton(api, () => this.#request(), "the reset"));
  }

  async load() {
    const { data } = await this.api.get("/scenarios");
    replace(this.select, el("option", { value: "" }, "the server's"),
      ...data.map(({ name, description, size }) => el("option", { value: name, title: description }, `${name} (${size.toLocaleString("en")})`)));
  }

  show() {
    byId("reset").disabled = !this.api.hasWorld;
    byId("reset").title = this.api.hasWorld ? "Conversations, rules, journal and clock back to the start" : "Choose a world to reset it";
    this.select.disabled = !this.api.hasWorld;
  }

  async reset() {
    if (!this.api.hasWorld) return;
    const scenario = this.select.value;
    try {
      await this.undo.around(scenario ? `Reset to the scenario ${scenario}.` : "Reset to the server's scenario.",
        () => this.api.call(...this.#request()));
    } catch (error) {
      this.notices.fail(error.message);
    }
  }

  /** @returns {[string, string, any]} */
  #request() {
    const scenario = this.select.value;
    return ["POST", "/reset", scenario ? { scenario } : {}];
  }
}
