/** The control API, and the only module that sends requests. */

import { curl, headersToRepeat } from "./curl.js";
import { urlPath } from "./format.js";

const ADMIN_TOKEN = "sandbox.admin-token";

/** An error of the server, with its message, or a connection that failed (`status` is 0). */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * The world that the panel shows: by `token`, by the `id` of the list of sandboxes, or neither for the whole server.
 * @typedef {{token?: string, id?: string}} World
 */

export class Api {
  constructor() {
    /** @type {World} */
    this.world = {};
    /** Returns a promise of whether somebody has entered the admin token. */
    this.askForAdminToken = async (_message) => false;
    this.base = new URL(".", document.baseURI).pathname.replace(/\/$/, "");
    this.origin = location.origin;
    // Behind a path prefix, the API is where the control API is.
    this.root = this.base.replace(/\/__admin$/, "");
  }

  get hasWorld() {
    return Boolean(this.world.token || this.world.id);
  }

  set adminToken(token) {
    sessionStorage.setItem(ADMIN_TOKEN, token);
  }

  get adminToken() {
    return sessionStorage.getItem(ADMIN_TOKEN) ?? "";
  }

  get = (path) => this.call("GET", path);
  post = (path, body = {}) => this.call("POST", path, body);
  put = (path, body) => this.call("PUT", path, body);
  remove = (path) => this.call("DELETE", path);

  /** Return the JSON of a response, or null if it has none. Raises ApiError. */
  async call(method, path, body) {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  }

  /** Return the response of the stream of calls, from the one with the id `after` on, or "" for all. Raises ApiError. */
  stream({ after, signal }) {
    const query = new URLSearchParams({ after, ...(this.hasWorld ? {} : { all: "true" }) });
    return this.#fetch("GET", `/requests/stream?${query}`, undefined, { signal, headers: { Accept: "text/event-stream" } });
  }

  /** Return the curl command of a call of the control API, with a placeholder instead of the admin token. */
  curl(method, path, body) {
    const headers = [];
    if (this.world.token) headers.push(["Authorization", `Bearer ${this.world.token}`]);
    else if (this.world.id) headers.push(["X-Sandbox-Id", this.world.id]);
    if (this.adminToken) headers.push(["X-Admin-Token", "YOUR_ADMIN_TOKEN"]);
    if (method === "POST" || method === "PUT") headers.push(["Content-Type", "application/json"]);
    return curl({ method, url: this.origin + this.base + path, headers, body: body && JSON.stringify(body) });
  }

  /** Return whether {@link sendAgain} can send this call: with the token of its world, or as it came without one. */
  canSendAgain(call) {
    return Boolean(this.world.token) || !("Authorization" in call.headers);
  }

  /** Send a journalled call again; return its status and request id. Raises ApiError if no response came. */
  async sendAgain(call) {
    const headers = Object.fromEntries(headersToRepeat(call).filter(([name]) => !/^user-agent$/i.test(name)));
    if ("Authorization" in call.headers) headers.Authorization = `Bearer ${bytesOf(this.world.token ?? "")}`;
    const hasBody = call.body && call.method !== "GET" && call.method !== "HEAD";
    try {
      const url = this.root + urlPath(call);
      const response = await fetch(url, { method: call.method, headers, body: hasBody ? call.body : undefined });
      return { status: response.status, id: response.headers.get("X-Request-Id") };
    } catch {
      throw new ApiError("The call was sent again, and no response came.", 0);
    }
  }

  async #fetch(method, path, body, { signal = undefined, headers = {} } = {}) {
    for (;;) {
      const response = await this.#send(method, path, body, signal, headers);
      if (response.ok) return response;
      const message = await messageOf(response);
      const isClosed = response.status === 403 && /admin token in the header/.test(message);
      if (!isClosed || !(await this.askForAdminToken(message))) throw new ApiError(message, response.status);
    }
  }

  async #send(method, path, body, signal, headers) {
    const sent = { ...headers };
    if (this.world.token) sent.Authorization = `Bearer ${bytesOf(this.world.token)}`;
    else if (this.world.id) sent["X-Sandbox-Id"] = this.world.id;
    if (this.adminToken) sent["X-Admin-Token"] = bytesOf(this.adminToken);
    if (body !== undefined) sent["Content-Type"] = "application/json";
    try {
      return await fetch(this.base + path, {
        method, signal, headers: sent, cache: "no-store",
        body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError("The sandbox does not respond. Is the server running?", 0);
    }
  }
}

async function messageOf(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `The server responded ${response.status}.`;
  }
}

/** Return the bytes of `text` in UTF-8 as fetch wants them in a header, one character each. */
function bytesOf(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
