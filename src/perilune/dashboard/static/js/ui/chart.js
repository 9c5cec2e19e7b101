// Charts over time.

import uPlot from "../../vendor/uplot-1.6.32.js";
import { html, useEffect, useRef } from "../lib.js";
import { theme } from "../preferences.js";
import { useStore } from "../store.js";

/**
 * @typedef {object} Series
 * @property {string} label
 * @property {string} colour  name of a custom property, such as `--good`
 * @property {(number | null)[]} values
 * @property {boolean} [fill]
 */

/**
 * @param {{
 *   label: string,
 *   times: number[],
 *   series: Series[],
 *   format: (value: number) => string,
 *   height?: number,
 * }} props  *times* in Unix seconds; *label* says in words what the chart shows
 */
export function Chart({ label, times, series, format, height = 180 }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const chosen = useStore(theme);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const plot = new uPlot(
      options({ width: element.clientWidth, height, series, format }),
      [times, ...series.map((one) => one.values)],
      element,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [times, series, chosen, height]);
  return html`<figure class="chart" role="img" aria-label=${label} ref=${box}></figure>`;
}

/**
 * @param {{ width: number, height: number, series: Series[], format: (value: number) => string }} given
 * @returns {import("uplot").Options}
 */
function options({ width, height, series, format }) {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("span");
  document.body.append(probe);
  // Canvases know nothing of light-dark(): let the browser work the colour out.
  const colour = (/** @type {string} */ name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const font = `12px ${style.getPropertyValue("--sans")}`;
  const axis = { stroke: colour("--text-3"), font, grid: { stroke: colour("--border"), width: 1 }, ticks: { show: false } };
  const made = {
    width,
    height,
    cursor: { y: false },
    legend: { live: true },
    scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ top) => [0, Math.max(1, top * 1.1)] } },
    axes: [axis, { ...axis, size: 64, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(format) }],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: colour(one.colour),
        width: 2,
        points: { show: one.values.filter((value) => value !== null).length < 3, size: 6 },
        ...(one.fill ? { fill: colour(one.colour).replace(")", " / 12%)").replace("rgb(", "rgb(").replace(/,/g, " ") } : {}),
        value: (/** @type {any} */ _, /** @type {number | null} */ value) => (value === null ? "–" : format(value)),
      })),
    ],
  };
  probe.remove();
  return /** @type {any} */ (made);
}
