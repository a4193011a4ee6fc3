"""A user's own images from one .npz file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from trainables.data.dataset import Parts, Source
from trainables.data.given_arrays import parts_of
from trainables.errors import DataError


def load_npz(source: Source) -> Parts:
    """Reads `images`, `labels` and what else `given_arrays.parts_of` knows; never unpickles.

    DataError says the file, the array, what was found and what would be right.
    """
    if source.path is None:
        raise DataError("the dataset npz needs path, the .npz file with the arrays images and labels")
    path = source.path.expanduser()
    return parts_of(_read_arrays(path), str(path))


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise DataError(
                    f"{path} holds a single array; write it with numpy.savez(path, images=..., labels=...)"
                )
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}") from error
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is not a readable .npz file of plain arrays: {error}") from error
    for name, array in arrays.items():
        # numpy hands out a member that is no array as its bytes.
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path}: {name} is not an array; write the file with numpy.savez")
    return arrays
