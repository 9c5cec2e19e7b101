// The form of .env files.

/**
 * The variables of a .env file; `#` begins a comment, values in quotes may go over several lines.
 *
 * @returns *problems* are the numbers of lines
 */
export function parseDotenv(text: string): { pairs: [string, string][]; problems: number[] } {
  const pairs = new Map<string, string>();
  const problems = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const first = at;
    let line = lines[at] ?? "";
    if (!line.trim() || line.trim().startsWith("#")) continue;
    while (isOpen(line) && at + 1 < lines.length) {
      at += 1;
      line += `\n${lines[at]}`;
    }
    const found = /^\s*(?:export\s+)?([A-Za-z0-9_]+)\s*=\s*([^]*?)\s*$/.exec(line);
    if (!found || isOpen(line)) {
      problems.push(first + 1);
      at = first;
      continue;
    }
    pairs.set(found[1] ?? "", valueOf(found[2] ?? ""));
  }
  return { pairs: [...pairs], problems };
}

/** One line of a .env file, or several if the value has several. */
export function dotenvLine(key: string, value: string) {
  if (/^[\w.,:/@%+=-]*$/.test(value)) return `${key}=${value}\n`;
  if (!/['\r\n]/.test(value)) return `${key}='${value}'\n`;
  return `${key}=${JSON.stringify(value).replaceAll("$", String.raw`\$`)}\n`;
}

/** Whether a quote has begun that does not end here. */
function isOpen(line: string) {
  return /^[^=]*=\s*(?:"(?:[^"\\]|\\[^])*|'[^']*)$/.test(line);
}

function valueOf(raw: string) {
  const quoted = /^"((?:[^"\\]|\\[^])*)"(?:\s+#.*)?$/.exec(raw);
  if (quoted) return unescaped(quoted[1] ?? "");
  const plain = /^'([^']*)'(?:\s+#.*)?$/.exec(raw);
  return plain ? (plain[1] ?? "") : raw.replace(/(?:^|\s+)#.*$/, "");
}

function unescaped(text: string) {
  const names = { n: "\n", r: "\r", t: "\t" } as Record<string, string>;
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, code, letter) =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : (names[letter] ?? letter),
  );
}
