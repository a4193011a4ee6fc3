"""The frame of all pages: escaped, self-contained, policed."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import numpy as np
import pytest

from analysis.pages.page import data_uri, figure, linked_files, render, write_page
from search.errors import DiskError
from tests.analysis_tests.browser import (
    HOSTILE,
    LOOKS,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
)
from trainables.pictures.colour import signed
from trainables.pictures.sprite import png


@LOOKS
def test_hostile_text_stays_text(open_page: OpenPage, tmp_path: Path, dark: bool, width: int) -> None:
    html = render(
        "base.html",
        run_name=HOSTILE,
        question=HOSTILE,
        command=HOSTILE,
        info={"git": {"commit": HOSTILE, "dirty": True}, "started": HOSTILE, "versions": {HOSTILE: HOSTILE}},
    )
    write_page(tmp_path / "deep" / "page.html", html)
    page = open_page(tmp_path / "deep" / "page.html", dark=dark, width=width)
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("footer code").inner_text() == HOSTILE
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_scripts_that_are_not_the_pages_own_do_not_run(open_page: OpenPage, tmp_path: Path) -> None:
    html = render("base.html", run_name="run")
    write_page(tmp_path / "page.html", html.replace("<main", "<script>window.__own = 1</script><main"))
    write_page(tmp_path / "sound.html", html)
    page = open_page(tmp_path / "sound.html")
    forged = page.context.new_page()
    forged.goto((tmp_path / "page.html").as_uri())
    assert forged.evaluate("window.__own") is None


def test_info_that_is_no_run_json_is_left_out() -> None:
    html = render("base.html", run_name="run", info={"git": [1], "versions": "x", "started": None})
    assert "Run run</p>" in html


def test_what_a_template_needs_must_be_given() -> None:
    with pytest.raises(jinja2.UndefinedError, match="run_name"):
        render("base.html")


def test_linked_pages_carry_neither_style_nor_script() -> None:
    html = render("base.html", run_name="run", linked="../look")
    assert "<style>" not in html
    assert 'href="../look/style.css"' in html
    assert 'src="../look/ready.js"' in html
    assert set(linked_files(["base"])) == {"style.css", "ready.js"}


def test_figures() -> None:
    assert figure(0.01234) == "0.0123"
    assert figure(-2.0) == "−2"
    assert figure(float("nan")) == figure(None) == "–"


def test_an_unwritable_place_is_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError):
        write_page(tmp_path / "file" / "page.html", "x")


def test_the_legend_in_css_has_the_colours_of_the_pictures() -> None:
    """The scale is a gradient in CSS; its stops are those of trainables.pictures.colour."""
    css = linked_files(["gallery_feature"])["gallery_feature.css"]
    (stops,) = re.findall(r"--signed: linear-gradient\(90deg, (.*)\);", css)
    named = [tuple(map(int, stop)) for stop in re.findall(r"rgb\((\d+) (\d+) (\d+)\)", stops)]
    strip = signed(np.linspace(-1, 1, len(named))[None], 1.0)[0]
    assert named == [tuple(map(int, colour)) for colour in strip]
    assert data_uri(png(strip[None])).startswith("data:image/png;base64,iVBOR")
