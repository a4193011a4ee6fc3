"""Fetches MNIST and its relatives: `python -m trainables.data.download mnist --root DIR`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
from pathlib import Path
from urllib.error import URLError

from trainables.data.families import FAMILIES, Family
from trainables.data.idx_files import download_command, read_array
from trainables.data.location import find_root
from trainables.errors import DataError

# A server that says nothing for so long is taken for unreachable.
SILENCE_S = 20.0


def download(family: Family, root: Path) -> None:
    """Fetches the family through torchvision and puts its checked files under `root`.

    Whatever lies there under their names is replaced, file by file and only once all of them are
    fetched and whole, so that neither an interruption nor a second download leaves half a file.
    DataError if they cannot be had.
    """
    try:
        raw = root / family.folder / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as scratch:
            _fetch(family, Path(scratch))
            for file in family.files:
                read_array(Path(scratch), family, file)
            for file in family.files:
                os.replace(Path(scratch) / family.folder / "raw" / file, raw / file)
    except (OSError, RuntimeError, URLError) as error:
        raise DataError(
            f"{family.name} could not be downloaded to {root}: {error}\n"
            f"with a network: {download_command(family, root)}\n"
            f"without one: put its files into {root / family.folder / 'raw'}, or name the folder that has "
            f"them as root or in SAE_SEARCH_DATA; digits needs no files"
        ) from error


def _fetch(family: Family, root: Path) -> None:
    from torchvision import datasets

    options: dict[str, object] = {"split": "balanced"} if family.name == "emnist" else {}
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_S)
    try:
        getattr(datasets, family.folder)(str(root), download=True, **options)
    finally:
        socket.setdefaulttimeout(before)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status, 7 if the data cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m trainables.data.download", description="Fetch a dataset, or repair a damaged one."
    )
    parser.add_argument("name", choices=sorted(FAMILIES))
    parser.add_argument("--root", type=Path, help="folder to put it in; default: where a search looks for it")
    given = parser.parse_args(arguments)
    root = find_root(given.root).root
    try:
        download(FAMILIES[given.name], root)
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 7
    sys.stdout.write(f"{root / FAMILIES[given.name].folder / 'raw'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
