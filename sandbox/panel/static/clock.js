/** The clock of the world: shown in the header, set in its tab. */

import { curlButton } from "./clipboard.js";
import { byId, replace } from "./dom.js";
import { dateAndTime, timeOfDay } from "./format.js";
import { filled } from "./tabs.js";

export class Clock {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./notices.js").Notices} notices
   */
  constructor(api, notices) {
    this.api = api;
    this.notices = notices;
    /** @type {{now: number, frozen: boolean} | null} */
    this.clock = null;
    this.readAt = 0;
    const freeze = () => ({ action: "freeze" });
    const resume = () => ({ action: "resume" });
    const advance = () => ({ action: "advance", seconds: Number(byId("clock-seconds").value) });
    const freezeThere = () => ({ action: "freeze", at: secondsOf(byId("clock-at").value) ?? this.clock?.now });
    byId("clock-freeze").addEventListener("click", () => this.#change(freeze()));
    byId("clock-resume").addEventListener("click", () => this.#change(resume()));
    for (const button of document.querySelectorAll("[data-advance]")) {
      button.addEventListener("click", () => {
        byId("clock-seconds").value = button.dataset.advance;
        this.#change(advance());
      });
    }
    byId("clock-advance-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change(advance());
    });
    byId("clock-at-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change(freezeThere());
    });
    for (const [place, change, what] of /** @type {const} */ ([
      ["clock-copy", () => (this.clock?.frozen ? resume() : freeze()), "the freeze or resume"],
      ["clock-advance-copy", advance, "the advance"],
      ["clock-at-copy", freezeThere, "the freeze there"],
    ])) byId(place).append(curlButton(api, () => ["PUT", "/clock", change()], what));
    setInterval(() => this.#draw(), 1000);
  }

  async refresh() {
    if (!this.api.hasWorld) this.clock = null;
    await filled(this.api, byId("clock-content"), byId("clock-message"), async () => {
      const clock = await this.api.get("/clock");
      return () => this.#show(clock);
    });
    this.#draw();
  }

  async #change(change) {
    try {
      this.#show(await this.api.put("/clock", change));
    } catch (error) {
      this.notices.fail(error.message);
    }
  }

  #show(clock) {
    this.clock = clock;
    this.readAt = performance.now();
    byId("clock-freeze").disabled = clock.frozen;
    byId("clock-resume").disabled = !clock.frozen;
    this.#draw();
  }

  #draw() {
    if (!this.clock) {
      replace(byId("clock"), "");
      return;
    }
    const { now, frozen } = this.clock;
    const time = frozen ? now : now + (performance.now() - this.readAt) / 1000;
    replace(byId("clock"), `${timeOfDay(time)} ${frozen ? "❙❙ frozen" : "▸ running"}`);
    byId("clock").title = `${dateAndTime(time)} on the sandbox's clock`;
    replace(byId("clock-now"), dateAndTime(time));
    replace(byId("clock-state"), frozen ? "frozen" : "running");
    replace(byId("clock-unix"), String(Math.floor(time)));
  }
}

/** Return the Unix seconds of the value of a `datetime-local` field; null if it is empty. */
function secondsOf(value) {
  const seconds = new Date(value).getTime() / 1000;
  return Number.isFinite(seconds) ? seconds : null;
}
