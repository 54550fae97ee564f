// Uses the client that @hey-api/openapi-ts generates; see tests/clients/lifecycle.py.

import {
  type ApiError,
  createConversation,
  deleteConversation,
  listConversations,
  retrieveConversation,
  updateConversation,
} from "./client";
import { client } from "./client/client.gen";

const [baseUrl, token, failingToken] = process.argv.slice(2);
const ATTEMPTS = 20;
client.setConfig({ baseUrl, auth: token });

async function ids(): Promise<string[]> {
  const { data: first } = await listConversations({ query: { limit: 50 }, throwOnError: true });
  const found = first.data.map(({ id }) => id);
  for (let more = first.has_more; more; ) {
    const query = { limit: 50, starting_after: found.at(-1) };
    const { data: page } = await listConversations({ query, throwOnError: true });
    found.push(...page.data.map(({ id }) => id));
    more = page.has_more;
  }
  return found;
}

async function state(path: { id: string }) {
  const { data } = await retrieveConversation({ path, throwOnError: true });
  const { id, contact_id, is_muted, archived_at } = data;
  return { id, contact_id, is_muted, archived_at };
}

interface Result {
  error?: ApiError;
  response?: Response;
}

function errorOf({ error, response }: Result) {
  if (error === undefined || response === undefined) return undefined;
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
  client.setConfig({ baseUrl, auth: failingToken });
  const path = { id: "xgQQXg3hrtjh7AvZ" };
  return {
    createConversation: await errorsOf(() => createConversation({ body: { contact_id: "a" } })),
    listConversations: await errorsOf(() => listConversations()),
    retrieveConversation: await errorsOf(() => retrieveConversation({ path })),
    updateConversation: await errorsOf(() => updateConversation({ path, body: {} })),
    deleteConversation: await errorsOf(() => deleteConversation({ path })),
  };
}

async function main() {
  const { data: created } = await createConversation({
    body: { contact_id: "WAz8eIbvDR60rouK" },
    throwOnError: true,
  });
  const { id, contact_id, group_id, is_muted } = created;
  const path = { id };
  const listed = await ids();
  const retrieved = await state(path);
  await updateConversation({ path, body: { is_muted: true, archived_at: 253402300799 }, throwOnError: true });
  const updated = await state(path);
  await updateConversation({ path, body: { archived_at: null }, throwOnError: true });
  const cleared = await state(path);
  await deleteConversation({ path, throwOnError: true });
  const missing = errorOf(await retrieveConversation({ path }));
  const refused = errorOf(await createConversation({ body: {} }));
  const seen = { id, contact_id, group_id, is_muted };
  const states = { listed, retrieved, updated, cleared };
  console.log(JSON.stringify({ created: seen, ...states, missing, refused, errors: await errors() }));
}

void main();
