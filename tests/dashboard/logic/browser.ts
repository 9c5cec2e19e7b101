// What modules ask of a browser when they are loaded.  Import it before them.

const kept = new Map<string, string>();

const browser = {
  localStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  },
  history: { replaceState() {} },
  location: { hash: "#!/functions?page=2", origin: "https://perilune.example" },
  matchMedia: () => ({ matches: false, addEventListener() {} }),
};

for (const [name, value] of Object.entries(browser)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
