"""Checks that modules and functions stay small enough to be read in one go.

Usage: `check_size.py DIRECTORY...`.  A longer unit passes when its docstring
says why it is one thing, in a sentence with "is one thing because".
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60

_REASON = re.compile(r"\bis\s+one\s+thing\s+because\b")


def oversized(source: str, name: str) -> Iterator[str]:
    """Yield one line of text for each unit of *source* that is too long and gives no reason."""
    tree = ast.parse(source, name)
    lines = source.count("\n")
    if lines > MAX_MODULE_LINES and not _gives_reason(tree):
        yield f"{name}: {lines} lines, at most {MAX_MODULE_LINES}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION_LINES and not _gives_reason(node):
            yield f"{name}:{node.lineno}: {node.name}: {length} lines, at most {MAX_FUNCTION_LINES}"


def main(directories: list[str]) -> int:
    """Print what is too long below *directories*; return the exit code."""
    findings = [
        finding
        for directory in directories
        for path in sorted(Path(directory).rglob("*.py"))
        for finding in oversized(path.read_text(encoding="utf-8"), str(path))
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _gives_reason(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return _REASON.search(ast.get_docstring(node) or "") is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
