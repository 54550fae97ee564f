/** The sliders: how slow calls are, and how many of them fail. Each is a rule like any other, at the end of the list. */

import { byId, debounced, replace, throttled } from "./dom.js";
import { distributionOf, drawing, percentile } from "./distribution.js";
import { counted, milliseconds } from "./format.js";
import { copyButton } from "./clipboard.js";
import { ERRORS, LATENCY } from "./rule_book.js";
import { percent } from "./rule_text.js";

/** What a step of the slider means, in milliseconds: fine where delays are short. */
const STEPS = [0, 10, 20, 30, 50, 80, 120, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 5000];
const RATES = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1];
/** One call in a hundred takes this many times as long as the median, about as on real networks. */
const TAIL = 10 / 3;
const MEASURED = 500;

export class Sliders {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./rule_book.js").RuleBook} book
   * @param {import("./call_store.js").CallStore} store
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, book, store, notices) {
    this.api = api;
    this.book = book;
    this.store = store;
    this.notices = notices;
    this.latency = byId("latency");
    this.rate = byId("error-rate");
    this.status = byId("error-status");
    this.latency.max = String(STEPS.length - 1);
    this.rate.max = String(RATES.length - 1);
    this.isMoving = false;
    const apply = debounced(() => this.#apply(), 250);
    for (const input of [this.latency, this.rate, this.status]) {
      input.addEventListener("input", () => {
        this.isMoving = true;
        this.#label();
        this.measure();
        apply();
      });
    }
    byId("sliders-copy").append(copyButton(() => this.#curl(), "Copy the requests of the sliders as curl"));
    book.watch(() => this.#follow());
    this.measure = throttled(() => this.#measure(), 500);
    this.#label();
  }

  get #median() {
    return STEPS[Number(this.latency.value)];
  }

  get #probability() {
    return RATES[Number(this.rate.value)];
  }

  #delay() {
    const median = this.#median;
    return median ? { type: "lognormal", median, p99: Math.round(median * TAIL) } : undefined;
  }

  /** The documents of both rules; null where the slider is at zero. */
  #documents() {
    const delay = this.#delay();
    const fault = { type: "status", status: Number(this.status.value) };
    return {
      // The first rule that fires wins, so a call that fails is as slow as the others only if this rule says so.
      [ERRORS]: this.#probability ? { name: ERRORS, probability: this.#probability, ...(delay && { delay }), fault } : null,
      [LATENCY]: delay ? { name: LATENCY, delay } : null,
    };
  }

  async #apply() {
    try {
      for (const [name, document] of Object.entries(this.#documents())) {
        const rule = this.book.named(name);
        if (!document && rule) await this.book.remove(rule.id);
        else if (document && rule) await this.book.change(rule.id, document);
        else if (document) await this.book.add(document);
      }
    } catch (error) {
      this.notices.fail(error.message);
    }
    this.isMoving = false;
    this.#follow();
  }

  /** Stand where the rules are, which somebody else may have changed. */
  #follow() {
    if (this.isMoving) return;
    const latency = this.book.named(LATENCY)?.delay ?? this.book.named(ERRORS)?.delay;
    const errors = this.book.named(ERRORS);
    this.latency.value = String(nearest(STEPS, latency?.median ?? 0));
    this.rate.value = String(nearest(RATES, errors?.probability ?? 0));
    if (errors?.fault?.status) this.status.value = String(errors.fault.status);
    this.#label();
    this.measure();
  }

  #label() {
    const delay = this.#delay();
    const text = delay ? `${milliseconds(delay.median)} ms` : "off";
    replace(byId("latency-value"), text);
    this.latency.setAttribute("aria-valuetext", delay ? `median ${delay.median} milliseconds, 99th percentile ${delay.p99}` : "off");
    const rate = this.#probability ? percent(this.#probability) : "off";
    replace(byId("error-rate-value"), rate);
    this.rate.setAttribute("aria-valuetext", this.#probability ? `${rate} of the calls fail` : "off");
  }

  #measure() {
    const rule = this.isMoving ? { delay: this.#delay() } : this.book.rules.find((each) => each.delay !== undefined && each.enabled !== false);
    const asked = distributionOf(rule?.delay);
    const measured = this.store.delays(MEASURED);
    const askedText = asked ? `asked for: median ${Math.round(asked.p50)} ms, p99 ${Math.round(asked.p99)} ms` : "no delay asked for";
    const measuredText = measured.length
      ? `measured in ${counted(measured.length, "call")}: median ${milliseconds(percentile(measured, 0.5))} ms, p99 ${milliseconds(percentile(measured, 0.99))} ms`
      : "none measured yet";
    replace(byId("distribution"), drawing(asked, measured, `Delays; ${askedText}; ${measuredText}.`));
    replace(byId("asked-text"), askedText);
    replace(byId("measured-text"), measuredText);
  }

  #curl() {
    const lines = Object.values(this.#documents()).filter(Boolean).map((body) => this.api.curl("POST", "/faults", body));
    return lines.join("\n") || this.api.curl("GET", "/faults");
  }
}

function nearest(values, value) {
  let best = 0;
  values.forEach((each, place) => {
    if (Math.abs(each - value) < Math.abs(values[best] - value)) best = place;
  });
  return best;
}
