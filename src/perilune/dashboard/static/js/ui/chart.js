// Charts over time.

import uPlot from "../../vendor/uplot-1.6.32.js";
import { axisTime, time } from "../format.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef } from "../lib.js";
import { isSystemDark, theme } from "../preferences.js";
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
  const drawn = useRef(/** @type {uPlot | null} */ (null));
  const chosen = useStore(theme);
  const isOfSystem = useStore(isSystemDark);
  /** @type {any} */
  const data = [times, ...series.map((one) => one.values)];
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const plot = new uPlot(options({ width: element.clientWidth, height, series, format }), data, element);
    drawn.current = plot;
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
      drawn.current = null;
    };
  }, [series.length, chosen, isOfSystem, height]);
  // New figures do not take away what somebody points at.
  useEffect(() => drawn.current?.setData(data), [times, series]);
  return html`<figure class="chart" role="img" aria-label=${label} ref=${box}
    style=${{ minHeight: `${height}px` }}></figure>`;
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
  const point = (/** @type {import("uplot")} */ plot) =>
    plot.root.classList.toggle("pointed", plot.cursor.idx !== null && plot.cursor.idx !== undefined);
  const axis = { stroke: colour("--text-3"), font, grid: { stroke: colour("--border"), width: 1 }, ticks: { show: false } };
  const made = {
    width,
    height,
    cursor: { y: false },
    legend: { live: true },
    scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ top) => [0, Math.max(1, top * 1.1)] } },
    hooks: { setLegend: [point] },
    axes: [
      {
        ...axis,
        size: 32,
        values: (/** @type {any} */ _, /** @type {number[]} */ ticks, /** @type {any} */ __, /** @type {any} */ ___, /** @type {number} */ step) =>
          ticks.map((at) => axisTime(at, step)),
      },
      { ...axis, size: 64, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(format) },
    ],
    series: [
      {
        label: t("chart.time"),
        value: (/** @type {any} */ _, /** @type {number | null} */ at) => (at === null ? "" : time(at)),
      },
      ...series.map((one) => ({
        label: one.label,
        stroke: colour(one.colour),
        width: 2,
        // A line needs two ends: what stands alone is a point.
        points: { show: true, size: 6, filter: lonePoints },
        ...(one.fill ? { fill: colour(one.colour).replace(")", " / 12%)").replace("rgb(", "rgb(").replace(/,/g, " ") } : {}),
        value: (/** @type {any} */ _, /** @type {number | null} */ value) => (value === null ? "–" : format(value)),
      })),
    ],
  };
  probe.remove();
  return /** @type {any} */ (made);
}

/**
 * The places of values without a neighbour.
 *
 * @param {any} plot
 * @param {number} at  of the series
 */
function lonePoints(plot, at) {
  /** @type {(number | null | undefined)[]} */
  const values = plot.data[at];
  const isThere = (/** @type {number} */ place) => values[place] !== null && values[place] !== undefined;
  return values.flatMap((_, place) => (isThere(place) && !isThere(place - 1) && !isThere(place + 1) ? [place] : []));
}
