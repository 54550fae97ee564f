/** The form of a conversation: every attribute, the read-only ones too. */

import { byId, el, replace } from "./dom.js";
import { copyButton } from "./clipboard.js";
import { dateAndTime } from "./format.js";

const TEXTS = ["contact_id", "group_id", "pinned_message_id"];
const FLAGS = ["is_pinned", "is_muted"];
const TIMES = ["created_at", "last_active_at", "last_opened_at", "archived_at"];
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export class ConversationForm {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    this.saved = () => {};
    this.dialog = byId("conversation-dialog");
    this.form = byId("conversation-form");
    /** @type {any} */
    this.conversation = null;
    for (const name of TIMES) {
      const place = byId(`conversation-${name}`);
      place.append(el("button", { type: "button", class: "small", "aria-label": `Set ${name} to now`, onclick: () => this.#now(name) }, "now"));
    }
    this.form.addEventListener("input", () => this.#preview());
    this.form.addEventListener("submit", (event) => this.#submit(event));
    byId("conversation-cancel").addEventListener("click", () => this.dialog.close());
    byId("conversation-preview-copy").append(copyButton(() => this.#curl(), "Copy the request as curl"));
  }

  #field(name) {
    return this.form.elements.namedItem(name);
  }

  /** Open the form for a conversation, or with null for a new one. */
  open(conversation) {
    this.conversation = conversation;
    const values = conversation ?? { id: newId() };
    this.#field("id").value = values.id;
    this.#field("id").readOnly = Boolean(conversation);
    for (const name of [...TEXTS, ...TIMES]) this.#field(name).value = values[name] ?? "";
    for (const name of FLAGS) this.#field(name).checked = Boolean(values[name]);
    replace(byId("conversation-title"), conversation ? "Edit the conversation" : "New conversation");
    this.#fail("");
    this.#preview();
    if (!this.dialog.open) this.dialog.showModal();
    this.#field("contact_id").focus();
  }

  async #now(name) {
    const { now } = await this.api.get("/clock");
    this.#field(name).value = String(Math.floor(now));
    this.#preview();
  }

  #document() {
    const document = {};
    for (const name of TEXTS) document[name] = this.#field(name).value.trim() || null;
    for (const name of FLAGS) document[name] = this.#field(name).checked;
    for (const name of TIMES) {
      const text = this.#field(name).value.trim();
      if (text) document[name] = Number.isFinite(Number(text)) ? Number(text) : text;
      else if (name !== "created_at") document[name] = null;
    }
    return document;
  }

  get #path() {
    return `/conversations/${encodeURIComponent(this.#field("id").value.trim())}`;
  }

  #curl() {
    return this.api.curl("PUT", this.#path, this.#document());
  }

  #preview() {
    replace(byId("conversation-preview"), this.#curl());
    for (const name of TIMES) replace(byId(`conversation-${name}-text`), dateAndTime(this.#field(name).value || null));
  }

  async #submit(event) {
    event.preventDefault();
    try {
      await this.api.put(this.#path, this.#document());
      this.dialog.close();
      this.saved();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #fail(message) {
    const place = byId("conversation-error");
    place.hidden = !message;
    replace(place, message);
  }
}

/** Return an id as the API makes them: 16 letters and digits. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
