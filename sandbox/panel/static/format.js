/** Numbers, times and HTTP messages as text for people. */

const pad = (number, width = 2) => String(number).padStart(width, "0");

/** Return `12:04:31` for Unix seconds, in the time zone of the browser. */
export function timeOfDay(seconds) {
  const date = new Date(seconds * 1000);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** Return `2026-11-25 12:04:31` for Unix seconds, or nothing for null. */
export function dateAndTime(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(Number(seconds))) return "";
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${timeOfDay(seconds)}`;
}

/** Return milliseconds with as many digits as one compares: `0.4`, `12`, `1,250`. */
export function milliseconds(value) {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

/** Return `1 call` or `2 calls`. */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Return the path of a call as a URL has it: the journal shows it decoded. */
export function urlPath(call) {
  const path = call.path.split("/").map(encodeURIComponent).join("/");
  return call.query ? `${path}?${call.query}` : path;
}

/** Return `text` indented if it is JSON, else as it is. */
export function readableBody(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const REASONS = {
  200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
  404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large",
  415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
  500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
  507: "Insufficient Storage",
};

/** Return `503 Service Unavailable`, or what happened instead of a response. */
export function statusText(status) {
  return status === null ? "no response" : `${status} ${REASONS[status] ?? ""}`.trim();
}

/** Return the class of a status: `2xx` to `5xx`, or `none`. */
export function statusClass(status) {
  return status === null ? "none" : `${Math.floor(status / 100)}xx`;
}
