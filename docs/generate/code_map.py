"""The table of folders, files and lines.

`python -m docs.generate.code_map` prints it, and with --write puts it into docs/architecture.md.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("search", "trainables", "analysis")
BESIDE = ("tests", "benchmarks", "docs", "examples", "spaces")
ENDINGS = {".py", ".html", ".css", ".js", ".md", ".yaml"}
BEGIN, END = "<!-- made by python -m docs.generate.code_map --write -->", "<!-- end of what is made -->"


@dataclass(frozen=True)
class Room:
    """One folder: its path from the root, what its `__init__.py` says of it, and how much is in it."""

    path: str
    what: str
    files: int
    lines: int


def rooms(root: Path = ROOT) -> list[Room]:
    """Every folder with code of the three packages, each without the folders below it."""
    folders = {path.parent for package in PACKAGES for path in (root / package).rglob("*.py")}
    return [_room(root, folder, folder.glob("*")) for folder in sorted(folders)]


def beside(root: Path = ROOT) -> list[Room]:
    """The other folders, each as a whole."""
    return [_room(root, root / name, (root / name).rglob("*")) for name in BESIDE if (root / name).is_dir()]


def table(root: Path = ROOT) -> str:
    """A Markdown table of all rooms with their sums."""
    inside, outside = rooms(root), beside(root)
    total = Room("**the three packages**", "", sum(r.files for r in inside), sum(r.lines for r in inside))
    head = "| folder | files | lines | what lives there |\n|---|---:|---:|---|\n"
    return head + "\n".join(
        f"| {_name(room, total)} | {room.files} | {room.lines:,} | {room.what} |"
        for room in (*inside, total, *outside)
    )


def _name(room: Room, total: Room) -> str:
    return room.path if room is total else f"`{room.path}/`"


def filled(page: str, made: str) -> str:
    """The page with `made` between the two marks. ValueError where it lacks one."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the page has no {BEGIN!r} followed by {END!r}")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def _room(root: Path, folder: Path, paths: object) -> Room:
    assert hasattr(paths, "__iter__")
    files = [path for path in paths if path.suffix in ENDINGS and "__pycache__" not in path.parts]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    return Room(
        folder.relative_to(root).as_posix(), _first_sentence(folder / "__init__.py"), len(files), lines
    )


def _first_sentence(module: Path) -> str:
    if not module.exists():
        return ""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), table()), encoding="utf-8")
    else:
        sys.stdout.write(table() + "\n")
