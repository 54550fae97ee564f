import { expect } from "vitest";
import { Conversations } from "./conversations";
import { test, type World } from "./world";

const OUTAGE = { match: { operation: "createConversation" }, fault: { type: "status", status: 503 } };

function creates(world: World) {
  return world.admin("GET", "requests/count?operation=createConversation");
}

test("a create is tried again", async ({ world }) => {
  await world.admin("POST", "faults", { ...OUTAGE, times: 2 });
  const created = await new Conversations(`${world.url}/v1`, "the-app").create("WAz8eIbvDR60rouK");
  expect(created.contact_id).toBe("WAz8eIbvDR60rouK");
  expect(await creates(world)).toEqual({ count: 3 });
});

test("attempts are limited", async ({ world }) => {
  await world.admin("POST", "faults", OUTAGE);
  await expect(new Conversations(`${world.url}/v1`, "the-app").create("a")).rejects.toThrow("503");
  expect(await creates(world)).toEqual({ count: 3 });
});
