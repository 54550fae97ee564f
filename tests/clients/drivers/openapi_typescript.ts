// Uses openapi-fetch with the types that openapi-typescript generates; see tests/clients/lifecycle.py.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type ApiError = components["schemas"]["ApiError"];

const [baseUrl, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const COLLECTION = "/v1/conversations";
const ITEM = "/v1/conversations/{id}";

async function page(startingAfter?: string) {
  const query = { limit: 50, starting_after: startingAfter };
  const { data } = await client.GET(COLLECTION, { params: { query } });
  if (data === undefined) throw new Error("There is no page.");
  return data;
}

async function ids(): Promise<string[]> {
  let { data, has_more } = await page();
  const found = data.map(({ id }) => id);
  while (has_more) {
    ({ data, has_more } = await page(found.at(-1)));
    found.push(...data.map(({ id }) => id));
  }
  return found;
}

async function state(path: { id: string }) {
  const { data } = await client.GET(ITEM, { params: { path } });
  if (data === undefined) throw new Error("There is no conversation.");
  const { id, contact_id, is_muted, archived_at } = data;
  return { id, contact_id, is_muted, archived_at };
}

function errorOf({ error, response }: { error?: ApiError; response: Response }) {
  if (error === undefined) throw new Error("The call succeeded.");
  return { status: response.status, type: error.type, message: error.message };
}

const { data: created } = await client.POST(COLLECTION, { body: { contact_id: "WAz8eIbvDR60rouK" } });
if (created === undefined) throw new Error("Nothing was created.");
const { id, contact_id, group_id, is_muted } = created;
const path = { id };
const listed = await ids();
const retrieved = await state(path);
await client.PUT(ITEM, { params: { path }, body: { is_muted: true, archived_at: 692233200 } });
const updated = await state(path);
await client.PUT(ITEM, { params: { path }, body: { archived_at: null } });
const cleared = await state(path);
await client.DELETE(ITEM, { params: { path } });
const missing = errorOf(await client.GET(ITEM, { params: { path } }));
const refused = errorOf(await client.POST(COLLECTION, { body: {} }));
const seen = { id, contact_id, group_id, is_muted };
console.log(JSON.stringify({ created: seen, listed, retrieved, updated, cleared, missing, refused }));
