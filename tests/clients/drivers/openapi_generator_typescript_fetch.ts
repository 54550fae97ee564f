// Uses the client that openapi-generator generates for fetch; see tests/clients/lifecycle.py.

import { ApiErrorFromJSON, Configuration, Conversation, ConversationsApi, ResponseError } from "./client";

const [basePath, accessToken] = process.argv.slice(2);
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
  throw new Error("The call succeeded.");
}

async function main() {
  const created = await api.createConversation({ createConversation: { contactId: "WAz8eIbvDR60rouK" } });
  const { id, contactId, groupId, isMuted } = created;
  const listed = await ids();
  const retrieved = await state(id);
  await api.updateConversation({ id, updateConversation: { isMuted: true, archivedAt: 692233200 } });
  const updated = await state(id);
  await api.updateConversation({ id, updateConversation: { archivedAt: null } });
  const cleared = await state(id);
  await api.deleteConversation({ id });
  const missing = await errorOf(api.retrieveConversation({ id }));
  const refused = await errorOf(api.createConversation({ createConversation: {} }));
  const seen = { id, contact_id: contactId, group_id: groupId, is_muted: isMuted };
  console.log(JSON.stringify({ created: seen, listed, retrieved, updated, cleared, missing, refused }));
}

void main();
