// A test with a world of its own: import { test } from "./world".

import { test as base } from "@playwright/test";

export const SANDBOX = `http://127.0.0.1:${process.env.SANDBOX_PORT ?? 8000}`;
export const APP = `http://127.0.0.1:${process.env.APP_PORT ?? 3000}`;

export const test = base.extend<{ world: string }>({
  // The base URL of the world.
  world: async ({ request }, use) => {
    const declared = await request.post(`${SANDBOX}/__admin/worlds`, { data: { scenario: "blank" } });
    await use((await declared.json()).url);
  },
});
