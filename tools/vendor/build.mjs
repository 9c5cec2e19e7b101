// Writes the third-party code that the dashboard ships into its vendor folder, each file
// with its version in its name.  Needs `npm install --ignore-scripts` in this folder first.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../src/perilune/dashboard/static/vendor");
const pinned = JSON.parse(await readFile(join(here, "package.json"), "utf8")).devDependencies;

const common = { bundle: true, format: "esm", minify: true, legalComments: "none", target: "es2022" };

/** Put the licences of all bundled packages in front of the code. */
async function banner(packages) {
  const texts = [];
  for (const name of packages) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf8") : license;
    texts.push(`${name} ${version}\n\n${text.trim()}`);
  }
  return `/*!\n${texts.join("\n\n----\n\n").replaceAll("*/", "* /")}\n*/`;
}

async function bundle(entry, outfile, packages) {
  await build({
    ...common,
    entryPoints: [join(here, entry)],
    outfile: join(target, outfile),
    banner: { js: await banner(packages) },
  });
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await bundle("entry-preact.js", `preact-${pinned.preact}.js`, ["preact", "htm"]);
await bundle(
  "entry-codemirror.js",
  `codemirror-${pinned["@codemirror/view"]}.js`,
  Object.keys(pinned).filter((name) => /^@codemirror|^@lezer|^@marijn|style-mod|crelt|w3c/.test(name)),
);
await bundle("entry-uplot.js", `uplot-${pinned.uplot}.js`, ["uplot"]);
await copyFile(
  join(here, "node_modules/uplot/dist/uPlot.min.css"),
  join(target, `uplot-${pinned.uplot}.css`),
);
// Types for the checker, beside the code they belong to.
for (const [name, version] of [
  ["preact", pinned.preact],
  ["codemirror", pinned["@codemirror/view"]],
  ["uplot", pinned.uplot],
]) {
  await copyFile(join(here, `entry-${name}.d.ts`), join(target, `${name}-${version}.d.ts`));
}
