// A test with a world of its own: import { test } from "./world".

import { test as base, inject } from "vitest";

export class World {
  /** `url` is the base URL of this world: a client needs it, and any token. */
  constructor(readonly url: string) {}

  /** Calls the control API for this world. */
  async admin(method: string, path: string, body?: object) {
    return call(method, `${this.url}/__admin/${path}`, body);
  }
}

async function call(method: string, url: string, body?: object) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

export const test = base.extend<{ world: World }>({
  world: async ({}, use) => {
    const declared = await call("POST", `${inject("sandboxUrl")}/__admin/worlds`, { scenario: "blank" });
    await use(new World(declared.url));
  },
});
