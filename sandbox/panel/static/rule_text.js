/** A rule in a few words. */

/** Return what a rule does: `503 Retry-After 1 · 400 ms`. */
export function effectOf(rule) {
  const parts = [];
  if (rule.fault) parts.push(faultText(rule.fault));
  if (rule.delay !== undefined) parts.push(delayText(rule.delay));
  if (rule.phase === "after") parts.push("after the call");
  return parts.join(" · ");
}

/** Return when a rule fires: `createConversation · 2 times · 20 %`. */
export function conditionOf(rule) {
  const { operation, method, path, query, body } = rule.match ?? {};
  const parts = [operation, method, path, pairs(query), pairs(body)].filter(Boolean);
  if (!parts.length) parts.push("every call");
  if (rule.skip) parts.push(`not the first ${rule.skip}`);
  if (rule.every > 1) parts.push(`every ${ordinal(rule.every)}`);
  if (rule.times) parts.push(rule.times === 1 ? "once" : `${rule.times} times`);
  if (rule.probability !== undefined && rule.probability < 1) parts.push(`${percent(rule.probability)} of them`);
  if (rule.ttl_seconds) parts.push(`for ${rule.ttl_seconds} s`);
  return parts.join(" · ");
}

export function percent(probability) {
  return `${Number((probability * 100).toFixed(2))} %`;
}

function faultText(fault) {
  if (fault.type === "status") return `${fault.status}${fault.retry_after === undefined ? "" : `, retry after ${fault.retry_after}`}`;
  if (fault.type === "rate_limit") return `429 above ${fault.limit} in ${fault.window_seconds} s`;
  return fault.type.replaceAll("_", " ").toLowerCase();
}

function delayText(delay) {
  if (typeof delay === "number") return `${delay} ms`;
  if (delay.type === "fixed") return `${delay.milliseconds} ms`;
  if (delay.type === "uniform") return `${delay.lower} to ${delay.upper} ms`;
  if (delay.type === "lognormal") return `about ${delay.median} ms`;
  return `in ${delay.chunks} pieces over ${delay.milliseconds} ms`;
}

function pairs(values) {
  return Object.entries(values ?? {}).map(([name, value]) => `${name}=${value}`).join(" ");
}

function ordinal(number) {
  const ending = number % 100 > 10 && number % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}
