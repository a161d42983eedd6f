"""The tools for those who keep the policy, through the command as they use it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from backend.cli import main
from dialogs.policy import Policy, compare, decide, load_policy, next_question
from dialogs.policy.derive import RULES
from dialogs.policy.soundness import findings
from dialogs.policy.walk import Walker, choices, walk
from tests.packs.conftest import FOLDER, clause_texts, pack_texts, texts, whole
from tests.scale import sized

ON = date(2026, 3, 2)
SMALL = (Path(__file__).parent / "county" / "pack.yaml").read_text()
SMALL_CLAUSES = (Path(__file__).parent / "county" / "clauses.yaml").read_text()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["packs", *words])


def small(pack: str = SMALL) -> Policy:
    files = {**texts(), "clauses": {**clause_texts(), "small": SMALL_CLAUSES}}
    return load_policy(packs={"small": pack}, **files)


# --- cover ---


def test_equal_rests_are_walked_once_and_the_counts_are_those_of_walking_every_talk() -> None:
    policy = small()
    for start in ({}, {"is_deceased": True}, {"age": 30}):
        merged, every = (walk(policy, policy.packs["small"], ON, start=start, merged=so) for so in (True, False))
        assert (merged.combinations, merged.questions, merged.longest) == (
            every.combinations,
            every.questions,
            every.longest,
        )
        assert merged.faults == every.faults == []
        assert merged.states <= every.states
    assert (
        walk(policy, policy.packs["small"], ON).states
        < walk(policy, policy.packs["small"], ON, merged=False).states / 5
    )


def test_the_walk_counts_what_counting_by_hand_counts() -> None:
    policy = small()
    pack = policy.packs["small"]

    def by_hand(facts: dict[str, object]) -> list[int]:
        question = next_question(policy, pack, facts, None, ON)
        if question is None:
            return [0]
        return [
            1 + more
            for answer in choices(policy, pack, question)
            for more in by_hand({**stated(policy, question.key, answer), **facts})
        ]

    talks = by_hand({})
    done = walk(policy, pack, ON)
    assert (done.combinations, done.questions, done.longest) == (len(talks), sum(talks), max(talks))


def stated(policy: Policy, key: str, answer: object) -> dict[str, object]:
    from dialogs.policy import facts_of

    return facts_of(policy, key, answer)


def test_two_talks_with_the_same_rest_are_told_the_same_afterwards() -> None:
    """What the walk rests on, on a real pack: people with the same key get the same next question."""
    policy = whole()
    pack = policy.packs["tongchuan"]
    walker, seen = Walker(policy, pack, ON), {}
    base = {"household_county": "511702", "holds_card": True}
    question = next_question(policy, pack, {**base, "is_dibao": True}, None, ON)
    assert question is not None
    for answer in list(choices(policy, pack, question))[::7]:
        for dibao in (True, False, None):
            facts = {**stated(policy, question.key, answer), **base, "is_dibao": dibao}
            from dialogs.policy.decide import complete

            after = next_question(policy, pack, facts, None, ON)
            seen.setdefault(walker.key(facts, complete(pack, facts, ON)), set()).add(after and after.key)
    assert all(len(keys) == 1 for keys in seen.values())
    assert len(seen) < 100


def test_a_question_that_is_asked_in_vain_and_an_item_that_nobody_asks_for_are_found() -> None:
    policy = load_policy(
        packs={"small": SMALL.replace("asking: [household_county, holds_card,", "asking: [household_county,")},
        **{**texts(), "clauses": {"small": SMALL_CLAUSES}},
    )
    done = walk(policy, policy.packs["small"], ON)
    assert any("holds_card" in fault for fault in done.faults)


def test_items_that_share_nothing_are_walked_apart_and_the_counts_stay_those_of_every_talk() -> None:
    more = "".join(
        f"""  {item}:
    name: 帮扶
    short: 帮扶
    department: minzheng
    offered_first: true
    when: {{all: [{{use: here}}, {{fact: {fact}, op: eq, value: {value}, clause: 第一条, holds: 是。, fails: 不是。}}]}}
    result: {{says: 有帮扶。, clause: 第一条}}
"""
        for item, fact, value in (
            ("help.farm", "household_nature", "agricultural"),
            ("help.fee", "medical_fee_fully_paid", "false"),
            ("help.form", "assessment_done", "true"),
        )
    )
    text = SMALL.replace("\norder:", f"{more}\norder:").replace(
        "[allowance.nursing]]", '[allowance.nursing, "help.*"]]'
    )
    text = text.replace("aid, age]", "aid, age, household_nature, medical_fee_fully_paid, assessment_done]")
    policy = load_policy(packs={"small": text}, **{**texts(), "clauses": {"small": SMALL_CLAUSES}})
    pack = policy.packs["small"]
    merged, every = (walk(policy, pack, ON, merged=so) for so in (True, False))
    assert (merged.combinations, merged.questions, merged.longest) == (
        every.combinations,
        every.questions,
        every.longest,
    )
    assert merged.states < every.states / 20


def test_the_counts_of_a_real_pack_are_those_of_walking_every_talk_where_that_is_short_enough() -> None:
    """With exclusions answered and the level still open, ages that are not told meet ages that were not asked."""
    policy = whole()
    pack = policy.packs["henan"]
    told = dict.fromkeys(policy.groups["exclusions"].otherwise, False) | {
        "is_tekun": True,
        "in_employee_pension": False,
    }
    troubles = policy.groups["card_trouble"].otherwise
    start = {**troubles, **told, "household_county": "410102", "holds_card": True, "is_dibao": False}
    merged, every = (walk(policy, pack, ON, start=start, merged=so) for so in (True, False))
    assert every.combinations > 200
    assert (merged.combinations, merged.questions, merged.longest) == (
        every.combinations,
        every.questions,
        every.longest,
    )


_UNSURE_OF_THE_CARD = {"household_county": "140105", "holds_card": True, "age": 40}


@pytest.mark.parametrize(
    ("region", "told", "more", "wants"),
    [
        # several kinds of disability, and no word about the card: whether the level of the mind is asked hangs on both
        (
            "shanxi",
            {**_UNSURE_OF_THE_CARD, "is_dibao": False, "is_dibao_edge": False, "willing_to_work": False},
            {"card_categories": ("vision", "mental"), "is_student": False, "is_state_staff": False}
            | {"in_employee_pension": False},
            None,
        ),
        ("shanxi", {"household_county": "140105", "holds_card": False, "is_dibao": True}, {"card_lost": None}, None),
        ("tongchuan", {"household_county": "511702", "holds_card": True, "card_level": 3}, {"age": 17}, None),
        ("tongchuan", {"household_county": "511702", "holds_card": True}, {"age": 70}, ("allowance.nursing34",)),
        ("yunnan", {"household_county": "530102", "holds_card": True, "card_level": 2}, {"age": 30}, ("card.renew",)),
    ],
)
def test_the_counts_of_a_part_of_a_pack_are_those_of_walking_every_talk(
    region: str, told: dict[str, object], more: dict[str, object], wants: tuple[str, ...] | None
) -> None:
    policy = whole()
    pack = policy.packs[region]
    wants = None if wants is None else tuple(item for item in pack.ids if item.startswith(wants))[:1]
    start = {**dict.fromkeys(policy.groups["card_trouble"].otherwise), **told, **more}
    merged, every = (walk(policy, pack, ON, start=start, wants=wants, merged=so) for so in (True, False))
    assert every.combinations > 10
    assert (merged.combinations, merged.questions, merged.longest, merged.faults) == (
        every.combinations,
        every.questions,
        every.longest,
        every.faults,
    )


class _Looking(dict[str, object]):
    """Remembers what is looked at."""

    def __init__(self, known: dict[str, object]) -> None:
        super().__init__(known)
        self.looked_at: set[str] = set()

    def get(self, name: str, default: object = None) -> object:
        self.looked_at.add(name)
        return super().get(name, default)


def test_each_derivation_looks_at_what_it_is_said_to_look_at_and_at_nothing_else(policy: Policy) -> None:
    """Decisions leave out what nothing in a pack follows from; what is left out wrongly would never be noticed."""
    place = policy.packs["shanxi"].place
    some = {
        "text": ["99010119900101123241", "99010120150101123572"],
        "date": ["2015-02-03", "2036-01-01"],
        "county": ["140105", "510104"],
        "int": [1, 3, 10, 40, 55, 90],
        "bool": [True, False],
    }
    for name, derived in RULES.items():
        seen: set[str] = set()
        for told in product(*([None, *_values(policy, one, some)] for one in sorted(derived.looks_at))):
            looking = _Looking(dict(zip(sorted(derived.looks_at), told, strict=True)))
            derived.rule(looking, place, ON)
            seen |= looking.looked_at
        assert seen == derived.looks_at, name


def test_each_derivation_turns_at_the_ages_that_it_is_said_to_turn_at(policy: Policy) -> None:
    """The walk tells people apart by these: a class of age that is left out is never walked."""
    place = policy.packs["shanxi"].place
    for name, derived in RULES.items():
        if "age" in derived.looks_at:
            said = [derived.rule({"age": age}, place, ON) for age in range(131)]
            turns = tuple(age for age in range(1, 131) if said[age] != said[age - 1])
            assert turns == derived.ages, name


def test_somebody_of_every_class_of_age_is_walked(policy: Policy) -> None:
    ages = policy.packs["henan"].numbers["age"]
    for low, high in ((0, 15), (16, 17), (18, 49), (50, 59), (60, 62), (63, 79), (80, 130)):
        assert any(low <= age <= high for age in ages), (low, high)


def _values(policy: Policy, name: str, some: dict[str, list[object]]) -> list[object]:
    fact = policy.facts[name]
    if fact.type == "set":
        return [("mental",), ("vision", "mental")]
    return list(fact.values) if fact.type == "enum" else some["int" if fact.type == "number" else fact.type]


# --- check, explain, tree, diff, try ---


def test_check_finds_nothing_in_a_sound_pack_and_names_what_is_wrong_in_another(tmp_path: Path) -> None:
    whole = (FOLDER / "packs" / "tongchuan.yaml").read_text()
    bad = tmp_path / "tongchuan.yaml"
    bad.write_text(whole.replace("fact: is_dibao", "fact: is_dibo", 1))
    result = run("check", str(bad))
    assert result.exit_code == 1
    line = whole[: whole.index("fact: is_dibao")].count("\n") + 1
    assert re.search(rf"packs/tongchuan.yaml, line {line}\b|line {line - 1}\b", result.output)
    assert "Correct the name" in result.output
    bad.write_text(whole.replace("- use: in_district\n", "- use: in_district\n        - use: no_card_yet\n", 1))
    result = run("check", str(bad))
    assert result.exit_code == 1
    assert "nobody can have “allowance.hardship”" in result.output
    bad.write_text(whole.replace("is_dibao, card_trouble,", "is_dibao, card_trouble, household_nature,"))
    assert "“household_nature” never matters" in run("check", str(bad)).output


def test_a_file_that_is_no_text_is_named_with_its_line_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "policy" / "packs"
    folder.mkdir(parents=True)
    written = folder / "xiaohe.yaml"
    written.write_bytes("region: xiaohe\nname: 小河县残疾人\n".encode("gbk"))
    for command in (["packs", "check", str(written)], ["decide"]):
        monkeypatch.setenv("YIJIANSHI_DATA_DIR", str(tmp_path))
        said = CliRunner().invoke(main, command, input="{}\n")
        assert said.exit_code == 1
        assert "xiaohe.yaml, line 2: this is no UTF-8 text. Save the file as UTF-8" in said.output


def test_explain_says_every_condition_with_its_clause_and_what_holds() -> None:
    said = run("explain", "tongchuan", "allowance.nursing", '{"household_county": "511702", "card_level": 3}').output
    assert re.search(r"✗ .*残疾等级.*附件2 二（二）", said)
    assert re.search(r"✓ .*户口在通川区", said)
    assert re.search(r"？ .*残疾人证", said)
    assert "等级为一级或二级才可以" in said
    assert "·" in run("explain", "tongchuan", "allowance.nursing").output
    assert "there are: card.new" in run("explain", "tongchuan", "card.nw").output


@pytest.mark.proof
@pytest.mark.parametrize("region", sized(["sichuan"], sorted(pack_texts())))
def test_the_tree_of_a_region_is_drawn_as_a_picture_that_can_be_read_aloud(
    policy: Policy, tmp_path: Path, region: str
) -> None:
    file = tmp_path / "tree.svg"
    assert run("tree", region, "--write", str(file)).exit_code == 0
    root = ElementTree.fromstring(file.read_text())
    names = {child.tag.rsplit("}", 1)[-1]: child.text or "" for child in root if child.text}
    assert policy.packs[region].written.name in names["title"]
    assert "户口所在地" in names["desc"]
    assert root.get("role") == "img"


def test_the_tree_is_drawn_as_mermaid_with_classes_of_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIJIANSHI_DATA_DIR", str(kept(tmp_path, "packs/small.yaml", SMALL)))
    kept(tmp_path, "clauses/small.yaml", SMALL_CLAUSES)
    drawn = run("tree", "small").output
    assert drawn.startswith("flowchart LR\n")
    assert {"17以下", "18到59", "60以上"} <= set(re.findall(r"\d+(?:以下|以上|到\d+)", drawn))


def kept(folder: Path, name: str, text: str) -> Path:
    """The operator's folder, with this file of policy in it."""
    file = folder / "policy" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return folder


@pytest.mark.proof
def test_diff_says_what_changed_and_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "MOST_SITUATIONS", sized(499, compare.MOST_SITUATIONS))
    whole = (FOLDER / "packs" / "tongchuan.yaml").read_text()
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(whole)
    new.write_text(whole.replace("value: [1, 2]", "value: [1, 2, 3]", 1))
    said = run("diff", str(old), str(new)).output
    assert "条件 › severe：残疾等级（card_level）∈一级、二级 → 残疾等级（card_level）∈一级、二级、三级" in said
    assert re.search(r"allowance.nursing）：不能办 → 可以办.*残疾等级=三级", said)
    assert "allowance.hardship" not in said
    assert "谁都没有变化" in run("diff", str(old), str(old)).output


def test_diff_speaks_of_items_papers_and_facts_by_their_names(policy: Policy) -> None:
    whole = pack_texts()["tongchuan"]
    gone = "  - {material: loss_statement, items: [card.loss], form: 文件没写格式，先问窗口, clause: 附件2 二（一）4}\n"
    assert gone in whole
    less = whole.replace(gone, "").replace("        - use: severe\n", "", 1)
    new = load_policy(packs={**pack_texts(), "tongchuan": less}, **texts())
    said = "\n".join(compare.changes(new, policy.packs["tongchuan"], new.packs["tongchuan"]))
    assert re.search(r"材料：去掉 事项：残疾人证挂失补办（card.loss）.*材料：遗失声明（loss_statement）", said)
    assert "事项 › 重度残疾人护理补贴（allowance.nursing） › 条件 › 都要满足：去掉 条件 severe" in said


def test_check_finds_a_file_that_is_dated_in_the_time_to_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = SMALL.replace("dated: 2026-01-05", "dated: 2999-01-05")
    monkeypatch.setenv("YIJIANSHI_DATA_DIR", str(kept(tmp_path, "packs/small.yaml", written)))
    kept(tmp_path, "clauses/small.yaml", SMALL_CLAUSES)
    done = run("check", str(tmp_path / "policy" / "packs" / "small.yaml"))
    assert done.exit_code == 1
    assert "packs/small.yaml: dated 2999-01-05 is still to come" in done.output


@pytest.mark.parametrize("version", ["2026-13-05.1", "2026-01-05", "2026-01-05.x", "20260105.1", "new"])
def test_check_finds_a_version_that_is_no_day_with_a_number(version: str) -> None:
    policy = small(SMALL.replace("version: 2026-01-05.1", f"version: '{version}'"))
    found = next(findings(policy, policy.packs["small"], ON))
    assert found == f"version {version} is no day with a number. Write it as 2026-01-05.1."


def test_several_choices_can_be_told_with_commas() -> None:
    said = run("try", "tongchuan", "card_categories=[physical, mental]").output
    assert "肢体" in said and "精神" in said
    for told in ("card_categories=physical,mental", "card_categories=physical， mental"):
        assert run("try", "tongchuan", told).output == said


def test_a_pack_that_cannot_be_used_is_said_in_one_line_by_every_command(tmp_path: Path) -> None:
    (tmp_path / "policy" / "packs").mkdir(parents=True)
    (tmp_path / "policy" / "packs" / "henan.yaml").write_text("region: henan\n")
    for words in (["packs", "check"], ["packs", "try", "henan", "age=3"], ["decide"], ["understand"]):
        done = CliRunner().invoke(main, words, env={"YIJIANSHI_DATA_DIR": str(tmp_path)}, input="")
        assert done.exit_code == 1, words
        assert done.output.startswith("Error: packs/henan.yaml, line 1"), (words, done.output)


def test_the_command_can_be_run_as_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backend.cli", "packs", "--help"], capture_output=True, text=True, cwd=FOLDER.parents[1]
    )
    assert "walk through" in done.stdout


def test_try_gives_the_whole_answer_from_facts_in_both_forms_and_by_asking() -> None:
    told = ("household_county=511702", "holds_card=true", "is_dibao=true", "card_status=valid", "card_level=2")
    said = run("try", "tongchuan", *told).output
    assert "【可以办】" in said
    assert "附件2 二（二）" in said
    as_json = (
        '{"household_county": "511702", "holds_card": true, "is_dibao": true, "card_status": "valid", "card_level": 2}'
    )
    assert run("try", "tongchuan", as_json).output == said
    asked = CliRunner().invoke(main, ["packs", "try", "tongchuan"], input="511702\n1\n1\n9\n2\n")
    assert "重度残疾人护理补贴" in asked.output
    wrong = run("try", "tongchuan", "card_levle=2")
    assert wrong.exit_code == 1
    assert "no fact is called “card_levle”" in wrong.output


@pytest.mark.parametrize("region", sorted(pack_texts()))
def test_every_condition_of_a_decision_can_be_explained(policy: Policy, region: str) -> None:
    from dialogs.policy.plain import explain

    pack = policy.packs[region]
    for item in pack.ids:
        said = explain(policy, pack, item, {"holds_card": True}, ON)
        for reason in decide(pack, {"holds_card": True}, None, ON).items[item].why:
            assert reason.clause in said, (item, reason)
