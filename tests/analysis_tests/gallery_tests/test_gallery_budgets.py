"""Galleries stay small enough to be kept, copied and sent: checked at 1,024 latents of 28x28 pixels."""

from __future__ import annotations

from pathlib import Path

from analysis.gallery_parts.index_view import templates_sheet
from analysis.gallery_parts.writing import page_of, write_folder, write_single_file
from tests.analysis_tests.browser import OpenPage
from tests.analysis_tests.gallery_tests.synthetic import make_detail, make_gallery, make_table

KB, MB = 1 << 10, 1 << 20
LATENTS = 1024
# Their maps are white noise, the longest pictures there can be, so a few latents stand for all.
WRITTEN = range(0, LATENTS, 128)


def test_budgets_of_a_folder(open_page: OpenPage, tmp_path: Path) -> None:
    table = make_table(LATENTS, shape=(28, 28))
    details = (make_detail(table, j) for j in WRITTEN)
    folder = tmp_path / "0017"
    write_folder(make_gallery(), table, details, folder)
    features = [
        sum(path.stat().st_size for path in (folder / "f").glob(f"{page_of(j)[:4]}*")) for j in WRITTEN
    ]
    assert max(features) <= 76 * KB
    assert (folder / "index.html").stat().st_size <= 150 * KB
    shared = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) - sum(features)
    assert shared + LATENTS * max(features) <= 80 * MB
    assert len(templates_sheet(table).data) <= 750 * KB
    page = open_page(folder / "index.html")
    page.select_option("[name=sort]", "density")
    assert page.locator(".sheet li").first.inner_text().split() == ["0", "fires", "on", "0", "90", "%"]


def test_budget_of_a_single_file(tmp_path: Path) -> None:
    table = make_table(LATENTS, shape=(28, 28))
    details = [make_detail(table, j) for j in WRITTEN]
    alone = write_single_file(make_gallery(), table, [], tmp_path / "none.html").stat().st_size
    some = write_single_file(make_gallery(), table, details, tmp_path / "some.html").stat().st_size
    assert alone + 100 * (some - alone) / len(details) <= 10 * MB
