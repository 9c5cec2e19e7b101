"""JavaScript and TypeScript: Deno as the interpreter of a worker.

`launcher.py` turns a locked-down process into Deno; `guest/` is what Deno runs.
"""
