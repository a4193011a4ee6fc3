"""One look for all pages: a template becomes one HTML document that needs nothing but itself.

A page never asks a network or a server for anything, so that it works by double click, from an archive and
on a plane. Its Content-Security-Policy says so to the browser too, and names the page's own script by its
hash: text from a run that reached the page as markup could still not run. Everything is escaped besides.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis.pages.provenance import provenance
from analysis.reading.encodable import encodable
from search.disk import write_bytes

TEMPLATES = Path(__file__).parent / "templates"
LOOK = "style.css"
READY = 'document.documentElement.dataset.ready = "yes";\n'


def render(
    template: str,
    *,
    parts: Sequence[str] | None = None,
    more_style: str = "",
    linked: str | None = None,
    **context: object,
) -> str:
    """The document that `templates/NAME.html`, which extends base.html, makes of the context.

    Inlined into it are style.css, then PART.css of every part, `more_style`, and PART.js of every part; the
    only part is NAME unless `parts` says more. `linked` asks for links instead, for folders of many pages:
    it is the way from the page to the folder that holds what `linked_files` gives. base.html asks the context
    for run_name, and uses question, command (what made the page) and info (the run's run.json) where they
    are given. jinja2.UndefinedError for a variable that the template needs and the context lacks.
    """
    names = tuple(parts) if parts is not None else (Path(template).stem,)
    style, script = page_style(names, more_style), page_script(names)
    files = linked_files(names)
    page = _environment().get_template(template)
    html = page.render(
        policy=_policy(style, script) if linked is None else _LINKED_POLICY,
        style=Markup(style),
        script=Markup(script),
        linked=linked,
        linked_styles=[name for name in files if name.endswith(".css")],
        linked_scripts=[name for name in files if name.endswith(".js")],
        **context,
    )
    return str(encodable(html))


def linked_files(parts: Sequence[str]) -> dict[str, str]:
    """Name and text of the files to which pages of these parts link, in the order of the links."""
    names = [LOOK, *(f"{part}.{kind}" for kind in ("css", "js") for part in parts)]
    return {**{name: text for name in names if (text := _text(name))}, "ready.js": READY}


def write_page(path: Path, html: str) -> None:
    """Whole or not at all; folders on the way are made. DiskError if it cannot be written."""
    write_bytes(path, html.encode("utf-8"))


def data_uri(picture: bytes, kind: str = "png") -> str:
    """A picture file as an address that carries it."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def page_style(parts: Sequence[str], more_style: str = "") -> str:
    """The look, then what only these parts need."""
    return "\n".join(
        text for text in (_text(LOOK), *(_text(f"{part}.css") for part in parts), more_style) if text
    )


def page_script(parts: Sequence[str]) -> str:
    """Of these parts, and the line that says that all have run."""
    return "\n".join(text for text in (*(_text(f"{part}.js") for part in parts), READY) if text)


@cache
def _text(name: str) -> str:
    path = TEMPLATES / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


# Pictures of linked pages lie beside them. A file: page has no origin that 'self' would mean everywhere.
_LINKED_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; style-src 'self' file:; script-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda value: type(value).__name__
    environment.filters["breakable"] = _breakable
    environment.filters["figure"] = figure
    environment.filters["provenance"] = provenance
    environment.filters["data_uri"] = data_uri
    return environment


def _breakable(text: str) -> Markup:
    """A dotted or slashed name that may go on in the next line."""
    shown = escape(text)
    for mark in ("/", ".", "_"):
        shown = shown.replace(mark, Markup(f"{mark}<wbr>"))
    return shown


def figure(value: float | None, digits: int = 3) -> str:
    """A number as a page shows it, 0.0123 and 1.23e-05; a dash for none and NaN."""
    if value is None or value != value:
        return "–"
    return f"{value:.{digits}g}".replace("-", "−")
