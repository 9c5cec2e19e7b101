// Which commands of the palette fit what was typed, and in which order.

export interface Command {
  id: string;
  label: string;
  detail?: string;
  run: () => void;
}

/** How many of the commands that were used last are remembered. */
export const RECENT_KEPT = 8;

/** The commands that fit *text*, best first; without text the recent ones come first. */
export function rank(commands: Command[], text: string, recent: readonly string[]) {
  const wanted = text.trim().toLowerCase();
  const scored = commands.map((command, order) => {
    const used = recent.indexOf(command.id);
    const bonus = used < 0 ? 0 : (RECENT_KEPT - used) / 100;
    return { command, order, score: wanted ? score(`${command.label} ${command.detail ?? ""}`, wanted) + bonus : bonus };
  });
  return scored
    .filter((one) => !wanted || one.score >= 1)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map((one) => one.command);
}

/**
 * 0 when the letters of *wanted* are not in *label* in this order; more the closer they are.
 *
 * @param wanted  in lower case
 */
function score(label: string, wanted: string) {
  const text = label.toLowerCase();
  const found = text.indexOf(wanted);
  if (found >= 0) return 3 + (found === 0 ? 1 : /\W/.test(text[found - 1] ?? "") ? 0.5 : 0);
  let position = -1;
  let gaps = 0;
  for (const letter of wanted) {
    const next = text.indexOf(letter, position + 1);
    if (next < 0) return 0;
    gaps += position < 0 ? 0 : next - position - 1;
    position = next;
  }
  return 1 + 1 / (1 + gaps);
}
