"""Whether Ray's workers would take somebody else's module for ours."""

from __future__ import annotations

from pathlib import Path

import trainables
from search.errors import SpaceError

OURS = Path(trainables.__file__).parent


def refuse_namesakes(folder: Path) -> None:
    """SpaceError if `folder`, where the driver runs, has a module `trainables` that is not ours.

    Ray puts the driver's folder before all that is installed when its workers look for modules, so that each
    of them would die in its first second. Workers import none of our other packages.
    """
    for file in (folder / "trainables" / "__init__.py", folder / "trainables.py"):
        if file.exists() and not file.parent.samefile(OURS):
            raise SpaceError(
                f"{file.relative_to(folder)} in this folder has the name of one of our packages, and Ray's "
                "workers would import it instead; start from another folder, and name the run by its path"
            )
