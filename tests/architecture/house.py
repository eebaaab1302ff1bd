"""The tree as the architecture tests read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOTS = ("backend", "models", "blueprints", "mini_program_api", "tasks", "seed", "deploy")
LEFT_OUT = {".git", ".venv", "var", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
LEFT_OUT |= {".import_linter_cache", "node_modules"}


def sources(*roots: str) -> list[Path]:
    """Return the Python files below the roots, and wsgi.py when all are meant."""
    found = [path for root in roots or ROOTS for path in sorted((ROOT / root).rglob("*.py"))]
    return found if roots else [*found, ROOT / "wsgi.py"]


def texts(folder: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Yield every file below a folder that holds text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LEFT_OUT & set(path.relative_to(ROOT).parts):
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found
