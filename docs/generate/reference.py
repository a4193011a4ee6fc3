"""API pages from docstrings: one page a folder, read from the source text, so that nothing is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from docs.generate.code_map import PACKAGES, ROOT

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def pages(root: Path = ROOT) -> dict[str, str]:
    """File name below `reference/` -> Markdown; `index.md` lists the others."""
    folders = sorted({path.parent for package in PACKAGES for path in (root / package).rglob("*.py")})
    made = {f"{_dotted(root, folder)}.md": _page(root, folder) for folder in folders}
    made = {name: text for name, text in made.items() if text}
    listed = "\n".join(
        f"- [`{name.removesuffix('.md')}`]({name}): {_summary(text)}" for name, text in made.items()
    )
    made["index.md"] = (
        "# API reference\n\nMade from the docstrings of public classes and functions, folder by folder.\n\n"
        f"{listed}\n"
    )
    return made


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    """Classes and functions whose name has no underscore in front."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node


def _dotted(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts)


def _summary(page: str) -> str:
    paragraphs = [text for text in page.split("\n\n") if not text.startswith("#")]
    return " ".join(paragraphs[0].split())


def _page(root: Path, folder: Path) -> str:
    parts = [_module(root, path) for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]
    parts = [part for part in parts if part]
    if not parts:
        return ""
    init = folder / "__init__.py"
    head = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) if init.exists() else None
    return "\n\n".join([f"# {_dotted(root, folder)}", *([_prose(head)] if head else []), *parts]) + "\n"


def _module(root: Path, path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = [text for node in public(tree.body) for text in _definition(node, 3)]
    if not parts:
        return ""
    return "\n\n".join([f"## {_dotted(root, path)}", _prose(ast.get_docstring(tree) or ""), *parts])


def _definition(node: Definition, level: int) -> Iterator[str]:
    yield f"{'#' * level} {node.name}"
    yield f"```python\n{signature(node)}\n```"
    text = ast.get_docstring(node)
    if text:
        yield _prose(text)
    if isinstance(node, ast.ClassDef):
        for method in public(node.body):
            yield from _definition(method, level + 1)


def signature(node: Definition) -> str:
    """The head of a definition on one line; a class with its annotated fields."""
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        fields = [
            ast.unparse(item) for item in node.body if isinstance(item, ast.AnnAssign) and _is_public(item)
        ]
        head = f"class {node.name}{f'({bases})' if bases else ''}"
        return "\n    ".join([head + ":", *fields]) if fields else head
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    marks = "".join(f"@{ast.unparse(mark)}\n" for mark in node.decorator_list)
    return f"{marks}{kind} {node.name}({ast.unparse(node.args)}){returns}"


def _is_public(item: ast.AnnAssign) -> bool:
    return isinstance(item.target, ast.Name) and not item.target.id.startswith("_")


def _prose(text: str) -> str:
    """A docstring as Markdown: what looks like HTML stays text, outside `code` and indented blocks."""
    return "\n".join(line if line.startswith("    ") else _escaped(line) for line in text.splitlines())


def _escaped(line: str) -> str:
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)
