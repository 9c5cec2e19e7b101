// Builds the dashboard out of its sources, and the gallery of its components that tests look at.
// With --check it writes nothing and fails when what lies there is not what would be written.
// Needs `npm install --ignore-scripts` in this folder first.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const sources = join(root, "src/perilune/dashboard/frontend");
const served = join(root, "src/perilune/dashboard/static");
const gallery = join(root, "tests/dashboard/gallery");

const common = {
  absWorkingDir: root, // the names of chunks depend on paths, so they must not depend on the clone's
  bundle: true,
  format: "esm",
  legalComments: "none", // the licences stand in a file of their own
  metafile: true,
  minify: true,
  nodePaths: [join(here, "node_modules")],
  target: "es2022",
  tsconfig: join(root, "tsconfig.json"),
  write: false,
};

/** The dashboard's files by path: what is built has its hash in its name, the page refers to it. */
async function dashboard() {
  const { outputFiles, metafile } = await build({
    ...common,
    banner: { js: "/* Licences of the libraries in it: licences.txt */" },
    chunkNames: "[name]-[hash]",
    entryNames: "[name]-[hash]",
    entryPoints: { main: join(sources, "main.tsx"), style: join(sources, "css/main.css") },
    outdir: join(served, "built"),
    splitting: true,
  });
  const files = new Map(outputFiles.map((file) => [file.path, file.text]));
  files.set(join(served, "index.html"), await page(metafile));
  files.set(join(served, "licences.txt"), await licences(metafile));
  return files;
}

/** The gallery as one script; its style sheet is the dashboard's. */
async function galleryOfTests() {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [join(gallery, "gallery.tsx")],
    outfile: join(gallery, "built/gallery.js"),
  });
  return new Map(outputFiles.map((file) => [file.path, file.text]));
}

/** The page with the names of what was built. */
async function page({ outputs }) {
  const built = (entry) => {
    const [path] = Object.entries(outputs).find(([, one]) => one.entryPoint?.endsWith(entry));
    return relative(served, join(root, path));
  };
  const template = await readFile(join(sources, "index.html"), "utf8");
  return template.replace("css/main.css", built("css/main.css")).replace("main.tsx", built("main.tsx"));
}

/** The licences of all packages of which something is in the built files. */
async function licences({ inputs }) {
  const names = new Set(Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
  const texts = [];
  for (const name of [...names].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf8") : license;
    texts.push(`${name} ${version}\n\n${text.trim()}\n`);
  }
  return texts.join("\n----\n\n");
}

/** Paths of what was built before. */
async function present() {
  const folders = [join(served, "built"), join(gallery, "built")];
  const found = await Promise.all(
    folders.map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))),
  );
  return found.flat();
}

const wanted = new Map([...(await dashboard()), ...(await galleryOfTests())]);
const left = (await present()).filter((path) => !wanted.has(path));

if (process.argv.includes("--check")) {
  const stale = [];
  for (const [path, text] of wanted) {
    if ((await readFile(path, "utf8").catch(() => null)) !== text) stale.push(path);
  }
  const names = [...stale, ...left].map((path) => relative(root, path));
  if (names.length) {
    console.error(`not what the sources give (run \`make dashboard\`):\n  ${names.join("\n  ")}`);
    process.exitCode = 1;
  }
} else {
  for (const path of left) await rm(path);
  for (const [path, text] of wanted) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const scripts = [...wanted].filter(([path]) => path.startsWith(join(served, "built")));
  for (const [path, text] of scripts) console.log(`${String(Buffer.byteLength(text)).padStart(9)}  ${basename(path)}`);
}
