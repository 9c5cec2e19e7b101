// Charts over time.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { AlignedData, Options } from "uplot";
import { axisTime, time } from "../format.ts";
import { t } from "../i18n.ts";
import { isSystemDark, theme } from "../preferences.ts";
import { useStore } from "../use-store.ts";

interface Series {
  label: string;
  colour: string; // name of a custom property, such as `--good`
  values: (number | null)[];
  fill?: boolean;
}

/** @param props  *times* in Unix seconds; *label* says in words what the chart shows */
export function Chart({ label, times, series, format, height = 180 }: {
  label: string;
  times: number[];
  series: Series[];
  format: (value: number) => string;
  height?: number;
}) {
  const box = useRef<HTMLElement | null>(null);
  const drawn = useRef<uPlot | null>(null);
  const chosen = useStore(theme);
  const isOfSystem = useStore(isSystemDark);
  const data: AlignedData = [times, ...series.map((one) => one.values)];
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
  return <figure class="chart" role="img" aria-label={label} ref={box}
    style={{ minHeight: `${height}px` }}></figure>;
}

function options({ width, height, series, format }: {
  width: number;
  height: number;
  series: Series[];
  format: (value: number) => string;
}): Options {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("span");
  document.body.append(probe);
  // Canvases know nothing of light-dark(): let the browser work the colour out.
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const font = `12px ${style.getPropertyValue("--sans")}`;
  const point = (plot: uPlot) =>
    plot.root.classList.toggle("pointed", plot.cursor.idx !== null && plot.cursor.idx !== undefined);
  const axis = { stroke: colour("--text-3"), font, grid: { stroke: colour("--border"), width: 1 }, ticks: { show: false } };
  const made: Options = {
    width,
    height,
    cursor: { y: false },
    legend: { live: true },
    scales: { y: { range: (_, __, top) => [0, Math.max(1, top * 1.1)] } },
    hooks: { setLegend: [point] },
    axes: [
      {
        ...axis,
        size: 32,
        values: (_, ticks, __, ___, step) =>
          ticks.map((at) => axisTime(at, step)),
      },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      {
        label: t("chart.time"),
        value: (_, at) => (at === null ? "" : time(at)),
      },
      ...series.map((one) => ({
        label: one.label,
        stroke: colour(one.colour),
        width: 2,
        // A line needs two ends: what stands alone is a point.
        points: { show: true, size: 6, filter: lonePoints },
        ...(one.fill ? { fill: colour(one.colour).replace(")", " / 12%)").replace("rgb(", "rgb(").replace(/,/g, " ") } : {}),
        value: (_: uPlot, value: number | null) => (value === null ? "–" : format(value)),
      })),
    ],
  };
  probe.remove();
  return made;
}

/**
 * The places of values without a neighbour.
 *
 * @param at  of the series
 */
function lonePoints(plot: uPlot, at: number) {
  const values = [...(plot.data[at] ?? [])];
  const isThere = (place: number) => values[place] !== null && values[place] !== undefined;
  return values.flatMap((_, place) => (isThere(place) && !isThere(place - 1) && !isThere(place + 1) ? [place] : []));
}
