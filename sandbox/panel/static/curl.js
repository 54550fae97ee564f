/** Requests as curl commands. */

import { urlPath } from "./format.js";

const LEFT_OUT = new Set(["host", "content-length", "connection", "accept-encoding", "authorization", "transfer-encoding",
  "origin", "referer", "cookie", "x-request-id", "expect"]);

/** Return `text` as one word of a shell. */
export function quoted(text) {
  return /^[A-Za-z0-9_\-./:=@%+,]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Return a curl command.
 * @param {{method: string, url: string, headers?: [string, string][], body?: string}} request
 */
export function curl({ method, url, headers = [], body = "" }) {
  const words = ["curl", "-s"];
  if (method !== (body ? "POST" : "GET")) words.push("-X", method);
  words.push(quoted(url));
  for (const [name, value] of headers) words.push("-H", quoted(`${name}: ${value}`));
  if (body) words.push("--data-raw", quoted(body));
  return words.join(" ");
}

/** Return the headers of a journalled call that matter when it is sent again. */
export function headersToRepeat(call) {
  return Object.entries(call.headers).filter(([name]) => !LEFT_OUT.has(name.toLowerCase()) && !/^(sec-|x-forwarded)/i.test(name));
}

/**
 * Return the curl command that repeats a journalled call.
 * @param {any} call the entry of the journal
 * @param {string} origin
 * @param {string | null} token the bearer token; null if it is not known, for a placeholder
 */
export function curlOfCall(call, origin, token) {
  const headers = headersToRepeat(call).filter(([name]) => !/^(accept|user-agent)$/i.test(name));
  if ("Authorization" in call.headers) headers.unshift(["Authorization", `Bearer ${token ?? "YOUR_TOKEN"}`]);
  return curl({ method: call.method, url: origin + urlPath(call), headers, body: call.body });
}
