"""Latents of a trial in a notebook: one in its cell, all as a table, and the front as a picture."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from analysis.features.frame import feature_frame
from analysis.load import load_run
from search.errors import NoTrialCompleted
from tests.analysis_tests.browser import OpenPage, assert_accessible
from tests.analysis_tests.gallery_tests.synthetic import make_table


def test_one_latent_is_shown_in_the_cell_and_all_are_a_table(
    open_page: OpenPage, real_run: Path, tmp_path: Path
) -> None:
    run = load_run(real_run)
    model = run.best()
    frame = model.latents()
    assert list(frame.index) == list(range(len(model.features.sae.decoder)))
    living = int(frame["density"].argmax())
    shown = model.feature(living)
    assert shown.table is model.table()
    assert repr(shown) == f"latent {living} of trial {model.number:04d}: {shown.sentence}"
    cell = re.fullmatch(
        r'<iframe title="([^"]*)" srcdoc="([^"]*)" style="[^"]*"></iframe>', shown._repr_html_()
    )
    assert cell is not None
    assert [html.unescape(text) for text in cell.groups()] == [repr(shown), shown.page()]
    path = tmp_path / "cell.html"
    path.write_text(shown.page(), encoding="utf-8")
    page = open_page(path, dark=True, width=800)
    assert page.locator("h1").inner_text().startswith(f"Latent {living}")
    assert page.locator(".sentence").inner_text() == shown.sentence
    assert page.locator("a[href]:not(.skip)").count() == 0, "there is no other page"
    assert_accessible(page)
    with pytest.raises(IndexError, match="there is no latent 9999"):
        model.feature(9999)


def test_the_front_is_a_picture(real_run: Path, empty_run: Path) -> None:
    assert load_run(real_run).front_plot()._repr_svg_().startswith("<svg")
    with pytest.raises(NoTrialCompleted, match="no front to draw"):
        load_run(empty_run).front_plot()


def test_the_table_has_what_the_card_says() -> None:
    frame = feature_frame(make_table(8, dead=(5,)), {3: "Fires."})
    assert frame.loc[3, ["tier", "top_class", "sentence", "fails"]].tolist() == [
        "supported",
        "3",
        "Fires.",
        "",
    ]
    assert frame.loc[1, "fails"] == "far"
    assert frame.loc[5, ["tier", "top_class", "sentence"]].isna().all()
