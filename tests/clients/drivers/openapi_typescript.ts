// Uses openapi-fetch with the types that openapi-typescript generates; see tests/clients/lifecycle.py.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type ApiError = components["schemas"]["ApiError"];

const [baseUrl, token, failingToken] = process.argv.slice(2);
const client = clientOf(token);
const ATTEMPTS = 20;
const COLLECTION = "/v1/conversations";
const ITEM = "/v1/conversations/{id}";

function clientOf(token: string | undefined) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

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

interface Result {
  error?: ApiError;
  response: Response;
}

function errorOf({ error, response }: Result) {
  if (error === undefined) return undefined;
  return { status: response.status, type: error.type, message: error.message };
}

async function errorsOf(call: () => Promise<Result>) {
  const found = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const error = errorOf(await call());
    if (error === undefined) break;
    found.push(error);
  }
  return found;
}

async function errors() {
  const client = clientOf(failingToken);
  const params = { path: { id: "xgQQXg3hrtjh7AvZ" } };
  return {
    createConversation: await errorsOf(() => client.POST(COLLECTION, { body: { contact_id: "a" } })),
    listConversations: await errorsOf(() => client.GET(COLLECTION)),
    retrieveConversation: await errorsOf(() => client.GET(ITEM, { params })),
    updateConversation: await errorsOf(() => client.PUT(ITEM, { params, body: {} })),
    deleteConversation: await errorsOf(() => client.DELETE(ITEM, { params })),
  };
}

const { data: created } = await client.POST(COLLECTION, { body: { contact_id: "WAz8eIbvDR60rouK" } });
if (created === undefined) throw new Error("Nothing was created.");
const { id, contact_id, group_id, is_muted } = created;
const path = { id };
const listed = await ids();
const retrieved = await state(path);
await client.PUT(ITEM, { params: { path }, body: { is_muted: true, archived_at: 253402300799 } });
const updated = await state(path);
await client.PUT(ITEM, { params: { path }, body: { archived_at: null } });
const cleared = await state(path);
await client.DELETE(ITEM, { params: { path } });
const missing = errorOf(await client.GET(ITEM, { params: { path } }));
const refused = errorOf(await client.POST(COLLECTION, { body: {} }));
const seen = { id, contact_id, group_id, is_muted };
const states = { listed, retrieved, updated, cleared };
console.log(JSON.stringify({ created: seen, ...states, missing, refused, errors: await errors() }));
