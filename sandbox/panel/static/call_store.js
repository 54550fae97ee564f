/** The calls that the panel knows: bounded in number and in size, oldest dropped first, with a filter. */

import { statusClass } from "./format.js";

const MAX_CALLS = 5_000;
/** Characters of what is kept, about: bodies and headers make the difference. */
const MAX_SIZE = 20_000_000;

export class CallStore {
  constructor(maxCalls = MAX_CALLS, maxSize = MAX_SIZE) {
    this.maxCalls = maxCalls;
    this.maxSize = maxSize;
    this.clear();
    this.setFilter("", new Set());
  }

  clear() {
    /** All calls, oldest first. */
    this.calls = [];
    /** Those that the filter lets through, oldest first. */
    this.shown = [];
    this.dropped = 0;
    this.size = 0;
    this.known = new Set();
  }

  /** Forget the calls of one sandbox; null means those without a token. */
  forget(sandbox) {
    const kept = this.calls.filter((call) => call.sandbox?.id !== sandbox?.id);
    const { dropped } = this;
    this.clear();
    this.dropped = kept.length ? dropped : 0;
    this.add(kept);
  }

  /** Add calls, oldest first. Return how many of them the filter lets through. */
  add(calls) {
    let shown = 0;
    for (const call of calls) {
      const key = keyOf(call);
      if (this.known.has(key)) continue;
      this.known.add(key);
      this.calls.push(call);
      this.size += sizeOf(call);
      if (this.matches(call)) {
        this.shown.push(call);
        shown += 1;
      }
    }
    this.#drop();
    return shown;
  }

  /**
   * @param {string} text words that a call must have all
   * @param {Set<string>} classes of statuses, like "4xx"; an empty set lets every status through
   */
  setFilter(text, classes) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.classes = classes;
    this.shown = this.calls.filter((call) => this.matches(call));
  }

  matches(call) {
    if (this.classes.size && !this.classes.has(statusClass(call.status))) return false;
    if (!this.words.length) return true;
    const text = textOf(call);
    return this.words.every((word) => text.includes(word));
  }

  /** Return the call with this id, the newest if several have it. */
  find(id) {
    return this.calls.findLast((call) => call.id === id);
  }

  /** Return the delays of the newest calls that were delayed, in milliseconds. */
  delays(limit) {
    const found = [];
    for (let i = this.calls.length - 1; i >= 0 && found.length < limit; i -= 1) {
      if (this.calls[i].delay_ms > 0) found.push(this.calls[i].delay_ms);
    }
    return found;
  }

  #drop() {
    if (this.calls.length <= this.maxCalls && this.size <= this.maxSize) return;
    // A tenth more than needed, so that not every call moves the whole array.
    let count = 0;
    const room = this.maxCalls * 0.9;
    while (count < this.calls.length - 1 && (this.calls.length - count > room || this.size > this.maxSize * 0.9)) {
      this.size -= sizeOf(this.calls[count]);
      this.known.delete(keyOf(this.calls[count]));
      count += 1;
    }
    const gone = new Set(this.calls.splice(0, count));
    this.dropped += count;
    let first = 0;
    while (first < this.shown.length && gone.has(this.shown[first])) first += 1;
    this.shown.splice(0, first);
  }
}

// Callers may choose the id themselves, and choose it twice.
const keyOf = (call) => `${call.id} ${call.at} ${call.duration_ms}`;

function sizeOf(call) {
  return 500 + call.path.length + call.query.length + call.body.length;
}

function textOf(call) {
  return [call.method, `${call.path}?${call.query}`, call.status ?? "no response", call.operation, call.fault, call.rule,
    call.body, call.id, call.sandbox?.name, call.sandbox?.token].join(" ").toLowerCase();
}
