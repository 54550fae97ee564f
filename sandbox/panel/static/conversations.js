/** The conversations of the world: a table that is filtered and paged in the browser. */

import { byId, el, replace } from "./dom.js";
import { counted, dateAndTime } from "./format.js";
import { filled } from "./tabs.js";

const PAGE = 20;
const FLAGS = { pinned: (each) => each.is_pinned, muted: (each) => each.is_muted, archived: (each) => each.archived_at !== null };

export class Conversations {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./conversation_form.js").ConversationForm} form
   * @param {import("./undo.js").Undo} undo
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, form, undo, notices) {
    this.api = api;
    this.form = form;
    this.undo = undo;
    this.notices = notices;
    this.all = [];
    this.page = 0;
    this.flags = new Set();
    this.filter = byId("conversations-filter");
    this.filter.addEventListener("input", () => this.#first());
    for (const button of document.querySelectorAll("[data-flag]")) {
      button.addEventListener("click", () => {
        const name = button.dataset.flag;
        if (!this.flags.delete(name)) this.flags.add(name);
        button.setAttribute("aria-pressed", String(this.flags.has(name)));
        this.#first();
      });
    }
    byId("conversations-previous").addEventListener("click", () => this.#turn(-1));
    byId("conversations-next").addEventListener("click", () => this.#turn(1));
    byId("conversations-add").addEventListener("click", () => form.open(null));
    form.saved = () => this.refresh();
  }

  async refresh() {
    await filled(this.api, byId("conversations-content"), byId("conversations-message"), async () => {
      const { conversations } = await this.api.get("/state");
      return () => {
        this.all = conversations;
        this.draw();
      };
    });
    replace(byId("conversations-total"), this.api.hasWorld ? this.all.length.toLocaleString("en") : "");
  }

  #first() {
    this.page = 0;
    this.draw();
  }

  #turn(step) {
    this.page += step;
    this.draw();
  }

  draw() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.all.filter((each) => [...this.flags].every((name) => FLAGS[name](each)) && words.every((word) => textOf(each).includes(word)));
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    this.page = Math.min(this.page, pages - 1);
    const shown = found.slice(this.page * PAGE, (this.page + 1) * PAGE);
    replace(byId("conversations-rows"), ...shown.map((each) => this.#row(each)));
    byId("conversations-table").hidden = !shown.length;
    const none = byId("conversations-none");
    none.hidden = shown.length > 0;
    replace(none, this.all.length ? "No conversation matches the filter." : "This world has no conversations yet.");
    replace(byId("conversations-place"), shown.length ? `${this.page * PAGE + 1}–${this.page * PAGE + shown.length} of ${counted(found.length, "conversation")}` : "");
    byId("conversations-previous").disabled = this.page === 0;
    byId("conversations-next").disabled = this.page >= pages - 1;
  }

  #row(each) {
    const time = (seconds) => el("td", { class: "number", title: seconds ?? "" }, seconds === null ? "–" : dateAndTime(seconds));
    const flag = (isSet) => el("td", {}, isSet ? "yes" : el("span", { class: "quiet" }, "no"));
    const text = (value) => el("td", { class: "id" }, value ?? el("span", { class: "quiet" }, "–"));
    return el("tr", { "data-conversation": each.id },
      el("th", { scope: "row", class: "id" }, each.id), text(each.contact_id), text(each.group_id),
      flag(each.is_pinned), flag(each.is_muted), time(each.created_at), time(each.last_active_at), time(each.last_opened_at), time(each.archived_at),
      el("td", { class: "buttons" },
        el("button", { type: "button", class: "small", "aria-label": `Edit ${each.id}`, "data-focus": `edit-${each.id}`, onclick: () => this.form.open(each) }, "Edit"),
        el("button", { type: "button", class: "small", "aria-label": `Delete ${each.id}`, "data-focus": `delete-${each.id}`, onclick: () => this.#remove(each) }, "Delete")));
  }

  async #remove(each) {
    try {
      await this.undo.around(`The conversation ${each.id} is deleted.`,
        () => this.api.remove(`/conversations/${encodeURIComponent(each.id)}`));
    } catch (error) {
      this.notices.fail(error.message);
    }
  }
}

function textOf(each) {
  return `${each.id} ${each.contact_id ?? ""} ${each.group_id ?? ""} ${each.pinned_message_id ?? ""}`.toLowerCase();
}
