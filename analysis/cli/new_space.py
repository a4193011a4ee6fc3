"""`sae-search new`: a shipped space file as the first draft of one's own."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from search.cli.parser import parser_of
from search.commands import ROOT
from search.errors import DiskError, SpaceError

EXAMPLES = """\
examples:
  sae-search new                        which files there are
  sae-search new sae.yaml               a copy of spaces/sae.yaml in this folder
  sae-search new mnist.yaml mine.yaml   the same under a name of one's own

exit codes: 0 done   2 usage   8 disk, or the file is there already
"""
SHARED = Path("share") / "sae-search" / "spaces"
"""Where a wheel puts the space files, below the environment."""


def new_space(words: list[str]) -> None:
    """Copy one shipped space; SpaceError for an unknown name, DiskError where it would overwrite."""
    parser = parser_of("analysis/cli/verbs.py new", "Write one of the shipped space files here.", EXAMPLES)
    parser.prog = "sae-search new"
    parser.add_argument("space", nargs="?", help="which shipped file")
    parser.add_argument("to", nargs="?", type=Path, help="name of the copy (default: the same)")
    options = parser.parse_args(words)
    shipped = {file.name: file for file in shipped_spaces()}
    if options.space is None:
        sys.stdout.write("".join(f"{name:22}  {_question(file)}\n" for name, file in shipped.items()))
        return
    name = options.space if options.space.endswith(".yaml") else f"{options.space}.yaml"
    if name not in shipped:
        raise SpaceError(f"no shipped space is called {name}; there are {', '.join(shipped)}")
    to = options.to or Path(name)
    text = _with_schema_from_here(shipped[name].read_text(encoding="utf-8"))
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise DiskError(f"{to} is there already; give the copy another name: new {name} OTHER.yaml") from None
    except OSError as error:
        raise DiskError(f"{to}: cannot write: {error.strerror}") from error
    sys.stdout.write(f"{to}\nsearch it:  sae-search run {to}\n")


def shipped_spaces() -> list[Path]:
    """The space files of this project, sorted: from its folder, or from where its wheel put them."""
    beside = ROOT / "spaces"
    if beside.is_dir():
        return sorted(beside.glob("*.yaml"))
    try:
        files = distribution("sae-search").files or []
    except PackageNotFoundError:
        files = []
    found = [Path(str(file.locate())) for file in files if str(SHARED) in str(file)]
    return sorted((file for file in found if file.suffix == ".yaml"), key=lambda file: file.name)


def _with_schema_from_here(text: str) -> str:
    """An editor finds the schema beside our code from wherever the copy lies."""
    schema = ROOT / "search" / "space.schema.json"
    return text.replace("$schema=../search/space.schema.json", f"$schema={schema}", 1)


def _question(space: Path) -> str:
    """What the space asks, from its own line."""
    for line in space.read_text(encoding="utf-8").splitlines():
        if line.startswith("question:"):
            return line.removeprefix("question:").strip()
    return ""
