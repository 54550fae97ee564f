/** The keyboard. No key does anything while someone types, or while a dialog is open. */

import { byId, el, replace } from "./dom.js";

/**
 * @typedef {{key: string, does: string, run: () => void}} Key
 * @param {Key[]} keys
 */
export function startKeys(keys) {
  const dialog = byId("keys-dialog");
  const all = [...keys, { key: "?", does: "show this list", run: () => dialog.showModal() }];
  replace(byId("keys-list"), ...all.flatMap(({ key, does }) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, does)]));
  byId("keys-button").addEventListener("click", () => dialog.showModal());
  byId("keys-close").addEventListener("click", () => dialog.close());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape") {
      if (isTyping(target)) target.blur();
    } else if (isTyping(target) || (event.key === "Enter" && isControl(target))) {
      return;
    }
    const found = all.find(({ key }) => key === (event.key === "Escape" ? "Esc" : event.key));
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}

function isTyping(target) {
  return target.isContentEditable || target.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=range])");
}

/** Enter on a button, a link or a summary is meant for it. */
function isControl(target) {
  return target.matches?.("button, a, summary, input");
}
