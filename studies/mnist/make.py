"""Makes the study's tables and pictures anew from its ledgers.

    python -m studies.mnist.make

Reads studies/mnist/ledgers, writes studies/mnist/results; starts no search and needs no images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from studies.mnist import ablation, pictures

HERE = Path(__file__).parent
COMMAND = "python -m studies.mnist.make"


def make(ledgers: Path, results: Path) -> None:
    """Writes every page and picture that the ledgers at hand allow."""
    results.mkdir(parents=True, exist_ok=True)
    if (ledgers / "ablation").is_dir():
        found = ablation.read_ablation(ledgers / "ablation")
        (results / "ablation.md").write_text(ablation.page(found, COMMAND), encoding="utf-8")
        pictures.forest(found, results / "ablation.png")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="folder to write to")
    make(HERE / "ledgers", parser.parse_args().results)


if __name__ == "__main__":
    main()
