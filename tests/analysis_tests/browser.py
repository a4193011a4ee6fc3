"""Pages in a real Chromium, opened as a user does: by double click, from file://.

`open_page(path)` fails the test at its end if the page wrote an error to the console, threw one, asked for
anything that is not a file or a data: address, shows an image that is not decoded, or ran hostile text.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Text that runs if a page ever takes it for markup; tests put it wherever a run has text.
HOSTILE = "</script><img src=x onerror=window.__xss=1>\"'&amp;<b>{{7*7}}"
SERIOUS = {"serious", "critical"}
OpenPage = Callable[..., Any]
# Width says what fits, colours what contrasts: two looks of the four show both, and axe takes seconds a look.
LOOKS = pytest.mark.parametrize(
    ("width", "dark"), [(1440, False), (375, True)], ids=["wide-light", "narrow-dark"]
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a worker."""
    if CHROMIUM is None:
        pytest.skip("no chromium (Debian: apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (dev extra)")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """open_page(path, dark=, width=, scripts=, fragment=) -> a Playwright page that is ready."""
    complaints: list[str] = []
    opened: list[Any] = []

    def open_one(
        path: Path, *, dark: bool = False, width: int = 1440, scripts: bool = True, fragment: str = ""
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        page = context.new_page()
        opened.append(page)
        page.on("console", lambda said: said.type == "error" and complaints.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda asked: _is_local(asked.url) or complaints.append(f"request: {asked.url}"))
        page.on("requestfailed", lambda asked: complaints.append(f"not found: {asked.url[:200]}"))
        page.goto(path.resolve().as_uri() + fragment)
        if scripts:
            page.wait_for_selector("html[data-ready]", state="attached", timeout=30_000)
        return page

    yield open_one
    for page in opened:
        complaints += check(page)
        page.context.close()
    if complaints:
        pytest.fail("\n".join(complaints))


def check(page: Any) -> list[str]:
    """What is wrong with the page as it stands."""
    found = [f"not decoded: {source[:200]}" for source in page.evaluate(UNDECODED)]
    if page.evaluate("window.__xss !== undefined"):
        found.append("hostile text ran")
    return found


# Of <img> and of <image> inside SVG, which has no naturalWidth: it is loaded again, from the cache.
UNDECODED = """async () => {
  const images = [...document.querySelectorAll('img[src], image[href]')];
  const sources = new Set(images.map((image) => image.src || image.href.baseVal));
  const bad = [];
  for (const source of sources) {
    const probe = new Image();
    probe.src = source;
    await probe.decode().catch(() => {});
    if (!probe.naturalWidth) bad.push(source);
  }
  return bad;
}"""


def assert_accessible(page: Any) -> None:
    """axe finds nothing serious. It loads nothing: a page's policy would refuse that."""
    axe = pytest.importorskip(
        "axe_playwright_python.base", reason="axe-playwright-python is not installed (dev extra)"
    )
    page.evaluate(axe.AXE_SCRIPT)
    result = page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")
    serious = [
        f"{rule['id']}: {rule['help']}: {node['target']}"
        for rule in result["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"][:3]
    ]
    if serious:
        pytest.fail("\n".join(serious))


def assert_no_sideways_scroll(page: Any) -> None:
    """The page is no wider than the window; what is wide scrolls in its own box."""
    wide = page.evaluate(TOO_WIDE)
    if wide:
        pytest.fail(f"wider than the window: {wide}")


def screenshot(page: Any, name: str) -> None:
    """Keep what the test saw as SAE_SEARCH_SCREENSHOTS/NAME.png, if that folder is asked for."""
    folder = os.environ.get("SAE_SEARCH_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')].filter((it) => it.getBoundingClientRect().right > innerWidth)
  .map((it) => `${it.tagName}.${it.getAttribute('class') ?? ''}`).slice(0, 8)"""


def _is_local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:", "about:"))
