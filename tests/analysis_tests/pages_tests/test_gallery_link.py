"""Links into galleries hold wherever the runs lie beside each other."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from analysis.pages.gallery_link import gallery_link


def test_a_gallery_is_found_from_pages_of_its_own_and_of_other_runs(tmp_path: Path) -> None:
    run = tmp_path / "a run #1"
    (run / "gallery" / "0003").mkdir(parents=True)
    (run / "gallery" / "0003" / "index.html").touch()
    own = gallery_link(run, "0003", run / "compare" / "0003-0001")
    assert own == "../../gallery/0003/index.html"
    page = tmp_path / "other" / "compare" / "x"
    page.mkdir(parents=True)
    link = gallery_link(run, "0003", page)
    assert link is not None
    assert "#" not in link
    assert (page / unquote(link)).resolve() == run / "gallery" / "0003" / "index.html"
    assert gallery_link(run, "0004", page) is None
