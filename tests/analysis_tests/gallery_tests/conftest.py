"""One small gallery that tests of pages share; they only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.gallery_parts.writing import write_folder
from tests.analysis_tests.gallery_tests.synthetic import make_details, make_gallery, make_table


@pytest.fixture(scope="session")
def gallery_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 latents of 8x8 digits; 5 and 6 are dead, 0 is dense."""
    folder = tmp_path_factory.mktemp("gallery") / "0017"
    table = make_table(24, dead=(5, 6))
    write_folder(make_gallery(), table, make_details(table), folder)
    return folder
