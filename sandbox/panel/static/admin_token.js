/** The admin token, asked for when the server wants it. It is kept for the session alone. */

import { byId, replace } from "./dom.js";

/** @param {import("./api.js").Api} api */
export function startAdminToken(api) {
  const dialog = byId("admin-dialog");
  const field = byId("admin-token");
  /** @type {Promise<boolean> | null} */
  let asking = null;
  const ask = () => new Promise((resolve) => {
    field.value = "";
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      asking = null;
      if (dialog.returnValue === "ok" && field.value) {
        api.adminToken = field.value;
        resolve(true);
      } else {
        resolve(false);
      }
      field.value = "";
    }, { once: true });
  });
  api.askForAdminToken = (message) => {
    replace(byId("admin-message"), api.adminToken ? `That was not it. ${message}` : message);
    // Many requests fail at once, and one dialog serves them all.
    asking ??= ask();
    return asking;
  };
  byId("admin-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close("ok");
  });
  byId("admin-cancel").addEventListener("click", () => dialog.close());
}
