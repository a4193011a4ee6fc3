"""What mkdocs asks while it builds: the generated pages, and links that lead out of `docs/`.

A page that links to a file of the repository (`../spaces/sae.yaml`) should work on GitHub and in the built
site, which has to stand alone. So such a file is copied into the site below `source/`, and a link to a folder
becomes plain text.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

# mkdocs loads this file by its path.
sys.path.insert(0, str(Path(__file__).parents[2]))

from docs.generate import code_map, families, metric_list, reference, space_keys

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = code_map.ROOT
ROOT_PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples.md",
}
GENERATED = ("space_keys.md", "families.md", "metric_list.md", "reference/index.md")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made, the root's own, and whatever file of the repository a page links to."""
    from mkdocs.structure.files import File

    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    made = {"space_keys.md": space_keys.page(), "metric_list.md": metric_list.page()}
    made["families.md"] = families.page()
    made |= {f"reference/{name}": text for name, text in reference.pages().items()}
    made |= {page: (ROOT / source).read_text(encoding="utf-8") for source, page in ROOT_PAGES.items()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    to_read = texts | made
    while to_read:
        page, text = to_read.popitem()
        for match in LINK.finditer(text):
            place = in_site(page, match.group(2)) or ""
            if place.startswith("source/") and files.get_file_from_path(place) is None:
                path = ROOT / place.removeprefix("source/")
                files.append(File.generated(config, place, abs_src_path=str(path)))
                if path.suffix == ".md":
                    to_read[place] = path.read_text(encoding="utf-8")
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Lead links that leave `docs/` to a page or a copy inside the site; fill in the table of folders."""
    here = page.file.src_uri

    def redirected(match: re.Match[str]) -> str:
        words, target, anchor = match.group(1), match.group(2), match.group(3) or ""
        place = in_site(here, target)
        if place is None:
            return match.group(0)
        return (
            f"[{words}]({posixpath.relpath(place, posixpath.dirname(here) or '.')}{anchor})"
            if place
            else words
        )

    if here == "architecture.md":
        markdown = code_map.filled(markdown, code_map.table())
    return LINK.sub(redirected, markdown)


def in_site(page: str, target: str) -> str | None:
    """Where in the site a page's link leads: None for where it says, "" for nowhere, else a path."""
    if re.match(r"[a-z]+:", target):
        return None
    source = source_of(page)
    place = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if place in ROOT_PAGES:
        return ROOT_PAGES[place]
    if place.startswith("docs/"):
        return None if source.startswith("docs/") else place.removeprefix("docs/")
    return f"source/{place}" if (ROOT / place).is_file() else ""


def source_of(page: str) -> str:
    """Path from the root of the file that a page of the site is made of."""
    sources = {site: source for source, site in ROOT_PAGES.items()}
    return sources.get(page) or (
        page.removeprefix("source/") if page.startswith("source/") else f"docs/{page}"
    )
