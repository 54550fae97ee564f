/** The form of a rule: what happens, to which calls, how often. */

import { byId, el, replace } from "./dom.js";
import { copyButton } from "./clipboard.js";
import { documentOf } from "./rule_book.js";

/** The attributes of each kind of fault and delay: name, label, value at first. */
const FAULTS = {
  status: [["status", "Status", 503], ["retry_after", "Retry after (s)", ""], ["message", "Message", ""]],
  rate_limit: [["limit", "Calls", 10], ["window_seconds", "in seconds", 60]],
  hang: [["milliseconds", "At most (ms)", ""]],
  truncate: [["bytes", "Bytes sent", 20]],
  malformed_json: [], wrong_content_type: [], EMPTY_RESPONSE: [], MALFORMED_RESPONSE_CHUNK: [],
  RANDOM_DATA_THEN_CLOSE: [], CONNECTION_RESET_BY_PEER: [],
};
const FAULT_LABELS = {
  "": "none", status: "an error status", rate_limit: "a rate limit", hang: "no response", truncate: "a body that breaks off",
  malformed_json: "a body that is not JSON", wrong_content_type: "another content type", EMPTY_RESPONSE: "an empty response",
  MALFORMED_RESPONSE_CHUNK: "a broken chunk", RANDOM_DATA_THEN_CLOSE: "bytes that are not HTTP",
  CONNECTION_RESET_BY_PEER: "a connection reset",
};
const DELAYS = {
  fixed: [["milliseconds", "Milliseconds", 300]],
  uniform: [["lower", "From (ms)", 100], ["upper", "to (ms)", 400]],
  lognormal: [["median", "Median (ms)", 120], ["p99", "99th percentile (ms)", 400]],
  dribble: [["chunks", "Pieces", 5], ["milliseconds", "over (ms)", 1000]],
};
const DELAY_LABELS = { "": "none", fixed: "always the same", uniform: "between two times", lognormal: "like a real network", dribble: "the body in pieces" };
const OPERATIONS = ["createConversation", "listConversations", "retrieveConversation", "updateConversation", "deleteConversation"];
const METHODS = ["DELETE", "GET", "HEAD", "POST", "PUT"];
const NUMBERS = new Set(["status", "limit", "window_seconds", "milliseconds", "bytes", "lower", "upper", "median", "p99",
  "chunks", "skip", "times", "every", "probability", "ttl_seconds"]);

export class RuleForm {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./rule_book.js").RuleBook} book
   */
  constructor(api, book) {
    this.api = api;
    this.book = book;
    this.dialog = byId("rule-dialog");
    this.form = byId("rule-form");
    /** @type {any} */
    this.rule = null;
    this.isFirst = false;
    options(this.#field("fault"), FAULT_LABELS);
    options(this.#field("delay"), DELAY_LABELS);
    options(this.#field("operation"), { "": "any", ...Object.fromEntries(OPERATIONS.map((name) => [name, name])) });
    options(this.#field("method"), { "": "any", ...Object.fromEntries(METHODS.map((name) => [name, name])) });
    this.#field("fault").addEventListener("change", () => this.#kind("fault", FAULTS, {}));
    this.#field("delay").addEventListener("change", () => this.#kind("delay", DELAYS, {}));
    this.form.addEventListener("input", () => this.#preview());
    this.form.addEventListener("submit", (event) => this.#submit(event));
    byId("rule-cancel").addEventListener("click", () => this.dialog.close());
    byId("rule-preview-copy").append(copyButton(() => this.#curl(), "Copy the request as curl"));
  }

  #field(name) {
    return this.form.elements.namedItem(name);
  }

  /** Open the form for a rule that is changed, or with null for a new one. */
  open(rule) {
    this.rule = rule;
    this.isFirst = false;
    this.#fill(rule ? documentOf(rule) : { fault: { type: "status", status: 503, retry_after: 1 } });
    replace(byId("rule-title"), rule ? "Edit the rule" : "New rule");
  }

  /** Open the form for a rule that lets a call fail which is like `call`, once, before any other rule. */
  openFor(call) {
    const match = call.operation ? { operation: call.operation } : { method: call.method };
    if (!call.operation || /^\/v1\/conversations\/./.test(call.path)) match.path = call.path;
    this.rule = null;
    this.isFirst = true;
    this.#fill({ name: `${call.method} fails`, match, times: 1, fault: { type: "status", status: 503, retry_after: 1 } });
    replace(byId("rule-title"), "Make this fail");
  }

  #fill(document) {
    this.original = document;
    const { match = {}, fault, delay } = document;
    const values = {
      name: document.name, operation: match.operation, method: match.method, path: match.path,
      query: linesOf(match.query), body: linesOf(match.body), skip: document.skip, times: document.times, every: document.every,
      probability: document.probability, ttl_seconds: document.ttl_seconds, phase: document.phase ?? "before",
      fault: fault?.type ?? "", delay: delay === undefined ? "" : typeof delay === "number" ? "fixed" : delay.type,
    };
    for (const [name, value] of Object.entries(values)) this.#field(name).value = value ?? "";
    this.#field("enabled").checked = document.enabled !== false;
    this.#kind("fault", FAULTS, fault ?? {});
    this.#kind("delay", DELAYS, typeof delay === "number" ? { milliseconds: delay } : (delay ?? {}));
    this.#fail("");
    this.#preview();
    const more = byId("rule-more");
    more.open = Boolean(match.query || match.body || document.skip || document.every || document.ttl_seconds || document.phase === "after");
    if (!this.dialog.open) this.dialog.showModal();
    this.#field("name").focus();
  }

  /** Show the fields of the chosen kind of fault or delay. */
  #kind(name, kinds, values) {
    const fields = kinds[this.#field(name).value] ?? [];
    const isSame = Object.keys(values).length > 0;
    replace(byId(`rule-${name}-fields`), ...fields.map(([attribute, label, first]) => el("label", { class: "field" }, label,
      el("input", {
        name: `${name}.${attribute}`, inputmode: NUMBERS.has(attribute) ? "decimal" : null, autocomplete: "off",
        class: NUMBERS.has(attribute) || attribute === "retry_after" ? "short number" : "",
        value: values[attribute] ?? (isSame ? "" : first),
      }))));
    this.#preview();
  }

  /** Return the document that the fields describe. What the form has no field for is kept. */
  #document() {
    const document = {};
    const set = (name, value) => {
      if (value !== "" && value !== undefined) document[name] = NUMBERS.has(name) ? numberOf(value) : value;
    };
    set("name", this.#field("name").value.trim());
    const match = {};
    for (const name of ["operation", "method", "path"]) if (this.#field(name).value) match[name] = this.#field(name).value;
    for (const name of ["query", "body"]) {
      const pairs = pairsOf(this.#field(name).value);
      if (Object.keys(pairs).length) match[name] = pairs;
    }
    if (Object.keys(match).length) document.match = match;
    if (!this.#field("enabled").checked) document.enabled = false;
    for (const name of ["skip", "times", "every", "probability", "ttl_seconds"]) set(name, this.#field(name).value.trim());
    const delay = this.#typed("delay", DELAYS);
    const fault = this.#typed("fault", FAULTS);
    if (delay) document.delay = delay;
    if (fault) document.fault = fault;
    if (this.#field("phase").value === "after") document.phase = "after";
    return document;
  }

  #typed(name, kinds) {
    const type = this.#field(name).value;
    if (!type) return null;
    const known = new Set(kinds[type].map(([attribute]) => attribute));
    const before = this.original?.[name]?.type === type ? this.original[name] : {};
    const result = Object.fromEntries(Object.entries(before).filter(([attribute]) => !known.has(attribute)));
    result.type = type;
    for (const [attribute] of kinds[type]) {
      const text = this.#field(`${name}.${attribute}`)?.value.trim() ?? "";
      if (text === "") continue;
      result[attribute] = NUMBERS.has(attribute) || (attribute === "retry_after" && /^\d+$/.test(text)) ? numberOf(text) : text;
    }
    if (type === "lognormal" && result.p99 !== undefined) delete result.sigma;
    return result;
  }

  #request() {
    return this.rule ? ["PUT", `/faults/${encodeURIComponent(this.rule.id)}`] : ["POST", "/faults"];
  }

  #curl() {
    const [method, path] = this.#request();
    return this.api.curl(method, path, this.#document());
  }

  #preview() {
    replace(byId("rule-preview"), this.#curl());
  }

  async #submit(event) {
    event.preventDefault();
    try {
      if (this.rule) await this.book.change(this.rule.id, this.#document());
      else await this.book.add(this.#document(), { first: this.isFirst });
      this.dialog.close();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #fail(message) {
    const place = byId("rule-error");
    place.hidden = !message;
    replace(place, message);
  }
}

function options(select, labels) {
  replace(select, ...Object.entries(labels).map(([value, label]) => el("option", { value }, label)));
}

/** Return a number, or the text as it is, which the server will refuse with a better message than we have. */
function numberOf(text) {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function linesOf(values) {
  return Object.entries(values ?? {}).map(([name, value]) => `${name}=${value}`).join("\n");
}

function pairsOf(text) {
  return Object.fromEntries(text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}
