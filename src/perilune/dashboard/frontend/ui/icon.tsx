// Icons, drawn with the colour of the text around them.

/** 24 × 24 paths, stroked. */
const PATHS = {
  alert: "M12 9v4m0 4h.01M10.3 3.9 2.400 17.500A2 2 0 0 0 4.100 20.500h15.800a2 2 0 0 0 1.700-3L13.700 3.900a2 2 0 0 0-3.400 0Z",
  arrowLeft: "M19 12H5m6-7-7 7 7 7",
  check: "m5 13 4 4L19 7",
  chevronDown: "m6 9 6 6 6-6",
  chevronRight: "m9 6 6 6-6 6",
  chevronUp: "m6 15 6-6 6 6",
  clock: "M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  code: "m8 7-5 5 5 5m8-10 5 5-5 5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  download: "M12 4v11m-5-4 5 5 5-5M5 20h14",
  expand: "M4 9V4h5m11 5V4h-5M4 15v5h5m11-5v5h-5",
  external: "M14 4h6v6m0-6-9 9M18 14v6H4V6h6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-9-9h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  key: "M14 10a4 4 0 1 1-4-4 4 4 0 0 1 4 4Zm-1.200 2.800L20 20m-3-3 2-2",
  mail: "M3 6h18v12H3zm0 1 9 6 9-6",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M20 14.500A8 8 0 0 1 9.500 4 8 8 0 1 0 20 14.500Z",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500v15l12-7.500z",
  plus: "M12 5v14M5 12h14",
  refresh: "M20 11a8 8 0 0 0-14.500-3.500L4 9m0-5v5h5m-5 4a8 8 0 0 0 14.500 3.500L20 15m0 5v-5h-5",
  route: "M6 19a2 2 0 1 0 0-.01M18 5a2 2 0 1 0 0-.01M8 19h6a4 4 0 0 0 0-8h-4a3 3 0 0 1 0-6h6",
  search: "M20 20l-4.500-4.500M17 10.500a6.500 6.500 0 1 1-13 0 6.500 6.500 0 0 1 13 0Z",
  server: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  settings: "M4 7h10m4 0h2M4 17h2m4 0h10M16 5v4M8 15v4",
  sparkles: "M11 4l1.700 4.600L17.500 10l-4.800 1.600L11 16l-1.600-4.400L4.500 10l4.900-1.400zM18 15l.8 2.200L21 18l-2.200.8L18 21l-.8-2.200L15 18l2.200-.8z",
  sun: "M12 4V2m0 20v-2m8-8h2M2 12h2m13.700-5.700 1.400-1.400M4.900 19.100l1.400-1.400m0-11.400L4.900 4.900m14.200 14.200-1.400-1.400M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5m4-5v5",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  upload: "M12 20V9m-5 4 5-5 5 5M5 4h14",
  x: "M6 6l12 12M18 6 6 18",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return <svg class="icon-svg" viewBox="0 0 24 24" fill="none" stroke="currentColor"
    stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>;
}

/** The moon of the logo. */
export function Logo() {
  return <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
    <circle cx="16" cy="16" r="14" fill="var(--accent)" />
    <path d="M21.500 22.800A10 10 0 0 1 13 5.600a10.600 10.600 0 1 0 8.500 17.200Z" fill="var(--surface)" />
  </svg>;
}
