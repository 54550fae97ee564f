/** The tabs at the foot of the page. A part is read when its tab is opened, and again when it may have changed. */

import { byId } from "./dom.js";

/**
 * @typedef {{refresh: () => Promise<void> | void}} Part
 */
export class Tabs {
  /** @param {Record<string, Part>} parts by the name of the tab */
  constructor(parts) {
    this.parts = parts;
    this.tabs = [...document.querySelectorAll("[role=tab]")].map((tab) => /** @type {HTMLElement} */ (tab));
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.open(tab));
      tab.addEventListener("keydown", (event) => this.#key(event, tab));
    }
    this.current = this.tabs[0];
  }

  open(tab) {
    this.current = tab;
    for (const each of this.tabs) {
      const isOpen = each === tab;
      each.setAttribute("aria-selected", String(isOpen));
      each.tabIndex = isOpen ? 0 : -1;
      byId(/** @type {string} */ (each.getAttribute("aria-controls"))).hidden = !isOpen;
    }
    this.refresh();
  }

  /** Read the open part anew. */
  refresh() {
    this.parts[this.current.dataset.tab ?? ""]?.refresh();
  }

  #key(event, tab) {
    const at = this.tabs.indexOf(tab);
    const places = { ArrowRight: at + 1, ArrowLeft: at - 1 + this.tabs.length, Home: 0, End: this.tabs.length - 1 };
    if (!(event.key in places)) return;
    event.preventDefault();
    const next = this.tabs[places[event.key] % this.tabs.length];
    this.open(next);
    next.focus();
  }
}

/**
 * Show in `place` what a part has to say instead of its content: that a world must be chosen, or what failed.
 * Return whether the content may be shown.
 */
export async function filled(api, content, message, load) {
  if (!api.hasWorld) {
    content.hidden = true;
    message.hidden = false;
    message.className = "empty";
    message.textContent = "This belongs to one world. Choose one at the top of the page.";
    return;
  }
  const { world } = api;
  try {
    const show = await load();
    if (world !== api.world) return;
    show();
    content.hidden = false;
    message.hidden = true;
  } catch (error) {
    if (world !== api.world) return;
    content.hidden = true;
    message.hidden = false;
    message.className = "error";
    message.textContent = error.message;
  }
}
