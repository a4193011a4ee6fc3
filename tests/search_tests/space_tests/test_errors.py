"""The error texts are part of what a user gets: each bad file has its whole message pinned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search.errors import ExitCode, SpaceError
from search.space.loader import load_study, load_text
from search.study import registries
from tests.search_tests.space_texts import HEAD, ROOT, SPACES
from trainables import registry

GOLDEN = sorted((ROOT / "tests" / "golden" / "space").glob("*.yaml"))


# The families as the texts know them: a new member changes none of them.
FROZEN: dict[str, list[str]] = json.loads(
    (ROOT / "tests" / "golden" / "members.json").read_text(encoding="utf-8")
)
FAMILIES = [value for module in (registry, registries) for value in vars(module).values()]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_entry_points", lambda _: ())
    for family in FAMILIES:
        if isinstance(family, registry.Registry) and family.group in FROZEN:
            kept = {name: family.built_in[name] for name in FROZEN[family.group]}
            monkeypatch.setattr(family, "built_in", kept)


@pytest.mark.parametrize("bad", GOLDEN, ids=lambda path: path.stem)
def test_bad_file_gets_exactly_its_message(bad: Path) -> None:
    with pytest.raises(SpaceError) as caught:
        load_text(bad.read_text(encoding="utf-8"), bad.name)
    assert str(caught.value) + "\n" == bad.with_suffix(".txt").read_text(encoding="utf-8")
    assert caught.value.exit_code == ExitCode.USAGE


def test_corpus_is_there() -> None:
    assert len(GOLDEN) > 40


def test_missing_file_names_its_neighbour() -> None:
    with pytest.raises(SpaceError, match=r"smoek.yaml: no such file; did you mean 'smoke.yaml'\?"):
        load_study(ROOT / "spaces" / "smoek.yaml")


def test_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="is a directory"):
        load_study(tmp_path)


def test_bytes_that_are_no_utf8_are_located(tmp_path: Path) -> None:
    path = tmp_path / "latin1.yaml"
    path.write_bytes(b"name: x\nquestion: caf\xe9\n")
    with pytest.raises(SpaceError, match=r"latin1.yaml:2:14: byte 0xe9 is not UTF-8"):
        load_study(path)


def test_file_over_a_megabyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# padding\n" * 100_001)
    with pytest.raises(SpaceError, match="larger than 1,000,000 bytes"):
        load_study(path)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load_study(path).study.name == "x"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trial.sae.k=199", "--set trial.sae.k=199: trial.sae.k: sae.k must be smaller than sae.width"),
        ("trial.sae.kk=9", "--set trial.sae.kk=9: trial.sae.kk: unknown key"),
        ("budget.trials={int: [1, 2]}", "only values under `trial` can be searched"),
        ("budget.trials=[", "not valid YAML"),
        ("budget.trials", "not of the form key.path=value"),
        ("=3", "not of the form key.path=value"),
        ("name.first=3", "name is 'mnist' in the file, which has no key first; set name whole"),
        ("name=\udcff", "not valid YAML"),
    ],
)
def test_overrides_are_checked_like_the_file(override: str, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        load_study(ROOT / "spaces" / "mnist.yaml", [override])
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_mistakes_of_file_and_overrides_come_together_file_first() -> None:
    with pytest.raises(SpaceError) as caught:
        load_text(HEAD + "foo: 1\nbar: 2\n", "x.yaml", ["budget.trials=0"])
    heads = [line for line in str(caught.value).splitlines() if not line.lstrip().startswith(("|", "5", "4"))]
    assert [line.split(": ")[0] for line in heads] == ["x.yaml:4:1", "x.yaml:5:1", "--set budget.trials=0"]


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_each_key_misspelt_is_one_mistake_that_names_the_right_key(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for key in ("budget", "trials", "sampler", "width", "hidden_size", "objectives"):
        if f"{key}:" not in text:  # a design has no sampler and follows its trials
            continue
        changed = text.replace(f"{key}:", f"{key[:-1]}{key[-1]}x:", 1)
        with pytest.raises(SpaceError) as caught:
            load_text(changed, "x.yaml")
        assert f"did you mean {key!r}?" in str(caught.value)


def test_an_unknown_metric_is_answered_by_the_nearest_few_or_those_that_matter_first() -> None:
    def message(metric: str) -> str:
        with pytest.raises(SpaceError) as caught:
            load_text(HEAD.replace("probe/accuracy", metric), "x.yaml")
        return str(caught.value).splitlines()[0]

    assert message("attribution/jnuk").endswith("did you mean 'attribution/junk'?")
    assert message("fvu").endswith("did you mean 'sae/fvu'?")
    nothing_alike = message("beauty")
    assert "classifier/accuracy, " in nothing_alike
    assert "_floor" not in nothing_alike, "references come after what they stand beside"
    assert len(nothing_alike) < 250
