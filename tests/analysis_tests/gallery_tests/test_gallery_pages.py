"""Galleries in a browser, as a user has them: folders on a disk, opened by double click."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.gallery_parts.writing import page_of, write_folder, write_single_file
from tests.analysis_tests.browser import (
    HOSTILE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    screenshot,
)
from tests.analysis_tests.gallery_tests.synthetic import (
    broken,
    make_detail,
    make_details,
    make_gallery,
    make_table,
)

# By tier, then by number, which the margin falls with; 5 and 6 are dead.
BEST = [*range(3, 24, 4), 2, 10, 14, 18, 22, 1, 9, 13, 17, 21, *range(0, 24, 4), 5, 6]
LOOKS = pytest.mark.parametrize(
    ("dark", "width"), [(False, 1440), (True, 375)], ids=["light-wide", "dark-narrow"]
)


def numbers(page: Any) -> list[int]:
    """Latents on the contact sheet as they are seen, in order."""
    return [int(text.split()[0]) for text in page.locator(".sheet li:visible").all_inner_texts()]


@LOOKS
def test_the_contact_sheet_can_be_read_by_all(
    open_page: OpenPage, gallery_folder: Path, dark: bool, width: int
) -> None:
    page = open_page(gallery_folder / "index.html", dark=dark, width=width)
    assert numbers(page) == BEST
    assert page.locator(".exhibits strong").all_inner_texts() == [f"Latent {j}" for j in BEST[:6]]
    assert page.locator(".sheet a").first.inner_text().split() == ["3", "fires", "on", "3", "supported"]
    assert "of the val images" in page.locator(".exhibits p").first.inner_text()
    assert page.locator(".scores dt").first.inner_text() == "latents"
    assert "python search/run.py --reproduce runs/digits 17" in page.locator(".commands").inner_text()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    screenshot(page, f"gallery-index-{width}")


@LOOKS
def test_a_feature_can_be_read_by_all(
    open_page: OpenPage, gallery_folder: Path, dark: bool, width: int
) -> None:
    page = open_page(gallery_folder / "f" / page_of(3), dark=dark, width=width)
    assert page.locator(".top .tile").count() == 16
    assert page.locator(".range tr").count() == 7
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    screenshot(page, f"gallery-feature-{width}")


def test_sorting_filtering_and_searching(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "index.html")
    page.select_option("[name=sort]", "max")
    assert numbers(page)[:3] == [23, 22, 21]
    assert page.locator(".sheet .value").first.inner_text() == "24"
    page.select_option("[name=show]", "dead")
    assert sorted(numbers(page)) == [5, 6]
    page.select_option("[name=show]", "dense")
    assert numbers(page) == [0]
    page.select_option("[name=show]", "all")
    page.select_option("[name=tier]", label="suggestive")
    assert numbers(page) == [22, 18, 14, 10, 2]
    page.select_option("[name=tier]", "")
    page.select_option("[name=class]", "3")
    assert numbers(page) == [23, 13, 3]
    page.select_option("[name=class]", "")
    page.fill("[name=search]", "never")
    assert sorted(numbers(page)) == [5, 6]
    page.fill("[name=search]", "nobody")
    assert numbers(page) == []
    assert page.locator("p.nothing").is_visible()
    assert page.locator("output").inner_text() == "0 of 24"


def test_the_keyboard_alone_suffices(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "index.html")
    page.keyboard.press("/")
    page.keyboard.type("fires on 3")
    assert numbers(page) == [3, 23, 13]
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".readout").inner_text() == "11: fires on 1, supported"
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/f/0011.html")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/f/0012.html")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("Escape")
    page.wait_for_url("**/index.html")


def test_going_back_finds_the_sheet_as_it_was(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "index.html")
    page.select_option("[name=sort]", "max")
    page.select_option("[name=class]", "4")
    page.get_by_label("latent 14, fires on 4").click()
    page.wait_for_url("**/f/0014.html")
    page.go_back()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert numbers(page) == [14, 4]


def test_an_address_with_a_number_leads_to_the_latent(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "index.html", fragment="#f=7")
    page.wait_for_url("**/f/0007.html")
    assert page.locator("h1").inner_text().startswith("Latent 7")


def shown_layers(page: Any) -> tuple[str, str, list[str]]:
    """Opacity of the ink under the maps ("none" if it is not drawn), display of the map, and which methods'
    maps are drawn."""
    methods = page.evaluate(
        "[...document.querySelectorAll('defs g use')]"
        ".filter((use) => getComputedStyle(use).display !== 'none').map((use) => use.classList[0])"
    )
    first = page.locator(".top .mapped").first
    ink = first.locator(".ink").evaluate(
        "use => getComputedStyle(use).display === 'none' ? 'none' : getComputedStyle(use).opacity"
    )
    over = first.locator(".map").evaluate("use => getComputedStyle(use).display")
    return ink, over, methods


def test_toggles_change_what_is_seen_and_last(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "f" / page_of(3))
    assert shown_layers(page) == ("0.42", "inline", ["occlusion"])
    assert page.locator(".scale:visible").count() == 1
    seen = {page.locator(".top .mapped").first.screenshot()}
    page.get_by_text("SmoothGrad", exact=True).click()
    assert shown_layers(page) == ("0.42", "inline", ["smooth_grad"])
    seen.add(page.locator(".top .mapped").first.screenshot())
    page.get_by_text("alone", exact=True).click()
    assert shown_layers(page)[0] == "none"
    seen.add(page.locator(".top .mapped").first.screenshot())
    page.keyboard.press("o")
    assert page.locator(".top path").first.evaluate("path => getComputedStyle(path).display") == "inline"
    seen.add(page.locator(".top .mapped").first.screenshot())
    assert len(seen) == 4
    page.keyboard.press("v")
    assert not page.locator(".top .mapped").first.is_visible()
    assert page.locator(".top .tile").first.is_visible()
    page.keyboard.press("v")
    page.keyboard.press("m")
    page.locator(".walk [rel=next]").click()
    page.wait_for_url("**/f/0004.html")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert shown_layers(page) == ("0.42", "inline", ["integrated_gradients"])
    assert page.locator("[name=strokes]").is_checked()


def test_captions_are_told_to_pointer_and_keyboard(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "f" / page_of(3))
    tiles = page.locator(".top .tile")
    tiles.nth(2).hover()
    assert page.locator(".readout").inner_text() == tiles.nth(2).get_attribute("aria-label")
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    told = page.locator(".readout").inner_text()
    assert told == tiles.nth(1).get_attribute("aria-label")
    assert "predicted" in told
    assert "val image" in told


def test_without_scripts_everything_is_there(open_page: OpenPage, gallery_folder: Path) -> None:
    page = open_page(gallery_folder / "index.html", scripts=False)
    page.get_by_role("link", name="7 fires on 7", exact=True).click()
    page.wait_for_url("**/f/0007.html")
    assert page.locator(".top .tile:visible").count() == 16
    page.get_by_text("gradient", exact=True).click()
    assert shown_layers(page)[1:] == ("inline", ["gradient"])
    page.locator(".walk [rel=next]").click()
    page.wait_for_url("**/f/0008.html")


def test_a_gallery_moves_with_its_folder(open_page: OpenPage, gallery_folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "naïve % #1" / "0017"
    shutil.copytree(gallery_folder, moved)
    page = open_page(moved / "index.html")
    page.locator(".sheet a").nth(9).click()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.locator("h1").inner_text().startswith(f"Latent {BEST[9]}")


def test_hostile_names_stay_text(open_page: OpenPage, tmp_path: Path) -> None:
    names = tuple(f"{HOSTILE}{c}" for c in range(10))
    table = make_table(12, class_names=names, labels=tuple([HOSTILE] * 12))
    index = write_folder(make_gallery(HOSTILE, HOSTILE), table, make_details(table), tmp_path / "0017")
    page = open_page(index, width=375)
    assert HOSTILE in page.locator(".eyebrow").inner_text()
    assert_no_sideways_scroll(page)
    page = open_page(tmp_path / "0017" / "f" / page_of(2), width=375)
    assert HOSTILE in page.locator("h1").inner_text()
    page.locator(".top .tile").first.hover()
    assert HOSTILE in page.locator(".readout").inner_text()
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    assert (tmp_path / "0017" / "class_2.png").is_file()


@pytest.mark.parametrize("state", ["all dead", "one", "none", "nan"])
def test_odd_galleries_are_pages_too(open_page: OpenPage, tmp_path: Path, state: str) -> None:
    amount = {"none": 0, "one": 1}.get(state, 6)
    table = make_table(amount, dead=tuple(range(6)) if state == "all dead" else ())
    details = list(make_details(table))
    if state == "nan":
        details = [broken(detail) for detail in details]
    page = open_page(write_folder(make_gallery(), table, details, tmp_path / "0017"))
    assert len(numbers(page)) == amount
    assert_accessible(page)
    if amount:
        page = open_page(tmp_path / "0017" / "f" / page_of(0))
        assert page.locator("h1").inner_text().startswith("Latent 0")
        assert_accessible(page)


@LOOKS
def test_one_file_shows_one_latent_at_a_time(
    open_page: OpenPage, tmp_path: Path, dark: bool, width: int
) -> None:
    table = make_table(8)
    details = [make_detail(table, j) for j in (1, 4, 5)]
    path = write_single_file(make_gallery(), table, details, tmp_path / "0017.html")
    page = open_page(path, dark=dark, width=width)
    assert page.locator(".feature:visible").count() == 0
    assert page.locator(".sheet a[href]").count() == 3
    page.select_option("[name=sort]", "max")
    page.get_by_label("latent 4, fires on 4").click()
    assert page.locator(".feature:visible h2").inner_text().startswith("Latent 4")
    assert not page.locator(".room").is_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.keyboard.press("ArrowRight")
    assert page.locator(".feature:visible h2").inner_text().startswith("Latent 5")
    page.go_back()
    page.go_back()
    assert numbers(page)[0] == 7
    again = open_page(path, fragment="#f=1", scripts=False)
    assert again.locator(".feature:visible h2").inner_text().startswith("Latent 1")
