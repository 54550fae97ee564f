/** Delays drawn: the distribution that a rule asks for as a line, the delays that were measured as bars. */

import { el, svg } from "./dom.js";

const WIDTH = 520;
const HEIGHT = 76;
const BARS = 40;
const POINTS = 260;
/** The standard normal distribution has 99 percent of its values below this. */
const Z99 = 2.3263478740408408;

/**
 * Return the density of a delay and its 50th and 99th percentile, or null for a delay of pieces or none.
 * @param {any} delay as in a rule
 * @returns {{density: (x: number) => number, p50: number, p99: number} | null}
 */
export function distributionOf(delay) {
  if (delay === undefined || delay === null || delay.type === "dribble") return null;
  if (typeof delay === "number" || delay.type === "fixed") return fixed(delay.milliseconds ?? delay);
  if (delay.type === "uniform") return uniform(delay.lower, delay.upper);
  const sigma = delay.sigma ?? Math.log(delay.p99 / delay.median) / Z99;
  return sigma > 0 ? lognormal(delay.median, sigma) : fixed(delay.median);
}

function fixed(at) {
  const width = Math.max(1, at * 0.02);
  return { density: (x) => (Math.abs(x - at) <= width ? 1 / (2 * width) : 0), p50: at, p99: at };
}

function uniform(lower, upper) {
  const range = Math.max(1, upper - lower);
  const at = (share) => lower + (upper - lower) * share;
  return { density: (x) => (x >= lower && x <= lower + range ? 1 / range : 0), p50: at(0.5), p99: at(0.99) };
}

function lognormal(median, sigma) {
  const density = (x) => x <= 0 ? 0
    : Math.exp(-((Math.log(x / median) / sigma) ** 2) / 2) / (x * sigma * Math.sqrt(2 * Math.PI));
  return { density, p50: median, p99: median * Math.exp(Z99 * sigma) };
}

/** Return a percentile of numbers: the smallest that is at least as large as this share of them. */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/**
 * Return the drawing.
 * @param {ReturnType<typeof distributionOf>} asked
 * @param {number[]} measured delays in milliseconds
 * @param {string} label the drawing in words
 */
export function drawing(asked, measured, label) {
  const end = 1.15 * Math.max(asked?.p99 ?? 0, measured.length ? percentile(measured, 0.99) : 0, 1);
  const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label, class: "distribution" });
  const bars = histogram(measured, end);
  const highestBar = Math.max(...bars, 0);
  bars.forEach((count, place) => {
    if (!count) return;
    const height = (count / highestBar) * (HEIGHT - 6);
    const width = WIDTH / BARS;
    image.append(svg("rect", { x: place * width + 0.5, y: HEIGHT - height, width: width - 1, height, class: "measured" }));
  });
  if (asked) image.append(svg("path", { d: curve(asked.density, end), class: "asked" }));
  // The scale is no part of the image, which is as wide as the place for it.
  return el("div", {}, image,
    el("div", { class: "scale number" }, el("span", {}, "0"), el("span", {}, `${Math.round(end).toLocaleString("en")} ms`)));
}

function histogram(values, end) {
  const bars = new Array(values.length ? BARS : 0).fill(0);
  for (const value of values) {
    const place = Math.floor((value / end) * BARS);
    if (place < BARS) bars[place] += 1;
  }
  return bars;
}

function curve(density, end) {
  const heights = Array.from({ length: POINTS + 1 }, (_, i) => density((i / POINTS) * end));
  const highest = Math.max(...heights) || 1;
  const points = heights.map((height, i) =>
    `${((i / POINTS) * WIDTH).toFixed(1)},${(HEIGHT - (height / highest) * (HEIGHT - 6)).toFixed(1)}`);
  return `M${points.join("L")}`;
}
