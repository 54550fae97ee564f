/** Undo instead of "are you sure?": a snapshot is taken before something is destroyed, and offered for a minute. */

const OFFERED = 60_000;
const FULL = 507;

export class Undo {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./notices.js").Notices} notices
   * @param {() => void} changed called when the sandbox is another one than before
   */
  constructor(api, notices, changed) {
    this.api = api;
    this.notices = notices;
    this.changed = changed;
  }

  /**
   * Do what destroys, and offer to undo it. Raises ApiError.
   * @param {string} done what will have been done, as a sentence
   * @param {() => Promise<any>} work
   */
  async around(done, work) {
    const { world } = this.api;
    const snapshot = await this.#snapshot();
    try {
      await work();
    } catch (error) {
      // Who reads that it failed finds nothing left of the attempt.
      await this.#drop(snapshot.id);
      throw error;
    }
    this.changed();
    this.notices.offer(done, "Undo", OFFERED,
      () => this.#in(world, () => this.#restore(snapshot.id)), () => this.#in(world, () => this.#drop(snapshot.id)));
  }

  async #snapshot() {
    try {
      return await this.api.post("/snapshots");
    } catch (error) {
      if (error.status === FULL) error.message = `There is no room for "undo": delete a snapshot first. ${error.message}`;
      throw error;
    }
  }

  async #restore(id) {
    try {
      await this.api.post(`/snapshots/${encodeURIComponent(id)}/restore`);
      await this.#drop(id);
      this.notices.say("Undone.");
    } catch (error) {
      this.notices.fail(error.message);
    }
    this.changed();
  }

  async #drop(id) {
    await this.api.remove(`/snapshots/${encodeURIComponent(id)}`).catch(() => null);
    this.changed();
  }

  /** Do something in the world that it is for, which may no longer be the one that is shown. */
  async #in(world, work) {
    const shown = this.api.world;
    if (shown === world) return work();
    this.notices.say("The panel shows another world now; the snapshot is kept in the list of the first one.");
    return null;
  }
}
