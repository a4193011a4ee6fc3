"""Where a finished trial's pictures lie in its folder, and writing them. Imports nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "pictures"
TEMPLATES = "templates.png"
ATTRIBUTIONS = "attributions.png"


def write(trial_folder: Path, name: str, data: bytes) -> Path:
    """Put a picture into its place, whole or not at all. Raises OSError."""
    path = trial_folder / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
