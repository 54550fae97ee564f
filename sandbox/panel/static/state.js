/** The whole world as a file, out and in. */

import { byId, el } from "./dom.js";
import { counted } from "./format.js";
import { filled } from "./tabs.js";

export class StateFile {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./undo.js").Undo} undo
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, undo, notices) {
    this.api = api;
    this.undo = undo;
    this.notices = notices;
    const file = byId("state-file");
    byId("state-export").addEventListener("click", () => this.#export());
    byId("state-import").addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      if (file.files[0]) await this.#import(file.files[0]);
      file.value = "";
    });
  }

  async refresh() {
    await filled(this.api, byId("state-content"), byId("state-message"), async () => () => {});
  }

  async #export() {
    try {
      const state = await this.api.get("/state");
      const url = URL.createObjectURL(new Blob([JSON.stringify(state, null, 1)], { type: "application/json" }));
      el("a", { href: url, download: "sandbox.json" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      this.notices.say(`Exported ${counted(state.conversations.length, "conversation")}.`);
    } catch (error) {
      this.notices.fail(error.message);
    }
  }

  async #import(file) {
    try {
      // Sent as it is: the server says what is wrong with a file better than a parser here.
      const text = await file.text();
      await this.undo.around(`Imported ${file.name}.`, () => this.api.put("/state", text));
    } catch (error) {
      this.notices.fail(`${file.name}: ${error.message}`);
    }
  }
}
