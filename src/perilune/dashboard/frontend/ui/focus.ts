// Where the focus goes when what has it is taken away.

/**
 * Give the focus to the row after the one that *element* is in, or to the one before.
 *
 * @param row  a selector of rows
 */
export function focusBeside(element: Element, row: string) {
  const mine = element.closest(row);
  const others = [mine?.nextElementSibling, mine?.previousElementSibling];
  const found = others.map((one) => one?.querySelector("button:not([disabled]), input:not([disabled])")).find(Boolean);
  if (found instanceof HTMLElement) found.focus();
}
