/** Save points of the world. */

import { curlButton } from "./clipboard.js";
import { byId, el, replace } from "./dom.js";
import { counted, dateAndTime } from "./format.js";
import { filled } from "./tabs.js";

export class Snapshots {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./undo.js").Undo} undo
   * @param {import("./notices.js").Notices} notices
   * @param {() => void} changed called when the world is another one than before
   */
  constructor(api, undo, notices, changed) {
    this.api = api;
    this.undo = undo;
    this.notices = notices;
    this.changed = changed;
    byId("snapshot-take").addEventListener("click", () => this.#try(async () => {
      await api.post("/snapshots");
      await this.refresh();
    }));
    byId("snapshot-copy").append(curlButton(api, () => ["POST", "/snapshots", {}], "the request for a snapshot"));
  }

  async refresh() {
    await filled(this.api, byId("snapshots-content"), byId("snapshots-message"), async () => {
      const { data } = await this.api.get("/snapshots");
      return () => {
        replace(byId("snapshots-list"), ...data.toReversed().map((each) => this.#item(each)));
        byId("snapshots-none").hidden = data.length > 0;
      };
    });
  }

  #item({ id, at, conversations }) {
    const path = `/snapshots/${encodeURIComponent(id)}`;
    return el("li", { "data-snapshot": id },
      el("strong", {}, id),
      el("span", { class: "number quiet" }, `${dateAndTime(at)}, ${counted(conversations, "conversation")}`),
      el("span", { class: "buttons" },
        el("button", { type: "button", class: "small", "aria-label": `Restore ${id}`, "data-focus": `restore-${id}`, onclick: () => this.#try(
          () => this.undo.around(`Restored ${id}.`, () => this.api.post(`${path}/restore`))) }, "Restore"),
        curlButton(this.api, () => ["POST", `${path}/restore`, {}], `the restore of ${id}`),
        el("button", { type: "button", class: "small", "aria-label": `Delete ${id}`, onclick: () => this.#try(async () => {
          await this.api.remove(path);
          await this.refresh();
        }) }, "Delete"),
        curlButton(this.api, () => ["DELETE", path], `the deletion of ${id}`)));
  }

  async #try(work) {
    try {
      await work();
    } catch (error) {
      this.notices.fail(error.message);
    }
  }
}
