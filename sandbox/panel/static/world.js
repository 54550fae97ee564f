/** The world that is shown: typed by its token, picked from the list, or the whole server. */

import { byId, el, replace } from "./dom.js";
import { counted } from "./format.js";

export class WorldChooser {
  /**
   * @param {import("./api.js").Api} api
   * @param {(world: import("./api.js").World) => void} chosen
   */
  constructor(api, chosen) {
    this.api = api;
    this.chosen = chosen;
    this.button = byId("world");
    this.dialog = byId("world-dialog");
    this.token = byId("world-token");
    this.button.addEventListener("click", () => this.open());
    byId("world-cancel").addEventListener("click", () => this.dialog.close());
    byId("world-server").addEventListener("click", () => this.#choose({}));
    byId("world-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.token.value.trim()) this.#choose({ token: this.token.value.trim() });
    });
  }

  async open() {
    this.token.value = this.api.world.token ?? "";
    if (!this.dialog.open) this.dialog.showModal();
    this.token.focus();
    replace(byId("world-list"), el("p", { class: "quiet" }, "Loading…"));
    try {
      const { data } = await this.api.get("/sandboxes");
      // The one that was used last is the one that somebody looks for.
      replace(byId("world-list"), data.length
        ? el("ul", { class: "plain" }, ...data.toReversed().map((each) => this.#item(each)))
        : el("p", { class: "quiet" }, "There is none yet. Each bearer token begins its own with its first call."));
    } catch (error) {
      replace(byId("world-list"), el("p", { class: "error", role: "alert" }, error.message));
    }
  }

  /** Show which world is chosen. */
  show(label) {
    const { token, id } = this.api.world;
    replace(byId("world-label"), token ?? label ?? id ?? "all (the whole server)");
    byId("world-label").classList.toggle("quiet", !this.api.hasWorld);
    document.body.dataset.scope = this.api.hasWorld ? "world" : "server";
  }

  #item({ id, token, conversations, requests, idle_seconds: idle }) {
    return el("li", {}, el("button", { type: "button", class: "choice", "data-sandbox": id, onclick: () => this.#choose({ id }, token) },
      el("strong", {}, token),
      el("span", { class: "quiet" }, `${counted(conversations, "conversation")}, ${counted(requests, "call")}, ${idleText(idle)}`)));
  }

  #choose(world, label) {
    this.dialog.close();
    this.chosen(world);
    this.show(label);
  }
}

function idleText(seconds) {
  if (seconds < 2) return "in use now";
  if (seconds < 120) return `idle for ${Math.round(seconds)} s`;
  return `idle for ${Math.round(seconds / 60)} min`;
}
