"""`make mutants`: is every single condition of every pack held by a hand-written case?

Each condition is changed in one small way (dropped, turned round, moved by one, a value less, a `when` less), the pack
is built again and the cases of *.yaml beside this file are run until one fails. A change that no case notices survives
and is printed with its line. What changes nothing that anybody could see stands in equivalent.yaml with its proof.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from dialogs.policy import Pack, Policy, load_policy
from dialogs.policy.checks import Names, spelled
from dialogs.policy.overlay import lie_over
from dialogs.policy.pack import compile_pack
from dialogs.policy.source import Path as Place
from dialogs.policy.source import Source
from dialogs.policy.written import FactsFile, FieldsFile, MaterialsFile, PackFile, conditions_in
from tests.packs.conftest import pack_texts, texts
from tests.packs.test_cases import cases, compare

EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
GONE: Any = object()
SPOKEN = ("clause", "reading", "holds", "fails", "unknown", "change")
BLOCKS = ("first", "ways", "outside", "clocks", "materials", "before")
STEPS = {"gte": (-1, 1), "gt": (-1, 1), "lte": (1, -1), "lt": (1, -1)}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: what stands at `path` becomes `value` (GONE: nothing). `name` says where and what."""

    region: str
    path: Place
    kind: str
    value: Any
    line: int

    @property
    def name(self) -> str:
        return f"{'/'.join(str(step) for step in self.path)}: {self.kind}"


# --- the changes ---


def mutants(region: str, source: Source, facts: FactsFile) -> Iterator[Mutant]:
    """Every change of one condition of this pack, in the order of `conditions_in`."""

    def made(path: Place, kind: str, value: Any) -> Mutant:
        return Mutant(region, path, kind, value, source.line(path))

    written = source.read(PackFile)
    for path, _ in conditions_in(written):
        raw = _at(source.values, path)
        for kind, value in (*_of_structure(path, raw), *_of_leaf(path, raw, facts)):
            yield made(path, kind, value)
        for kind in ("all", "any"):
            members = raw.get(kind) or ()
            for at in range(len(members) if len(members) > 1 else 0):
                yield made((*path, kind, at), "dropped", GONE)
    for path, row in _rows(source.values):
        if "when" in row:
            yield made((*path, "when"), "dropped", GONE)
        verdicts = row.get("verdicts") or []
        for verdict in verdicts if len(verdicts) > 1 else ():
            yield made((*path, "verdicts"), f"without {verdict}", [one for one in verdicts if one != verdict])
        if verdicts:
            yield made((*path, "verdicts"), "dropped", GONE)


def _rows(values: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    for block in BLOCKS:
        for at, row in enumerate(values.get(block) or ()):
            yield (block, at), row
    for at, row in enumerate(values["form"]["fields"]):
        yield ("form", "fields", at), row


def _of_structure(path: Place, raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    spoken = {key: raw[key] for key in SPOKEN if key in raw}
    for kind in ("not", "known"):
        if kind in raw:
            yield f"without {kind}", {**raw[kind], **spoken}
    if ("fact" in raw or "use" in raw) and path[-1] != "not":
        yield "negated", {"not": {key: value for key, value in raw.items() if key not in SPOKEN}, **spoken}


def _of_leaf(path: Place, raw: Mapping[str, Any], facts: FactsFile) -> Iterator[tuple[str, Any]]:
    value = raw.get("value")
    for step in STEPS.get(raw.get("op", ""), ()):
        yield f"{value} is {value + step}", {**raw, "value": value + step}
    if isinstance(value, list):
        for one in value if len(value) > 1 else ():
            yield f"without {one}", {**raw, "value": [each for each in value if each != one]}
        allowed = facts.facts[raw["fact"]].values
        for one in _neighbours(value):
            if one in allowed:
                yield f"with {one}", {**raw, "value": [*value, one]}


def _neighbours(values: list[Any]) -> list[int]:
    return [min(values) - 1, max(values) + 1] if all(type(each) is int for each in values) else []


def _at(values: Any, path: Place) -> Any:
    for step in path:
        values = values[step]
    return values


def changed(values: Any, path: Place, value: Any) -> Any:
    """`values` with `value` at `path`; only what lies on the way is copied."""
    head, *rest = path
    new = copy(values)
    if rest:
        new[head] = changed(values[head], tuple(rest), value)
    elif value is GONE:
        del new[head]
    else:
        new[head] = value
    return new


# --- trying one ---


class Bench:
    """The packs as they are, the cases, and what it takes to build one pack again."""

    def __init__(self, packs: Mapping[str, str], only: Mapping[str, list[dict[str, Any]]] | None = None) -> None:
        """`only`: region -> its cases, instead of those of the files."""
        files = texts()
        self.names = Names(
            Source("facts.yaml", files["facts"]).read(FactsFile),
            Source("fields.yaml", files["fields"]).read(FieldsFile),
            Source("materials.yaml", files["materials"]).read(MaterialsFile),
            {},
        )
        self.sources = {region: Source(f"packs/{region}.yaml", text) for region, text in packs.items()}
        self.written = {region: source.read(PackFile) for region, source in self.sources.items()}
        self.policy = load_policy(packs=packs, **files)
        self.cases = dict(only) if only is not None else _by_region()

    def mutants(self, region: str) -> list[Mutant]:
        return list(mutants(region, self.sources[region], self.names.facts))

    def killed(self, mutant: Mutant) -> str:
        """The case that fails with this change, or ""; what kills comes first next time."""
        policy = self.built(mutant)
        for region in (mutant.region, *self._children(mutant.region)):
            own = self.cases.get(region, [])
            for at, case in enumerate(own):
                if not _passes(policy, region, case):
                    own.insert(0, own.pop(at))
                    return str(case["case"])
        return ""

    def built(self, mutant: Mutant) -> Policy:
        values = changed(self.sources[mutant.region].values, mutant.path, mutant.value)
        written = {**self.written, mutant.region: PackFile.model_validate(values)}
        packs = dict(self.policy.packs)
        for region in (mutant.region, *self._children(mutant.region)):
            packs[region] = self._pack(written[region], packs)
        return replace(self.policy, packs=packs)

    def _children(self, region: str) -> list[str]:
        return [name for name, pack in self.written.items() if pack.parent and pack.parent.region == region]

    def _pack(self, written: PackFile, packs: Mapping[str, Pack]) -> Pack:
        over = packs[written.parent.region] if written.parent else None
        taken = tuple(spelled(written.parent.items, over.ids)) if written.parent and over else ()
        pack = compile_pack(written, self.names, taken)
        return lie_over(pack, over, taken) if over else pack


def _by_region() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for case in cases():
        region, body = case.values
        found.setdefault(region, []).append(body)
    return found


def _passes(policy: Policy, region: str, case: dict[str, Any]) -> bool:
    """Whether the case comes out as written; a change that makes deciding impossible is noticed too."""
    try:
        compare(policy, region, case)
    except (AssertionError, LookupError, TypeError, ValueError):
        return False
    return True


# --- all of them ---

_bench: Bench  # each worker is forked with it
_mutants: list[Mutant]


def _try(at: int) -> tuple[int, str]:
    return at, _bench.killed(_mutants[at])


def killers(bench: Bench, all_: list[Mutant]) -> list[str]:
    """For each mutant the case that fails, or "", tried on every core."""
    global _bench, _mutants
    _bench, _mutants = bench, all_
    found = [""] * len(all_)
    with get_context("fork").Pool(os.cpu_count()) as pool:
        tried = pool.imap_unordered(_try, range(len(all_)), chunksize=4)
        for at, killer in tqdm(tried, total=len(all_), unit="mutant", disable=None):
            found[at] = killer
    return found


def proofs(region: str) -> dict[str, str]:
    """Mutant -> why nobody could see a difference."""
    listed = yaml.safe_load(EQUIVALENT.read_text()) or {}
    return {one["mutant"]: one["proof"] for one in listed.get(region, ())}


def report(region: str, tried: list[tuple[Mutant, str]]) -> tuple[str, bool]:
    """killed / total with every survivor, and whether all is well."""
    proven = proofs(region)
    alive = [one for one, killer in tried if not killer]
    survivors = [one for one in alive if one.name not in proven]
    stale = proven.keys() - {one.name for one in alive}
    lines = [f"{region}: {len(tried) - len(alive)} of {len(tried)} killed"]
    lines[0] += f", {len(alive) - len(survivors)} proven equivalent, {len(survivors)} survive"
    lines += [f"  packs/{region}.yaml:{one.line}  {one.name}" for one in survivors]
    lines += [f"  equivalent.yaml lists “{name}”, which is killed or gone: take it out" for name in sorted(stale)]
    return "\n".join(lines), not survivors and not stale


def main(only: str = "") -> int:
    """Prints killed / total of each pack and every survivor. Exit status: whether a pack is not held whole."""
    bench = Bench(pack_texts())
    regions = [only] if only else list(bench.written)
    all_ = [one for region in regions for one in bench.mutants(region)]
    tried = list(zip(all_, killers(bench, all_), strict=True))
    reports = [report(region, [each for each in tried if each[0].region == region]) for region in regions]
    for text, _ in reports:
        print(text)
    return 0 if all(well for _, well in reports) else 1


if __name__ == "__main__":
    sys.exit(main(os.environ.get("REGION", "")))
