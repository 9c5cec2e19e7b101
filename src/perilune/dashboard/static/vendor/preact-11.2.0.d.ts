import type { VNode } from "preact";
export { createContext, h, render } from "preact";
export {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "preact/hooks";
/** Nodes from a template; components and handlers are interpolated. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode;
