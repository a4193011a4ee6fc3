"""One look at TensorBoard in a real browser: what a person who follows the printed command sees."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search.loggers.tensorboard_events import regenerate
from tests.search_tests.histories import PARAMETERS, typical_run
from tests.search_tests.loggers_tests.test_tensorboard_images import put_pictures

WAIT_MS = 60_000


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A TensorBoard of its own over a run with trials of every fate, its first ones with pictures."""
    run = typical_run()
    for trial in range(3):
        put_pictures(tmp_path / "run", trial)
    regenerate(tmp_path / "run", run.study, run.history)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path / "run" / "trials")]
    # Its log goes to a file: a pipe that nobody empties would block it.
    log = tmp_path / "tensorboard.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"], stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield _announced_address(server, log)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _announced_address(server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text(errors="replace"))
        if found:
            return found.group(0)
        try:
            server.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail(f"TensorBoard did not start:\n{log.read_text(errors='replace')}")


def test_scalars_and_hparams_show_our_names(address: str, tmp_path: Path, browser: Any) -> None:
    shots = Path(os.environ.get("SAE_SEARCH_SCREENSHOTS") or tmp_path)
    shots.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1500, "height": 1100})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(f"{address}#scalars")
    for name in ("attribution/junk", "classifier/accuracy", "0009"):
        page.get_by_text(name, exact=True).first.wait_for(timeout=WAIT_MS)
    # The tick of the last epoch: there is an axis to 18 only once the points are drawn.
    page.locator("svg").get_by_text("18", exact=True).first.wait_for(timeout=WAIT_MS)
    page.screenshot(path=shots / "tensorboard-scalars.png")

    page.goto(f"{address}#hparams")
    for parameter in PARAMETERS:
        page.get_by_text(parameter.path, exact=True).first.wait_for(timeout=WAIT_MS)
    for name in ("probe/accuracy (max)", "sae/dead_fraction (≤ 0.1)", "search/rung (of 3)", "0008"):
        page.get_by_text(name, exact=True).first.wait_for(timeout=WAIT_MS, state="attached")
    # Trial 0001: its accuracy at full budget, and the penalty that only it has switched on.
    for value in ("0.95000", "0.50000"):
        page.get_by_text(value, exact=True).first.wait_for(timeout=WAIT_MS)
    page.screenshot(path=shots / "tensorboard-hparams.png")

    page.goto(f"{address}#images")
    picture = page.locator("img[src*='individualImage']").first
    picture.wait_for(timeout=WAIT_MS)
    page.screenshot(path=shots / "tensorboard-images.png")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 9
    page.close()
    assert errors == []
    assert all(shot.stat().st_size > 10_000 for shot in shots.glob("tensorboard-*.png"))
