"""Is this set of human concepts useful? A verdict by six gates, the last of them trained on Ray.

    python analysis/concepts.py strokes --space spaces/mnist.yaml --seeds 5

Docs: docs/concepts.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from search.cli.exit_code import exit_code_of
from search.cli.parser import parser_of, positive

EXAMPLES = """\
examples:
  python analysis/concepts.py strokes                                  on the embedded digits, 5 seeds
  python analysis/concepts.py my_concepts:mine --space spaces/mnist.yaml --seeds 8
  python analysis/concepts.py mine.csv --space space.yaml              a table: rows of train, val and test
  python analysis/concepts.py --resume runs/NAME                       go on after Ctrl-C, a crash or kill -9
  python analysis/concepts.py --resume runs/NAME --seeds 12            more seeds: a further look

The rule goes to stderr before the first number; the word and the paths written go to stdout.

exit codes: 0 done   2 usage   3 too many trials failed   5 cluster   6 run directory   7 data   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Reach the verdict; exit code as `search.errors` has it."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.concepts is None) == (options.resume is None):
        parser.error("give a set of concepts, or --resume RUN")
    given = sys.argv[1:] if arguments is None else arguments
    return exit_code_of(lambda: _verdict(options, given))


def _verdict(options: argparse.Namespace, given: list[str]) -> None:
    # Slow to import; --help needs none of it.
    import torch

    from analysis.cli.quoted_command import without_places
    from analysis.concept_verdict.command import Asked, verdict
    from analysis.concept_verdict.rule import Rule
    from analysis.concept_verdict.verdict import as_json

    torch.set_num_threads(1)
    asked = Asked(
        _placed(options.concepts or ""),
        options.space,
        options.seeds,
        options.weight,
        options.seed,
        options.out,
        options.name,
        options.resume,
        options.address,
    )
    rule = Rule(accuracy=options.margin)
    found, written = verdict(asked, rule, f"python analysis/concepts.py {without_places(given)}".strip())
    if options.json:
        sys.stdout.write(json.dumps(as_json(found), indent=2) + "\n")
        return
    sys.stdout.write(f"{found.word}\n" + "".join(f"  {reason}\n" for reason in found.reasons))
    sys.stdout.write("".join(f"{path}\n" for path in written))


def _placed(concepts: str) -> str:
    """A file by its absolute path, because trials run elsewhere."""
    from trainables.concepts.files import is_file

    return str(Path(concepts).expanduser().absolute()) if concepts and is_file(concepts) else concepts


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/concepts.py", __doc__ or "", EXAMPLES)
    parser.add_argument(
        "concepts", nargs="?", metavar="SET", help="strokes or another name, package.module:function, a file"
    )
    parser.add_argument("--space", type=Path, help="space file: whose images and default trial are taken")
    parser.add_argument(
        "--seeds", type=positive, metavar="N", help="trainings of each of the five arms (default: 5)"
    )
    parser.add_argument(
        "--weight",
        type=float,
        default=1.0,
        help="of the supervision, auxiliary.concepts (default: %(default)s)",
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=0.01,
        help="accuracy that a useful set may cost (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the study (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where run directories go")
    parser.add_argument("--name", help="name of the run directory instead of concepts-<utc time>")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with a verdict's run")
    parser.add_argument("--address", default="local", help="Ray: local (default), auto, or HOST:PORT")
    parser.add_argument("--json", action="store_true", help="the verdict as one JSON document on stdout")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
