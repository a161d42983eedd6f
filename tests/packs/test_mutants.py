"""A sample of what `make mutants` does in full: a condition that is changed makes a hand-written case fail."""

import pytest

from tests.packs.conftest import pack_texts
from tests.packs.mutants import GONE, Bench, Mutant, changed, proofs, report

SAMPLE = 24  # of each pack, evenly spread; all of them: make mutants


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(pack_texts())


@pytest.mark.parametrize("region", pack_texts())
def test_a_changed_condition_makes_a_case_fail(bench: Bench, region: str) -> None:
    every = bench.mutants(region)
    proven = proofs(region)
    some = [one for one in every[:: max(1, len(every) // SAMPLE)] if one.name not in proven]
    assert [f"line {one.line}, {one.name}" for one in some if not bench.killed(one)] == []


def test_a_change_that_no_case_sees_is_printed_with_file_line_and_what_was_changed() -> None:
    bench = Bench(pack_texts(), only={"tongchuan": []})
    mutant = next(one for one in bench.mutants("tongchuan") if one.name == "conditions/severe: without 2")
    text, well = report("tongchuan", [(mutant, bench.killed(mutant))])
    assert not well
    assert f"packs/tongchuan.yaml:{mutant.line}  conditions/severe: without 2" in text
    assert pack_texts()["tongchuan"].splitlines()[mutant.line - 1].strip() == "severe:"


def test_a_change_is_made_at_its_place_and_nowhere_else() -> None:
    written = {"a": [{"b": 1}, {"c": 2}], "d": {"e": 3}}
    assert changed(written, ("a", 0, "b"), 5) == {"a": [{"b": 5}, {"c": 2}], "d": {"e": 3}}
    assert changed(written, ("a", 1), GONE) == {"a": [{"b": 1}], "d": {"e": 3}}
    assert written == {"a": [{"b": 1}, {"c": 2}], "d": {"e": 3}}


def test_every_kind_of_condition_is_changed_in_every_way_that_applies(bench: Bench) -> None:
    kinds = {mutant.name.rsplit(": ", 1)[1].split(" ")[0] for mutant in bench.mutants("tongchuan")}
    assert kinds >= {"dropped", "negated", "without", "with", "9"}
    blocks = {mutant.path[0] for mutant in bench.mutants("tongchuan")}
    assert blocks >= {"conditions", "items", "first", "ways", "outside", "clocks", "materials", "before", "form"}


def test_a_proof_of_a_change_that_is_killed_or_gone_is_called_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.packs.mutants.proofs", lambda region: {"gone": "it was here"})
    text, well = report("tongchuan", [(Mutant("tongchuan", ("a",), "dropped", GONE, 1), "a case")])
    assert not well
    assert "gone" in text
