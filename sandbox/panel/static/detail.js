/** One call: what was sent, what was answered, and why. */

import { curlOfCall } from "./curl.js";
import { byId, el, replace } from "./dom.js";
import { dateAndTime, milliseconds, readableBody, statusClass, statusText } from "./format.js";
import { copyButton, copyText } from "./clipboard.js";

const SCOPES = { sandbox: "this world's rule", server: "server-wide rule" };

export class Detail {
  /**
   * @param {import("./api.js").Api} api
   * @param {{sent: (answer: {status: number, id: string | null}) => void, makeFail: (call: any) => void,
   *   closed: () => void}} listener
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, listener, notices) {
    this.api = api;
    this.listener = listener;
    this.notices = notices;
    this.section = byId("detail");
    this.body = byId("detail-body");
    /** @type {any} */
    this.call = null;
    byId("detail-close").addEventListener("click", () => this.close());
    this.show(null);
  }

  /** Show a call, or with null that none is selected. */
  show(call) {
    this.call = call;
    if (!call) {
      this.section.classList.remove("open");
      replace(byId("detail-title"), "Call");
      replace(byId("detail-actions"));
      replace(this.body, el("p", { class: "empty" }, "Select a call to see what was sent, what came back, and why."));
      return;
    }
    replace(byId("detail-title"), el("span", { class: "method" }, call.method), " ", el("span", { class: "path" }, call.path));
    replace(byId("detail-actions"), ...this.#actions(call));
    replace(this.body, this.#request(call), this.#response(call), this.#why(call));
    this.body.scrollTop = 0;
  }

  /** Open the sheet that the detail is on a narrow screen. */
  open() {
    this.section.classList.add("open");
    if (getComputedStyle(this.section).position === "fixed") byId("detail-close").focus();
  }

  close() {
    this.section.classList.remove("open");
    this.listener.closed();
  }

  get isOpen() {
    return this.section.classList.contains("open");
  }

  async copyCurl() {
    if (!this.call) return;
    await copyText(curlOfCall(this.call, this.api.origin + this.api.root, this.api.world.token ?? null));
    this.notices.say("The curl command is in the clipboard.");
  }

  async sendAgain() {
    if (!this.call || !this.api.canSendAgain(this.call)) return;
    try {
      const answer = await this.api.sendAgain(this.call);
      this.notices.say(`Sent again: ${statusText(answer.status)}.`);
      this.listener.sent(answer);
    } catch (error) {
      this.notices.fail(error.message);
    }
  }

  #actions(call) {
    const canSend = this.api.canSendAgain(call);
    return [
      el("button", { type: "button", id: "copy-curl", onclick: () => this.copyCurl() }, "Copy as curl"),
      el("button", {
        type: "button", id: "send-again", disabled: !canSend, onclick: () => this.sendAgain(),
        title: canSend ? null : "The journal does not keep tokens: choose the world by its token to send as it.",
      }, "Send again"),
      el("button", { type: "button", id: "make-fail", class: "primary", onclick: () => this.listener.makeFail(call) }, "Make this fail"),
    ];
  }

  #request(call) {
    const body = call.body ? readableBody(call.body) : "";
    return el("section", { class: "request" }, el("h3", {}, "Request"),
      facts([["Operation", call.operation ?? "none of the API's"], ["Query", call.query || null]]),
      el("h4", {}, "Headers"), facts(Object.entries(call.headers), "headers"),
      body ? el("h4", {}, "Body ", copyButton(() => call.body, "Copy the body")) : null,
      body ? el("pre", { tabindex: 0, "aria-label": "Body of the request" }, body) : null);
  }

  #response(call) {
    return el("section", { class: "response" }, el("h3", {}, "Response"),
      facts([
        ["Status", el("span", { class: `status s${statusClass(call.status)}` }, statusText(call.status))],
        ["Took", `${milliseconds(call.duration_ms)} ms`],
        ["Delayed by", call.delay_ms ? `${milliseconds(call.delay_ms)} ms` : null],
        ["Fault", call.fault], ["Caused by", call.rule], ["At", dateAndTime(call.at)], ["Id", el("code", {}, call.id)],
        ["World", this.api.hasWorld ? null : (call.sandbox?.name ?? call.sandbox?.token ?? "no token")],
      ]));
  }

  #why(call) {
    const why = call.why ?? [];
    return el("section", { class: "verdicts" }, el("h3", {}, "Why"), el("p", {}, summaryOf(call)),
      why.length ? el("ol", {}, ...why.map(verdict)) : null,
      call.why_omitted ? el("p", { class: "quiet" }, `${call.why_omitted} more rules were looked at.`) : null);
  }
}

function summaryOf(call) {
  if (call.fault === "client_left") return "The client closed the connection while the call was delayed.";
  const happened = call.fault ? `the fault ${call.fault}` : call.delay_ms ? "the delay" : "";
  if (!happened) return call.why?.length ? "No rule fired: this is the API's own answer." : "No rules were there: this is the API's own answer.";
  const sources = { header: "The call's own header Prefer", query: "The call's own query", data: "A value in the call's data" };
  return `${sources[call.rule] ?? `The rule “${call.rule ?? "?"}”`} caused ${happened}.`;
}

function verdict({ id, rule, scope, outcome, message }) {
  const hasFired = outcome === "fired";
  return el("li", { class: hasFired ? "fired" : "passed" },
    el("span", { class: "mark", "aria-hidden": "true" }, hasFired ? "⚡" : "–"),
    el("span", {}, el("strong", {}, rule || id), " ", el("span", { class: "quiet" }, `(${SCOPES[scope] ?? scope ?? "rule"})`),
      ` ${hasFired ? "" : "did not fire: "}${message}.`));
}

/** Return a list of names and values; those without a value are left out. */
function facts(pairs, name = "") {
  return el("dl", { class: `facts ${name}` },
    ...pairs.filter(([, value]) => value !== null && value !== undefined)
      .flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]));
}
