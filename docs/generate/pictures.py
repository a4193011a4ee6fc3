"""The pictures of the documentation, taken anew from the pages of a run.

    python -m docs.generate.pictures RUN [NAME ...]

Every page of RUN that is there is photographed, or those of the given names alone; a page that has not been
made is left out, and said. `docs/views.md` says which runs the pictures in the repository are of.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).parents[1] / "pictures"
WIDTH = 1280
COLOURS = 128


@dataclass(frozen=True)
class View:
    """A page of a run as a pattern, how much of it is shown, and what is clicked or scrolled to before."""

    page: str
    height: int
    click: str = ""
    scroll: str = ""


VIEWS = {
    "report": View("report/index.html", 900),
    "report_effects": View("report/index.html", 900, scroll="#directions"),
    "gallery_index": View("gallery/*/index.html", 1100),
    "gallery_feature": View("gallery/*/index.html", 1050, click=".exhibits li:nth-child({n}) a strong"),
    "image": View("image/*/index.html", 1450),
    "compare": View("compare/*/index.html", 900, scroll="#same"),
    "clusters": View("clusters/*/index.html", 900),
    "quiz": View("quiz/index.html", 760),
}


def main(arguments: list[str] | None = None) -> int:
    """Take them; exit code 1 where one that was asked for by name could not be taken."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate.pictures", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(VIEWS)}")
    parser.add_argument("--exhibit", type=int, default=1, help="which of the six latents on top is clicked")
    options = parser.parse_args(arguments)
    missing = 0
    for name in options.names or VIEWS:
        pages = sorted(options.run.glob(VIEWS[name].page))
        if not pages:
            sys.stderr.write(f"{name}: no {options.run / VIEWS[name].page}\n")
            missing += bool(options.names)
            continue
        (PICTURES / f"{name}.png").write_bytes(_taken(VIEWS[name], pages[0], options.exhibit))
    return 1 if missing else 0


def _taken(view: View, page: Path, exhibit: int) -> bytes:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium)
        tab = browser.new_page(viewport={"width": WIDTH, "height": view.height})
        tab.goto(page.resolve().as_uri())
        tab.wait_for_selector("html[data-ready]", state="attached")
        if view.click:
            tab.click(view.click.format(n=exhibit))
            tab.wait_for_selector("html[data-ready]", state="attached")
        if view.scroll:
            tab.locator(view.scroll).evaluate("it => it.scrollIntoView()")
        tab.wait_for_timeout(500)
        shot = tab.screenshot()
        browser.close()
    return _small(shot)


def _small(png: bytes) -> bytes:
    """The picture with a palette: pages have few colours, and a repository keeps every picture for ever."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
