"""Where a finished trial's pictures lie in its folder, and writing them. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

from trainables.storage.atomic_file import write_whole

FOLDER = "pictures"
TEMPLATES = "templates.png"
ATTRIBUTIONS = "attributions.png"


def write(trial_folder: Path, name: str, data: bytes) -> None:
    """Put a picture into its place, whole or not at all. Raises OSError."""
    write_whole(trial_folder / FOLDER / name, data)
