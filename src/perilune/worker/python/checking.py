"""What can be told of a function's code without running it."""

import ast
import importlib
import symtable
import sys
from collections.abc import Iterator
from types import CodeType

from perilune.worker.frames import Failure
from perilune.worker.python.failures import SOURCE_NAME, failure_of
from perilune.worker.python.guest import NAME as GUEST_PACKAGE

HANDLER = "handler"
NO_HANDLER = "handler not found: define def handler(ctx, event)"
_DYNAMIC = frozenset({"exec", "globals", "setattr", "vars"})
"""What may define a handler without naming it in a way that can be seen."""


def compiled(source: str) -> CodeType:
    """Return the code of a module.  Raises `SyntaxError`, always with its line."""
    before, nul, _ = source.partition("\0")
    if nul:
        *lines, last = before.split("\n")
        place = (SOURCE_NAME, len(lines) + 1, len(last) + 1, None)
        raise SyntaxError("source code cannot contain NUL", place)
    return compile(source, SOURCE_NAME, "exec", dont_inherit=True)


def problem_in(source: str) -> Failure | None:
    """Return what loading *source* will certainly fail with; None if nothing can be seen.

    Imports count where they can't be avoided: at the top level of the module and of the handler.
    Of packages only the first names are looked up.
    """
    try:
        compiled(source)
        tree = ast.parse(source, SOURCE_NAME)
        table = symtable.symtable(source, SOURCE_NAME, "exec")
    except BaseException as error:
        # Such as a recursion that is too deep.
        return failure_of(error)
    for node in _imports(tree.body):
        missing = _missing(node)
        if missing is not None:
            return Failure("runtime", missing, node.lineno, node.col_offset + 1)
    if _binds_handler(table) or _is_dynamic(tree):
        return None
    return Failure("runtime", NO_HANDLER)


def _imports(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == HANDLER:
            yield from _imports(node.body)


def _missing(node: ast.Import | ast.ImportFrom) -> str | None:
    """Return the text of the error that an import ends with; None if it finds everything."""
    if isinstance(node, ast.ImportFrom) and node.level:
        name = "." * node.level + (node.module or "")
        return f"ModuleNotFoundError: No module named {name!r}"
    names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module]
    for name in filter(None, names):
        if not _can_be_imported(name):
            return f"ModuleNotFoundError: No module named {name!r}"
    if isinstance(node, ast.ImportFrom) and node.module:
        return _missing_member(node.module, [one.name for one in node.names])
    return None


def _missing_member(module: str, names: list[str]) -> str | None:
    """Return the error for a name that the platform's own package does not have."""
    if module.partition(".")[0] != GUEST_PACKAGE:
        return None
    found = importlib.import_module(module)
    for name in names:
        if name != "*" and not hasattr(found, name):
            return f"ImportError: cannot import name {name!r} from {module!r}"
    return None


def _can_be_imported(name: str) -> bool:
    first = name.partition(".")[0]
    if name in sys.modules:
        return True
    # Packages may make modules as they are imported; what ships has all of them from the start.
    wanted = name if first in sys.stdlib_module_names else first
    # The finders are asked directly: `importlib` would import what a module is in.
    return any(finder.find_spec(wanted, None) is not None for finder in sys.meta_path)


def _binds_handler(table: symtable.SymbolTable) -> bool:
    if HANDLER in table.get_identifiers():
        symbol = table.lookup(HANDLER)
        is_here = table.get_type() == "module" or symbol.is_declared_global()
        if is_here and (symbol.is_assigned() or symbol.is_imported()):
            return True
    return any(map(_binds_handler, table.get_children()))


def _is_dynamic(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
            return True
        if isinstance(node, ast.Name) and node.id in _DYNAMIC:
            return True
    return False
