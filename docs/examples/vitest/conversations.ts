// The code under test: a client that tries again when the API is not available.

export class Conversations {
  constructor(
    private readonly baseUrl: string,
    private readonly token: string,
  ) {}

  async create(contactId: string, attempts = 3): Promise<{ id: string; contact_id: string }> {
    const response = await fetch(`${this.baseUrl}/conversations`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}` },
      body: new URLSearchParams({ contact_id: contactId }),
    });
    if (response.ok) return response.json();
    if (response.status !== 503 || attempts === 1) throw new Error((await response.json()).message);
    return this.create(contactId, attempts - 1);
  }
}
