"""Packs, facts, fields and papers from YAML text into one `Policy`, or an error that names file, line and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import permutations

from dialogs.policy.checks import Names, check_facts_file, check_fields_file, parents_first, problems, spelled
from dialogs.policy.overlay import by_residence, lie_over
from dialogs.policy.pack import Pack, Policy, compile_pack
from dialogs.policy.source import Source
from dialogs.policy.written import ClausesFile, FactsFile, FieldsFile, MaterialsFile, PackFile


def load_policy(
    *,
    packs: Mapping[str, str],
    facts: str,
    fields: str,
    materials: str,
    clauses: Mapping[str, str] | None = None,
    earlier: Sequence[tuple[str, str]] = (),
) -> Policy:
    """`packs`, `clauses`: region -> YAML text; the others are the YAML texts of the files of that name; with
    `clauses`, every clause and reading that a pack cites must be in them; `earlier`: (region, YAML text) of versions
    that talks which began with them still keep. Raises PolicyError, which names file, line and what to do."""
    names = _read_names(facts, fields, materials, None if clauses is None else tuple(sorted(clauses.items())))
    loaded = _load_packs(packs, names)
    before = (_load_packs({**packs, region: text}, names)[region] for region, text in earlier if region in packs)
    return Policy(
        packs=loaded,
        joined=_joined(loaded),
        earlier={pack.key: pack for pack in before},
        facts=names.facts.facts,
        groups=names.facts.groups,
        fields=names.fields.fields,
        materials=names.materials.materials,
        provinces=names.facts.provinces,
        words=names.facts.words,
        option_lists={**names.facts.option_lists, **names.fields.option_lists},
    )


@lru_cache(maxsize=4)
def _read_names(facts: str, fields: str, materials: str, clauses: tuple[tuple[str, str], ...] | None) -> Names:
    """The files that packs share: read once while one pack after the other is tried against them."""
    facts_source, fields_source = Source("facts.yaml", facts), Source("fields.yaml", fields)
    facts_file, fields_file = facts_source.read(FactsFile), fields_source.read(FieldsFile)
    papers = Source("materials.yaml", materials).read(MaterialsFile)
    index = {region: Source(f"clauses/{region}.yaml", text).read(ClausesFile) for region, text in clauses or ()}
    check_facts_file(facts_source, facts_file)
    check_fields_file(fields_source, fields_file, facts_file)
    return Names(facts_file, fields_file, papers, None if clauses is None else index)


def _load_packs(texts: Mapping[str, str], names: Names) -> dict[str, Pack]:
    sources = {region: Source(f"packs/{region}.yaml", text) for region, text in texts.items()}
    written = {region: source.read(PackFile) for region, source in sources.items()}
    packs: dict[str, Pack] = {}
    for region in parents_first(sources, written):
        parent = written[region].parent
        over = packs[parent.region] if parent else None
        taken = tuple(spelled(parent.items, over.ids)) if parent and over else ()
        for path, wrong, do in problems(written[region], region, names, over.ids if over else (), taken):
            raise sources[region].error(path, wrong, do)
        pack = compile_pack(written[region], names, taken)
        packs[region] = lie_over(pack, over, taken) if over else pack
    return {region: packs[region] for region in texts}


def _joined(packs: Mapping[str, Pack]) -> dict[tuple[str, str], Pack]:
    """Household's region, residence's region -> the pack for somebody between the two, where there is something to
    join."""
    pairs = permutations(packs.values(), 2)
    found = {(home.region, lives.region): by_residence(home, lives) for home, lives in pairs}
    return {regions: pack for regions, pack in found.items() if pack is not None}
