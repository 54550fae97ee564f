/** Building elements. Data becomes text nodes and attributes, never markup: a header or an id may hold anything. */

/**
 * Return a new element.
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `on…` listeners, `data-…`, `aria-…` and other attributes; `true`
 *   sets an attribute without a value, and null, undefined or false leaves it out, except for `aria-…`, which say both
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** Return a new SVG element; the arguments are those of {@link el}. */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else if (name.startsWith("aria-") && typeof value === "boolean") node.setAttribute(name, String(value));
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map(asNode));
  return node;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** Return the element of the page with this id. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return /** @type {any} */ (found);
}

/**
 * Replace the children of `node`. If one that had the focus has a `data-focus`, the new element with the same one
 * gets it, so that a list that is drawn anew does not lose the place of a keyboard user.
 */
export function replace(node, ...children) {
  const active = document.activeElement;
  const key = active instanceof Element && node.contains(active) ? active.getAttribute("data-focus") : null;
  node.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false).map(asNode));
  if (key) node.querySelector(`[data-focus="${CSS.escape(key)}"]`)?.focus();
}

/** Return a function that runs `work` once in the next frame, however often it is called before. */
export function oncePerFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Return a function that runs `work` at most every `milliseconds`, and once more if it was called meanwhile. */
export function throttled(work, milliseconds) {
  let isResting = false;
  let isDue = false;
  const run = () => {
    if (isResting) {
      isDue = true;
      return;
    }
    isResting = true;
    isDue = false;
    work();
    setTimeout(() => {
      isResting = false;
      if (isDue) run();
    }, milliseconds);
  };
  return run;
}

/** Return a function that runs `work` with the last arguments, `milliseconds` after the last call. */
export function debounced(work, milliseconds) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}
