/** The state of the panel in the URL's fragment: world, filter, selected call. Never the admin token. */

/** @returns {Record<string, string>} */
export function readFragment() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Change some values; an empty one is left out. The page is not loaded anew, and the history stays short. */
export function writeFragment(changes) {
  const values = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) {
    if (value) values.set(name, value);
    else values.delete(name);
  }
  const text = values.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

/** Call `changed` with the values when somebody edits the address or follows a link to another state. */
export function watchFragment(changed) {
  window.addEventListener("hashchange", () => changed(readFragment()));
}
