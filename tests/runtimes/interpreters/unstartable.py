"""The launcher of JavaScript workers, with a program for them that ends at once."""

from pathlib import Path

from perilune.worker.javascript import launcher
from perilune.worker.javascript.launcher import PROFILE as PROFILE
from perilune.worker.javascript.launcher import serve as serve

Path(launcher.FOLDER, "main.js").write_text("throw new Error('out of order');")
