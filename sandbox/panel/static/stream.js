/** The stream of calls: connects, resumes after the last call, and is closed while nobody sees the page. */

import { ApiError } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
/** The server sends something every few seconds. After this many milliseconds without, the connection is dead. */
const SILENCE = 30_000;

/**
 * @typedef {object} Listener
 * @property {(calls: any[]) => void} received calls, oldest first: at the beginning those of the journal
 * @property {(sandbox: {id: string} | null) => void} cleared the journal of this sandbox (null: calls without a token)
 *   was emptied
 * @property {(count: number | null) => void} dropped so many calls were missed; null if nobody knows how many
 * @property {(state: "open" | "lost" | "closed" | "failed", message?: string) => void} changed
 */

export class Stream {
  /**
   * @param {import("./api.js").Api} api
   * @param {Listener} listener
   */
  constructor(api, listener) {
    this.api = api;
    this.listener = listener;
    this.last = "";
    /** @type {AbortController | null} */
    this.running = null;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#stop();
      else if (!this.running) this.#run();
    });
    window.addEventListener("online", () => this.#wake?.());
    window.addEventListener("pagehide", () => this.#stop());
    window.addEventListener("pageshow", (event) => event.persisted && !this.running && this.#run());
  }

  /** @type {(() => void) | null} */
  #wake = null;

  /** Begin anew, for another world. */
  start() {
    this.#stop();
    this.last = "";
    if (!document.hidden) this.#run();
  }

  /** Close the stream without another try. */
  #stop() {
    this.running?.abort();
    this.running = null;
    this.listener.changed("closed");
  }

  async #run() {
    const running = (this.running = new AbortController());
    let pause = FIRST_PAUSE;
    while (!running.signal.aborted) {
      try {
        await this.#read(running.signal, () => (pause = FIRST_PAUSE));
      } catch (error) {
        if (running.signal.aborted) return;
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
          this.running = null;
          this.listener.changed("failed", error.message);
          return;
        }
      }
      if (running.signal.aborted) return;
      this.listener.changed("lost");
      await this.#rest(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  #rest(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  async #read(signal, opened) {
    const silence = new AbortController();
    const stop = () => silence.abort();
    signal.addEventListener("abort", stop);
    let timer = setTimeout(stop, SILENCE);
    try {
      const response = await this.api.stream({ after: this.last, signal: silence.signal });
      opened();
      this.listener.changed("open");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE);
        this.#take(parser.push(value));
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  #take(events) {
    let calls = [];
    const pass = () => {
      if (calls.length) this.listener.received(calls);
      calls = [];
    };
    for (const { id, type, data } of events) {
      const value = JSON.parse(data);
      if (type === "message") {
        this.last = id;
        calls.push(value);
        continue;
      }
      pass();
      if (type === "cleared") this.listener.cleared(value.sandbox);
      else if (type === "dropped") this.listener.dropped(value.count);
    }
    pass();
  }
}

/** A parser of `text/event-stream`: takes text in any pieces, and returns the events that are complete. */
export class EventParser {
  #rest = "";

  /**
   * @param {string} text
   * @returns {{id: string, type: string, data: string}[]}
   */
  push(text) {
    const blocks = (this.#rest + text).split(/\r?\n\r?\n/);
    this.#rest = /** @type {string} */ (blocks.pop());
    return blocks.map(eventOf).filter((event) => event.data);
  }
}

function eventOf(block) {
  const event = { id: "", type: "message", data: "" };
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const found = /^([a-z]+): ?(.*)$/.exec(line);
    if (!found) continue; // a comment, which shows that the connection lives
    if (found[1] === "data") data.push(found[2]);
    if (found[1] === "id") event.id = found[2];
    if (found[1] === "event") event.type = found[2];
  }
  event.data = data.join("\n");
  return event;
}
