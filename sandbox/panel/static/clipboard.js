/** Copying text. */

import { el } from "./dom.js";

/** Copy `text`, also where the page has no clipboard because it came over plain HTTP from another machine. */
export async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return;
    } catch {
      // The browser asks for a permission that was refused: the old way needs none.
    }
  }
  const area = el("textarea", { value: text, readonly: true, "aria-hidden": "true", class: "offscreen" });
  const active = /** @type {HTMLElement} */ (document.activeElement);
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  active?.focus();
}

/** Return a button that copies what `text` returns, and says so for a moment. */
export function copyButton(text, label, shown = "Copy") {
  const button = el("button", { type: "button", class: "small", "aria-label": label, onclick: async () => {
    await copyText(text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = shown), 1500);
  } }, shown);
  return button;
}

/**
 * Return a button that copies a request to the control API as a curl command, for beside the control that sends it.
 * @param {import("./api.js").Api} api
 * @param {() => [string, string, any?]} request returns method, path and body
 * @param {string} what the control, for the label: "the reset"
 */
export function curlButton(api, request, what) {
  const label = `Copy ${what} as curl`;
  const button = copyButton(() => api.curl(...request()), label, "curl");
  button.classList.add("plain", "request");
  button.title = label;
  return button;
}
