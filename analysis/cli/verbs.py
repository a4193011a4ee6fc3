"""`sae-search VERB ...`: every script by one command, from any folder, once the package is installed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

from analysis.cli.new_space import new_space
from search.cli.exit_code import exit_code_of
from search.commands import ROOT
from search.console.report_error import report
from search.errors import SpaceError
from search.version import VERSION

OURS = ("search", "trainables", "analysis")


@dataclass(frozen=True)
class Verb:
    """A script of this project: module.main() reads the command line."""

    module: str
    says: str
    before: tuple[str, ...] = ()
    """Words that stand for the verb in the script's own command line."""


VERBS = {
    "run": Verb("search.run", "search a space, or go on with a run"),
    "confirm": Verb(
        "search.confirm", "train the best again with fresh seeds and score them on the test split"
    ),
    "reproduce": Verb(
        "search.run", "train one trial again and compare: reproduce RUN TRIAL", ("--reproduce",)
    ),
    "status": Verb("analysis.status", "how searches stand, in the terminal or a browser"),
    "report": Verb("analysis.report", "one page about a run: what each idea does, and how sure that is"),
    "gallery": Verb("analysis.gallery", "every latent of the best trials, in pictures"),
    "image": Verb("analysis.image", "which latents fire for an image, and a pad for one's own digit"),
    "quiz": Verb("analysis.quiz", "a blind reader's test: can a person tell where latents fire?"),
    "clusters": Verb("analysis.clusters", "images whose codes are alike"),
    "compare": Verb("analysis.compare", "two trials side by side, latent by latent"),
    "concepts": Verb(
        "analysis.concepts", "whether a set of human concepts is useful: a verdict by six gates"
    ),
    "truth": Verb("analysis.truth", "which recipe finds the parts that planted images are made of"),
    "export": Verb("analysis.export", "a trial's SAE as safetensors, ONNX or for SAELens"),
}


def main(words: list[str] | None = None) -> int:
    """Run one verb; exit code as `search.errors` has it, 2 where there is no such verb."""
    verb, *rest = (sys.argv[1:] if words is None else words) or ["--help"]
    if verb in ("-h", "--help"):
        sys.stdout.write(_help())
        return 0
    if verb == "--version":
        sys.stdout.write(f"{VERSION}\n")
        return 0
    if verb == "new":
        return exit_code_of(lambda: new_space(rest))
    if verb not in VERBS:
        near = get_close_matches(verb, VERBS, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        return report(SpaceError(f"there is no verb {verb!r}{hint} There are new, {', '.join(VERBS)}"))
    stranger = names_taken(packages_distributions())
    if stranger:
        return report(SpaceError(stranger))
    chosen = VERBS[verb]
    # The scripts read their own command line, as if they had been called.
    asks = bool({"-h", "--help"} & set(rest))
    sys.argv = [str(_file_of(chosen.module)), *(() if asks else chosen.before), *rest]
    code: int = import_module(chosen.module).main()
    return code


def names_taken(owners: Mapping[str, list[str]]) -> str:
    """A sentence if another installed package has put modules of our names over ours; else empty.

    owners: top-level name -> distributions, as `importlib.metadata.packages_distributions` has them.
    """
    for name in OURS:
        others = sorted(set(owners.get(name, ())) - {"sae-search"})
        if others:
            return (
                f"the installed package {others[0]} has a top-level module {name} too, and its files lie "
                "over or under ours; install sae-search into an environment of its own"
            )
    return ""


def _file_of(module: str) -> Path:
    folder, _, name = module.partition(".")
    return ROOT / folder / f"{name}.py"


def _help() -> str:
    rows = {"new": "write one of the shipped space files into this folder: new sae.yaml"}
    rows |= {name: verb.says for name, verb in VERBS.items()}
    width = max(map(len, rows))
    lines = "\n".join(f"  {name:{width}}  {says}" for name, says in rows.items())
    return (
        "usage: sae-search VERB ...\n\n"
        "Search for the classifier, basis and sparse autoencoder whose features a person can read.\n\n"
        f"verbs:\n{lines}\n\n"
        "sae-search VERB --help says what each takes. The first five minutes:\n"
        "  sae-search new sae.yaml && sae-search run sae.yaml\n"
    )


if __name__ == "__main__":
    sys.exit(main())
