"""Bad files are refused with the file, the line and what to do; what the files say is plain, cited and at its place."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialogs.policy import Policy, PolicyError, load_policy, outside, pack_for
from dialogs.policy.written import PackFile, cited_in
from tests.packs.conftest import FOLDER, clause_texts, pack_texts, texts

DOCUMENTS = Path(__file__).parents[3] / "shared" / "policies"
PACK, PARENT = pack_texts()["tongchuan"], pack_texts()["sichuan"]


def refused(old: str, new: str) -> PolicyError:
    """The error when `old` stands as `new` in Tongchuan's pack."""
    assert PACK.count(old) >= 1, old
    with pytest.raises(PolicyError) as caught:
        load_policy(packs={"sichuan": PARENT, "tongchuan": PACK.replace(old, new, 1)}, **texts())
    return caught.value


def line_of(text: str) -> int:
    return PACK[: PACK.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("fact: is_dibao", "fact: is_dibo", "is_dibo"),
        ("use: card_valid", "use: card_vald", "card_vald"),
        ("value: [1, 2]", "value: [1, 5]", "5"),
        ("value: [1, 2]", "value: 1", "list"),
        ("op: overlaps", "op: touches", "op"),
        ("material: card_app_form", "material: card_ap_form", "card_ap_form"),
        ("{field: ethnicity", "{field: ethnic", "ethnic"),
        ("department: canlian", "department: canlan", "canlan"),
        ("dated: 2022-12-22", "dated: 2022-13-22", "2022-13-22"),
        ("starts: publicity", "starts: publication", "starts"),
        ("working_days: 15", "working_days: -1", "working_days"),
        ("clause: 附件2 二（三）", "clause: 附件9 九", "附件9 九"),
        ("reading: G-TC-5", "reading: G-TC-99", "G-TC-99"),
        ('counties: ["511702"]', 'counties: ["51170"]', "51170"),
        ("mode: jump", "mode: leap", "mode"),
        ("event: 扶残助困一件事", "evnt: 扶残助困一件事", "evnt"),
        ("item: card.loss", "item: card.lost", "card.lost"),
        ("grants: {holds_card: true", "grants: {holds_a_card: true", "holds_a_card"),
        ("grants: {card_lost: false", "grants: {card_lost: maybe", "maybe"),
        ("assessed: [card_level", "assessed: [card_levle", "card_levle"),
        ("province: sichuan", "province: nowhere", "nowhere"),
    ],
)
def test_a_wrong_name_or_value_is_named_with_its_line(old: str, new: str, word: str) -> None:
    problem = refused(old, new)
    assert problem.file == "packs/tongchuan.yaml"
    assert word in str(problem)
    assert problem.do
    at = line_of(old)
    assert problem.line == 0 or at - 12 <= problem.line <= at + 1, (problem.line, at)


def test_a_clause_that_is_missing_is_missed() -> None:
    assert "clause" in str(
        refused('    clause: 附件2 二（三）\n    holds: "{who}是低保对象。"', "    holds: 是低保对象。")
    )


def test_a_condition_that_says_nothing_is_refused() -> None:
    problem = refused("        - use: on_allowance", "        - {fact: is_dibao, op: eq, value: true}")
    assert "nobody would hear why" in str(problem)


def test_a_condition_that_uses_itself_is_refused() -> None:
    problem = refused(
        "  for_the_dead:\n    known:", "  for_the_dead:\n    known: {use: for_the_dead}\n  other_test:\n    known:"
    )
    assert "uses itself" in str(problem)


def test_an_item_without_way_clock_or_stage_is_refused() -> None:
    assert "no clock" in str(
        refused(
            "  - items: [medical.subsidy]\n    working_days: 15", "  - items: [pension.subsidy]\n    working_days: 15"
        )
    )
    assert "no stage" in str(refused("pension.subsidy, medical.subsidy]]", "pension.subsidy]]"))
    assert "no way" in str(
        refused("    items: [medical.subsidy]\n    mode: offline", "    items: [pension.subsidy]\n    mode: offline")
    )


def test_aliases_repeated_keys_deep_nesting_and_long_texts_are_refused() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    for text, word in (
        (bomb, "alias"),
        ("region: a\nregion: b\n", "twice"),
        ("[" * 60, "nested"),
        ("#" * 1_000_001, "longer"),
    ):
        with pytest.raises(PolicyError) as caught:
            load_policy(packs={"tongchuan": text}, **texts())
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "just words", "region: [", "a: b: c", "!!python/object:os.system x", "\x00", "region: 1\n"]
)
def test_what_is_no_pack_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        load_policy(packs={"tongchuan": text}, **texts())


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("facts", "rule: household_served", "rule: household_severed"),
        ("facts", "explain: [低保]", "explain: [低宝]"),
        ("facts", "sets: {card_lost: true}", "sets: {card_loss: true}"),
        ("facts", "from: [age]", "from: [aeg]"),
        ("facts", "otherwise: {is_tekun: false", "otherwise: {is_tekun: 0"),
        ("facts", "sets: {card_status: expired", "sets: {card_status: over"),
        ("facts", "if_so: holds_card", "if_so: has_card"),
        ("facts", "{value: 1, label: 一级", "{value: 7, label: 一级"),
        ("fields", "same_as: phone", "same_as: fone"),
        ("fields", "fact: household_nature", "fact: household_natur"),
        ("materials", "parts:", "prts:"),
    ],
)
def test_the_other_files_are_checked_too(name: str, old: str, new: str) -> None:
    files = texts()
    assert old in files[name]
    with pytest.raises(PolicyError) as caught:
        load_policy(packs=pack_texts(), **{**files, name: files[name].replace(old, new, 1)})
    assert caught.value.file == f"{name}.yaml"
    assert caught.value.line > 0


def test_a_clause_index_is_checked_too() -> None:
    broken = {**clause_texts(), "tongchuan": clause_texts()["tongchuan"].replace("words:", "word:", 1)}
    with pytest.raises(PolicyError) as caught:
        load_policy(packs=pack_texts(), **{**texts(), "clauses": broken})
    assert caught.value.file == "clauses/tongchuan.yaml"
    assert caught.value.line > 0


def test_a_pack_without_a_clause_index_is_refused() -> None:
    without = {region: text for region, text in clause_texts().items() if region != "tongchuan"}
    with pytest.raises(PolicyError, match=r"clauses/tongchuan\.yaml"):
        load_policy(packs=pack_texts(), **{**texts(), "clauses": without})


def test_a_pack_under_another_region_s_name_is_refused() -> None:
    with pytest.raises(PolicyError, match="region"):
        load_policy(packs={"sichuan": PARENT, "elsewhere": PACK}, **texts())


# --- clauses ---


@cache
def index() -> dict[str, Any]:
    return {region: yaml.load(text, yaml.CSafeLoader) for region, text in clause_texts().items()}


def test_every_clause_cited_is_in_the_index(policy: Policy) -> None:
    for region, pack in policy.packs.items():
        labels = {clause["label"] for clause in index()[region]["document"]}
        for path, cited in cited_in(pack.written):
            assert not cited.clause or cited.clause in labels, (path, cited)
            assert not cited.reading or cited.reading in index()[region]["readings"], (path, cited)


def test_every_label_of_the_index_stands_at_its_place_in_the_document() -> None:
    if not DOCUMENTS.is_dir():
        pytest.skip("the policy documents are not beside this copy")
    for region, written in index().items():
        text = re.sub(r"\s", "", (DOCUMENTS / f"{region}.txt").read_text())
        at = 0
        for clause in written["document"]:
            found = text.find(re.sub(r"\s", "", clause["words"]), at)
            assert found >= at, clause
            at = found


def test_no_reading_and_no_clause_is_listed_in_vain(policy: Policy) -> None:
    for region, pack in policy.packs.items():
        cited = [one for _, one in cited_in(pack.written)]
        assert {one.reading for one in cited} >= set(index()[region]["readings"]) - KEPT, region
        assert len({one.clause for one in cited}) > 20, region


KEPT = {"G-TC-11"}  # asked on the form, without an effect


# --- the vocabulary ---

TYPES = {"float": "number", "gb2260_6": "county"}


def test_facts_papers_and_fields_have_the_vocabulary_s_names_and_types(policy: Policy) -> None:
    if not DOCUMENTS.is_dir():
        pytest.skip("the policy documents are not beside this copy")
    vocabulary = json.loads((DOCUMENTS / "vocabulary.json").read_text())
    for fact in vocabulary["facts"]:
        ours = policy.facts[fact["name"]]
        assert ours.type == TYPES.get(fact["type"], fact["type"]), fact["name"]
        if fact["type"] in ("enum", "set"):
            assert set(ours.values) == set(fact["allowed"]), fact["name"]
    for region, pack in policy.packs.items():
        assert pack.written.items.keys() == {item["id"] for item in vocabulary["jurisdictions"][region]["items"]}
        papers = {name for name, body in vocabulary["materials"].items() if region in body["regions"]}
        assert papers == {row.material for row in pack.written.materials}
        forms = {one["name"]: one["regions"].get(region) for one in vocabulary["form_fields"]}
        asked = {name for name, mark in forms.items() if mark in ("o", "*", "c", "o*")}
        assert asked - {"signature", "photo"} <= {row.field for row in pack.written.form.fields}, region


# --- words ---


SPOKEN = frozenset(
    {"says", "holds", "fails", "unknown", "change", "ask", "ask_dead", "hint", "label", "none"}
    | {"what", "where", "order", "how", "same_label"}
)


def sentences(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Everything that people hear, as (key, sentence)."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from sentences(inner, "says" if key in ("words", "explained") else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from sentences(inner, key)
    elif isinstance(value, str) and key in SPOKEN:
        for sentence in re.split(r"[。！？]", value):
            yield key, sentence


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.stem)
def test_no_sentence_that_people_hear_is_longer_than_25_characters(path: Path) -> None:
    if path.parent.name in ("clauses", "sheets"):  # an index, and what stands printed on paper
        return
    for key, sentence in sentences(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)):
        assert len(sentence.replace("{who}", "孩子")) <= 25, (key, sentence)


def test_nothing_said_takes_the_person_for_the_speaker(policy: Policy) -> None:
    """{who} stands for whoever it is about; “您” would be wrong about a child or the dead."""
    for path in (FOLDER / "facts.yaml", *(FOLDER / "packs").glob("*.yaml")):
        for key, sentence in sentences(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)):
            assert "您" not in sentence, (path.name, key, sentence)


def test_every_fact_that_needs_a_hard_word_explains_it(policy: Policy) -> None:
    for word in ("低保", "特困"):
        for name, fact in policy.facts.items():
            if word in fact.ask:
                assert word in fact.explain, name
    for group in policy.groups.values():
        said = group.ask + "".join(option.label for option in group.options)
        assert all(word in group.explain for word in ("特困", "孤儿") if word in said)


# --- where ---


def test_the_household_decides_which_pack_serves(policy: Policy) -> None:
    pack = pack_for(policy, "511702", None)
    assert pack is not None
    assert pack.region == "tongchuan"
    wider = pack_for(policy, "510104", "511702")
    assert wider is not None
    assert wider.region == "sichuan", "a county without a plan of its own is served by its province's"
    assert pack_for(policy, "330102", "511702") is None
    assert pack_for(policy, None, "511702") is None
    assert [outside(policy, code) for code in ("511702", "510104", "330102")] == ["", "", "other"]


def test_the_district_s_code_is_the_one_of_the_national_table() -> None:
    from stdnum import numdb

    parts = numdb.get("cn/loc").info("511702")
    assert any("通川区" in found.get("county", "") for _, found in parts)


def test_the_pack_is_dated_and_frozen(policy: Policy) -> None:
    pack: PackFile = policy.packs["tongchuan"].written
    assert str(pack.dated) == "2022-12-22"
    assert pack.version.startswith("2022-12-22")
    with pytest.raises(ValueError, match="frozen"):
        pack.version = "other"  # type: ignore[misc]
