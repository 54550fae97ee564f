// Uses the client that openapi-generator generates for fetch; see tests/clients/lifecycle.py.

import { ApiErrorFromJSON, Configuration, Conversation, ConversationsApi, ResponseError } from "./client";

const [basePath, accessToken, failingToken] = process.argv.slice(2);
const ATTEMPTS = 20;
const api = new ConversationsApi(new Configuration({ basePath, accessToken }));

async function ids(): Promise<string[]> {
  let page = await api.listConversations({ limit: 50 });
  const found = page.data.map(({ id }) => id);
  while (page.hasMore) {
    page = await api.listConversations({ limit: 50, startingAfter: found.at(-1) });
    found.push(...page.data.map(({ id }) => id));
  }
  return found;
}

async function state(id: string) {
  const conversation: Conversation = await api.retrieveConversation({ id });
  const { contactId, isMuted, archivedAt } = conversation;
  return { id: conversation.id, contact_id: contactId, is_muted: isMuted, archived_at: archivedAt };
}

async function errorOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const { type, message } = ApiErrorFromJSON(await error.response.json());
    return { status: error.response.status, type, message };
  }
}

async function errorsOf(call: () => Promise<unknown>) {
  const found = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const error = await errorOf(call());
    if (error === undefined) break;
    found.push(error);
  }
  return found;
}

async function errors() {
  const api = new ConversationsApi(new Configuration({ basePath, accessToken: failingToken }));
  const id = "xgQQXg3hrtjh7AvZ";
  return {
    createConversation: await errorsOf(() => api.createConversation({ createConversation: { contactId: "a" } })),
    listConversations: await errorsOf(() => api.listConversations()),
    retrieveConversation: await errorsOf(() => api.retrieveConversation({ id })),
    updateConversation: await errorsOf(() => api.updateConversation({ id, updateConversation: {} })),
    deleteConversation: await errorsOf(() => api.deleteConversation({ id })),
  };
}

async function main() {
  const created = await api.createConversation({ createConversation: { contactId: "WAz8eIbvDR60rouK" } });
  const { id, contactId, groupId, isMuted } = created;
  const listed = await ids();
  const retrieved = await state(id);
  await api.updateConversation({ id, updateConversation: { isMuted: true, archivedAt: 253402300799 } });
  const updated = await state(id);
  await api.updateConversation({ id, updateConversation: { archivedAt: null } });
  const cleared = await state(id);
  await api.deleteConversation({ id });
  const missing = await errorOf(api.retrieveConversation({ id }));
  const refused = await errorOf(api.createConversation({ createConversation: {} }));
  const seen = { id, contact_id: contactId, group_id: groupId, is_muted: isMuted };
  const states = { listed, retrieved, updated, cleared };
  console.log(JSON.stringify({ created: seen, ...states, missing, refused, errors: await errors() }));
}

void main();
