/** The fault rules of the world: read from the server, and changed there. What is shown follows from it. */

export const LATENCY = "panel latency";
export const ERRORS = "panel errors";
const COUNTERS = new Set(["id", "matched", "fired"]);

/** Return the document of a rule, as it can be sent: without its id and its counters. */
export function documentOf(rule) {
  return Object.fromEntries(Object.entries(rule).filter(([name]) => !COUNTERS.has(name)));
}

/** Return whether a rule is one of those that the sliders make. */
export const isSlider = (rule) => rule.name === LATENCY || rule.name === ERRORS;

export class RuleBook {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    /** @type {any[]} */
    this.rules = [];
    this.isLoaded = false;
    /** @type {Error | null} */
    this.error = null;
    /** @type {(() => void)[]} */
    this.watchers = [];
  }

  /** Call `changed` whenever the rules were read. */
  watch(changed) {
    this.watchers.push(changed);
  }

  async refresh() {
    const { world } = this.api;
    try {
      const { data } = await this.api.get("/faults");
      if (world !== this.api.world) return;
      this.rules = data;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.isLoaded = true;
    this.watchers.forEach((changed) => changed());
  }

  named(name) {
    return this.rules.find((rule) => rule.name === name);
  }

  /** Add a rule, where it is tried before those of the sliders, which apply to every call. */
  async add(document, { first = false } = {}) {
    const { id } = await this.api.post("/faults", document);
    await this.refresh();
    if (first) await this.moveTo(id, 0);
    else await this.#slidersLast();
  }

  async change(id, document) {
    await this.#changed(this.api.put(pathOf(id), document));
  }

  async switch(id, enabled) {
    await this.#changed(this.api.put(pathOf(id), { enabled }));
  }

  async remove(id) {
    await this.#changed(this.api.remove(pathOf(id)));
  }

  /** Move a rule to a place, counted from 0. */
  async moveTo(id, place) {
    const ids = this.rules.map((rule) => rule.id).filter((other) => other !== id);
    ids.splice(Math.max(0, place), 0, id);
    await this.order(ids);
  }

  async order(ids) {
    await this.#changed(this.api.put("/faults/order", { ids }));
  }

  async clear() {
    await this.#changed(this.api.remove("/faults"));
  }

  async #slidersLast() {
    const rank = (rule) => (rule.name === ERRORS ? 1 : rule.name === LATENCY ? 2 : 0);
    const sorted = this.rules.toSorted((a, b) => rank(a) - rank(b)).map((rule) => rule.id);
    if (sorted.some((id, place) => id !== this.rules[place].id)) await this.order(sorted);
  }

  async #changed(request) {
    try {
      await request;
    } finally {
      await this.refresh();
    }
  }
}

const pathOf = (id) => `/faults/${encodeURIComponent(id)}`;
