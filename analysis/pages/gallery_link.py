"""From other pages into a trial's gallery, where there is one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def gallery_link(run: Path, trial_folder: str, page_folder: Path) -> str | None:
    """The relative address of the trial's gallery, as seen from a page in `page_folder`; None without one.

    `#f=137` behind it is latent 137. Relative, so that runs can be moved with all their pages.
    """
    index = run / "gallery" / trial_folder / "index.html"
    if not index.is_file():
        return None
    return quote(Path(os.path.relpath(index, page_folder.resolve())).as_posix())
