/** What the panel has to say: done, failed, and "undo" for a minute. */

import { byId, el } from "./dom.js";

const SHOWN = 4_000;

export class Notices {
  constructor() {
    this.place = byId("notices");
  }

  /** Say that something is done; it disappears by itself. */
  say(text) {
    const notice = this.#add("notice", text);
    setTimeout(() => notice.remove(), SHOWN);
  }

  /** Say that something failed; it stays until it is dismissed or something else fails. */
  fail(text) {
    this.place.querySelector(".notice.error")?.remove();
    const notice = this.#add("notice error", text);
    notice.append(el("button", { type: "button", class: "small", onclick: () => notice.remove() }, "Dismiss"));
  }

  /** Offer something for a while. `chosen` may return a promise; `passed` is called if nobody wants it. */
  offer(text, label, milliseconds, chosen, passed) {
    const notice = this.#add("notice", text);
    const end = () => {
      clearTimeout(timer);
      notice.remove();
    };
    const timer = setTimeout(() => {
      end();
      passed();
    }, milliseconds);
    notice.append(
      el("button", { type: "button", class: "small primary", onclick: () => { end(); chosen(); } }, label),
      el("button", { type: "button", class: "small", "aria-label": `Keep it: ${text}`, onclick: () => { end(); passed(); } }, "Keep"),
    );
  }

  #add(name, text) {
    const notice = el("div", { class: name }, el("span", {}, text));
    this.place.append(notice);
    return notice;
  }
}
