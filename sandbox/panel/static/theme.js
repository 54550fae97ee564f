/** Light or dark: as the system says, until someone chooses; the choice is remembered. */

import { byId, replace } from "./dom.js";

const KEY = "sandbox.theme";

export function startTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  const theme = () => localStorage.getItem(KEY) ?? (dark.matches ? "dark" : "light");
  const show = () => {
    document.documentElement.dataset.theme = theme();
    const other = theme() === "dark" ? "light" : "dark";
    replace(button, `◐ ${theme()}`);
    button.setAttribute("aria-label", `Theme: ${theme()}. Switch to ${other}`);
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, theme() === "dark" ? "light" : "dark");
    show();
  });
  dark.addEventListener("change", show);
  show();
}
