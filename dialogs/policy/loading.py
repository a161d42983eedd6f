"""Packs, facts, fields and papers from YAML text into one `Policy`, or an error that names file, line and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import permutations, product

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
    versions = _load_packs(packs, earlier, names)
    loaded = {region: versions[region][0] for region in packs}
    now, before = _joined(versions, loaded)
    return Policy(
        packs=loaded,
        by_prefix={start: pack for pack in reversed(loaded.values()) for start in pack.place.counties},
        joined=now,
        earlier={pack.key: pack for pack in (*(one for some in versions.values() for one in some[1:]), *before)},
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


_File = tuple[Source, PackFile]


def _load_packs(
    texts: Mapping[str, str], earlier: Sequence[tuple[str, str]], names: Names
) -> dict[str, tuple[Pack, ...]]:
    """Every version of each pack, today's first: each text over each version of its parent, for a talk keeps both."""
    files = {region: _read(region, text) for region, text in texts.items()}
    order = _in_order(files)
    versions: dict[str, tuple[Pack, ...]] = {}
    for region in order:
        versions[region] = tuple(_over(region, files[region], versions, names))
    older = [(region, _read(region, text)) for region, text in earlier if region in texts]
    for region in order:
        parent = files[region][1].parent
        mine = [file for name, file in older if name == region and _in_order({**files, region: file})]
        if not mine and (parent is None or len(versions[parent.region]) == 1):
            continue
        before = [one for file in (files[region], *mine) for one in _over(region, file, versions, names)]
        versions[region] = (versions[region][0], *before[1:])
    return {region: versions[region] for region in texts}


def _read(region: str, text: str) -> _File:
    source = Source(f"packs/{region}.yaml", text)
    return source, source.read(PackFile)


def _in_order(files: Mapping[str, _File]) -> list[str]:
    sources, written = {name: one for name, (one, _) in files.items()}, {name: one for name, (_, one) in files.items()}
    return list(parents_first(sources, written))


def _over(region: str, file: _File, versions: Mapping[str, Sequence[Pack]], names: Names) -> Iterator[Pack]:
    """One file as a pack over each version of its parent."""
    source, written = file
    for over in versions[written.parent.region] if written.parent else (None,):
        taken = tuple(spelled(written.parent.items, over.ids)) if written.parent and over else ()
        for path, wrong, do in problems(written, region, names, over.ids if over else (), taken):
            raise source.error(path, wrong, do)
        pack = compile_pack(written, names, taken)
        yield lie_over(pack, over, taken) if over else pack


def _joined(
    versions: Mapping[str, Sequence[Pack]], loaded: Mapping[str, Pack]
) -> tuple[dict[tuple[str, str], Pack], list[Pack]]:
    """Household's region, residence's region -> the pack for somebody between the two, where there is something to
    join; and the same of versions that are not today's."""
    now: dict[tuple[str, str], Pack] = {}
    before: list[Pack] = []
    for regions in permutations(loaded, 2):
        for home, lives in product(*(versions[region] for region in regions)):
            pack = by_residence(home, lives)
            if pack is None:
                continue
            if home is loaded[regions[0]] and lives is loaded[regions[1]]:
                now[regions] = pack
            else:
                before.append(pack)
    return now, before
