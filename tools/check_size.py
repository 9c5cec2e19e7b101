"""Checks that files and functions stay small enough to be read in one go.

Usage: `check_size.py DIRECTORY...`.  Looked at are Python, TypeScript, JavaScript, Lua and style
sheets, but not what is built or installed.  A longer unit passes when its docstring, or the comment
in front of it, says why it is one thing, in a sentence with "is one thing because".
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_lua
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

_REASON = re.compile(r"\bis\s+one\s+thing\s+because\b")
_NOT_WRITTEN = {"built", "node_modules"}
_TYPESCRIPT = Language(tree_sitter_typescript.language_typescript())
_TSX = Language(tree_sitter_typescript.language_tsx())
_LUA = Language(tree_sitter_lua.language())
_GRAMMARS = {".ts": _TYPESCRIPT, ".tsx": _TSX, ".js": _TSX, ".mjs": _TSX, ".lua": _LUA}
_SUFFIXES = {".py", ".css", *_GRAMMARS}
_FUNCTIONS = {
    "arrow_function",
    "function_declaration",
    "function_definition",  # Lua's without a name
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "method_definition",
}
_COMMENT_MARKS = re.compile(r"^\s*(?:/?\*+/?|//|--)", re.MULTILINE)

Unit = tuple[str, int, int, str]
"""A function: name, first line, number of lines, what is said about it."""


def oversized(source: str, name: str) -> Iterator[str]:
    """Yield one line of text for each unit of *source* that is too long and gives no reason.

    The ending of *name* tells the language.
    """
    about, functions = _UNITS.get(Path(name).suffix, _parsed)(source, name)
    lines = source.count("\n")
    if lines > MAX_FILE_LINES and not _REASON.search(about):
        yield f"{name}: {lines} lines, at most {MAX_FILE_LINES}"
    for function, line, length, said in functions:
        if length > MAX_FUNCTION_LINES and not _REASON.search(said):
            yield f"{name}:{line}: {function}: {length} lines, at most {MAX_FUNCTION_LINES}"


def main(directories: list[str]) -> int:
    """Print what is too long below *directories*; return the exit code."""
    findings = [
        finding
        for directory in directories
        for path in sorted(Path(directory).rglob("*"))
        if path.suffix in _SUFFIXES and _NOT_WRITTEN.isdisjoint(path.parts)
        for finding in oversized(path.read_text(encoding="utf-8"), str(path))
    ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _python(source: str, name: str) -> tuple[str, list[Unit]]:
    tree = ast.parse(source, name)
    functions = [
        (one.name, one.lineno, (one.end_lineno or one.lineno) - one.lineno + 1, _docstring(one))
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return _docstring(tree), functions


def _docstring(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return ast.get_docstring(node) or ""


def _style_sheet(source: str, name: str) -> tuple[str, list[Unit]]:
    return source.partition("*/")[0], []


def _parsed(source: str, name: str) -> tuple[str, list[Unit]]:
    root = Parser(_GRAMMARS[Path(name).suffix]).parse(source.encode()).root_node
    code = next((one for one in root.children if one.type != "comment"), None)
    return _comment(code), list(_functions(root))


def _functions(node: Node) -> Iterator[Unit]:
    if node.type in _FUNCTIONS:
        length = node.end_point.row - node.start_point.row + 1
        yield _name(node), node.start_point.row + 1, length, _comment(_statement(node))
    for child in node.children:
        yield from _functions(child)


def _name(function: Node) -> str:
    """The name of *function*, or of what it is assigned to."""
    for holder in (function, function.parent):
        found = holder and (holder.child_by_field_name("name") or holder.child_by_field_name("key"))
        if found and found.text:
            return found.text.decode()
    return "function"


def _statement(function: Node) -> Node:
    """What a comment about *function* stands in front of: it may be exported or assigned."""
    node = function
    while (
        node.parent and node.parent.start_point.row == node.start_point.row and node.parent.parent
    ):
        node = node.parent
    return node


def _comment(node: Node | None) -> str:
    """The comments right in front of *node* as one text."""
    said: list[str] = []
    before = node.prev_sibling if node else None
    while before and before.type == "comment":
        said.insert(0, (before.text or b"").decode())
        before = before.prev_sibling
    return _COMMENT_MARKS.sub("", "\n".join(said))


_UNITS = {".py": _python, ".css": _style_sheet}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
