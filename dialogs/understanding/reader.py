"""The reader: one text in the light of the open question becomes one `Reading`.

The order decides: what is too long or hostile is refused, distress stops everything, a person or a command is heard
anywhere, then the answer to the open question, then questions of the person's own, small talk, and facts told in passing.
A confident wrong reading is the gravest defect: whatever is not outright is *unsure*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from dialogs.messages import Cite, Option
from dialogs.understanding.choices import NONE, Picker, Stories
from dialogs.understanding.claims import SELF, UNSURE, Claims
from dialogs.understanding.cues import Cues
from dialogs.understanding.facts import HELD, Harvest
from dialogs.understanding.faq import Aspects, Faq, Hit, wordings
from dialogs.understanding.normal import LIMIT, Plain, only_signs, tidy
from dialogs.understanding.places import Place, Places
from dialogs.understanding.reading import Reading
from dialogs.understanding.sieve import Pattern
from dialogs.understanding.slots import (
    Found,
    SlotReader,
    age,
    bank_number,
    card_number,
    id_number,
    number,
    phone,
    postcode,
)
from dialogs.understanding.straight import Straight
from dialogs.understanding.tables import Cue, read_entries, read_tables
from dialogs.understanding.words import BARE, Clause, Lexicon

# With each wording left out in turn, what the wording alone finds is right in 9 of 10 from here on; below, in 6 of 10, as often
# as what is asked about what, which then comes first.
_NEAR, _SURE = 0.48, 0.64
_ASKED = 0.42  # a text with a question word is answered from here on (`Hit.score`)
_CLEAR, _LEAD = 0.34, 0.05  # and from here on where one entry leads (`Hit.lead`)
_TOLD = 0.85  # a text without one (“收费标准”) has to be like a way of asking (`Hit.alike`)
_TOLD_BESIDE = ("place", "level", "categories", "age", "relation", "date")  # where other facts may be told instead
# several of these are how things stand, not what is wanted
_TO = re.compile(r"改成|改为|换成|应该是|该是|改到|是(?!不是)")
_NUMBERS = ("phone", "id_number", "bank", "card_number")
_WRITTEN = ("phone", "id_number", "bank", "card_number", "date", "name", "address", "place", "age")
_OF_THE_CARD = (
    "choice:card_service_type",
    "choices:card_trouble",
    "yesno:card_info_changed",
)  # where a wrong name stands on the card
_ANSWERS = {
    "yesno:confirm_submit": ("pause", "resume"),
    "yesno:confirm_restart": ("restart", "resume"),
}  # “先等等” says no
_STATES = ("card_trouble", "aid", "exclusions", "low_income")
_NEVER_ALL = (*_STATES, "card_categories", "applied_categories")  # “都要” chooses; nobody is all of these at once
_FOR = "给帮替"
_AFTER, _CHILD = re.compile(r"以后|之后|过后|,"), re.compile(r"(带|拖|养)着?.{0,3}(娃|孩子|儿子|女儿|孙)")
_WITH_ITS_KIND = 4  # signs of an answer to “which level?” that tells the kind too: “精神三级”
_PROGRAM = re.compile(r"[<>{}$`|\\;=%&]|--|/\w")
_YES_NO = (Option(True, "是"), Option(False, "不是"), Option(UNSURE, "不清楚"))


class Reader:
    """Built once per process by `load_reader`; `read` is a pure function of its arguments."""

    def __init__(
        self, dictionary: str, tables: Mapping[str, str], faq: Mapping[str, str], places: Sequence[Place]
    ) -> None:
        known = read_tables(tables)
        self._p = known.compiled()
        sieve = self._p.sieve
        self._picker = Picker(self._p, known.normal.labels)
        self._plain = Plain(known.normal)
        self._label = lru_cache(maxsize=256)(lambda label: self._plain(tidy(label)))  # of a button
        self._straight = Straight(known.straight, sieve)
        self._lexicon = Lexicon(dictionary, known, self._p)
        self._claims = Claims(known, self._p)
        self._bool_facts = frozenset(known.topics.topics)
        self._slots = SlotReader(known.slots, self._p)
        self._places = Places(places, known.slots.former_places)
        self._stories = Stories(known.choices, self._p, self._places)
        self._harvest = Harvest(known, self._p, self._claims, self._slots, self._places)
        self._hostile, self._distress = Cues(known.hostile, sieve), Cues(known.distress, sieve)
        self._human, self._commands, self._chat = (
            Cues(cues, sieve) for cues in (known.human, known.commands, known.chat)
        )
        self._aspects = Aspects(known.aspects, self._p)
        self._pack_questions = [(row, self._p.of(row.say)) for row in known.pack_questions]
        self._faq = _Indexes(faq, known.normal.alike, self._p["fillers"])

    def read(self, context: str, text: str, region: str = "", shown: Sequence[Option] = (), about: str = "") -> Reading:
        """What was meant. `context`: yesno:<fact>, choice:<fact>, choices:<fact>, slot:<field> or open. `shown`: the options
        in the order on the screen. `about`: who is being helped ("" or 我: the speaker)."""
        context = context.replace(":field:", ":", 1)  # a line of the form is the fact of its name
        written = tidy(text[: LIMIT + 1])
        plain = self._plain(written[:LIMIT])
        if about not in SELF:
            plain = re.sub(rf"(?:我|俺|额|咱)?(?:们)?家?的?{re.escape(about)}", "他", plain)  # “王大爷有”
        if not plain:
            return Reading("refused" if text.strip() else "unsure", doubt="empty")
        if (distress := self._distress.find(plain, context.partition(":")[2])) is not None:
            return Reading("distress", doubt=distress.doubt)
        if len(text) > LIMIT:
            return Reading("refused", doubt="too_long")
        if (hostile := self._hostile.find(plain) or self._program(written)) is not None:
            return Reading("refused", doubt=hostile.doubt)
        if only_signs(plain):
            return Reading("chat", argument="signs")
        anywhere = self._anywhere(context, written, plain, region, about)
        if anywhere is None or self._may_answer(anywhere, context, plain):
            answer = self._of_the_card(self._in_context(context, written, plain, region, tuple(shown), about), plain)
            if anywhere is None or (answer.kind == "answer" and answer.value not in (None, UNSURE)):
                return answer
        return anywhere

    def _of_the_card(self, reading: Reading, plain: str) -> Reading:
        """What is lost or broken may be another paper (“身份证丢了”), or a limb: nothing of the card is told then."""
        if not HELD & reading.facts.keys():
            return reading
        other = self._p["other_paper"].search(plain) and not self._p["this_card"].search(plain)
        drop = HELD if other else {"card_damaged"} if self._p["limb_broken"].search(plain) else set()
        return replace(reading, facts={name: value for name, value in reading.facts.items() if name not in drop})

    def _may_answer(self, heard: Reading, context: str, plain: str) -> bool:
        """Whether what sounds like a command may be the answer (“字看不清了” of the card, “没时间” for a course)."""
        kind, _, fact = context.partition(":")
        of_the_card = context in _OF_THE_CARD and (heard.argument == "large" or heard.command == "resume")
        if (heard.command in _ANSWERS.get(context, ()) and len(plain) < 9) or of_the_card:
            return True
        if kind == "yesno" and fact != "confirm_restart" and self._p["gives_up"].match(plain):
            return False  # “不办了”
        if kind == "yesno" and heard.command == "pause" and plain.startswith("算了"):
            return True  # of a training it says no
        if fact == "confirm_submit" and heard.command == "pause" and "交" not in plain:
            return False  # “先放着”
        if kind == "yesno":
            return heard.command != "change" and self._claims.tells(
                self._lexicon.clauses(self._lexicon.cut(plain), fact), fact
            )
        short = heard.command in ("pause", "back") and len(plain) <= 8
        aside = heard.command == "help" and ("," in plain or heard.argument == "read_aloud")
        return kind == "choice" and (short or aside)

    def _program(self, written: str) -> Cue | None:
        """Program text keeps its blanks and signs only as written; talk has none of them."""
        return self._hostile.find(written[:LIMIT].lower()) if _PROGRAM.search(written) else None

    def place_name(self, code: str) -> str:
        """The full name of a county code, or the code."""
        return self._places.name(code)

    def asked_about(self, text: str) -> tuple[str, tuple[str, ...]]:
        """What a question asks about an item (limit, papers, way, who) and the patterns of the items that it names; "" and ()
        where it is not of this kind."""
        plain = self._plain(tidy(text[:LIMIT]))
        row = next((one for one, say in self._pack_questions if say.search(plain) and not _any(one.not_, plain)), None)
        items = tuple(self._stories.told("items", plain)) if row else ()
        return (row.about, items) if row and items else ("", ())

    def addressed(self, text: str) -> str:
        """How the person who is helped is spoken of in this text (王大爷), "" where nobody is."""
        return self._slots.addressed(tidy(text[:LIMIT]))

    def kin(self, text: str) -> set[str]:
        """The relatives that are named, each by one name (妈, 老妈: 母亲)."""
        return self._slots.kin(self._plain(tidy(text[:LIMIT])))

    def for_whom(self, text: str) -> tuple[str, str]:
        """Whether a whole sentence tells whose matter it is: "another" (one more person), "instead" (not the one it was thought
        to be), "perhaps" (one of the two), else ""; and the words that tell for whom."""
        plain = self._plain(tidy(text[:LIMIT])).strip(",.!")
        if not any(sign in plain for sign in _FOR):
            return "", ""
        how = next((one for one in ("another", "instead", "perhaps") if self._p[f"for_{one}"].fullmatch(plain)), "")
        clause = next(
            (one for one in plain.split(",") if any(s in one for s in _FOR) and not one.startswith("不")), plain
        )
        return how, clause[min(at for at in map(clause.find, _FOR) if at >= 0) :]

    # --- heard anywhere -------------------------------------------------------------------------------------------

    def _anywhere(self, context: str, written: str, plain: str, region: str, about: str) -> Reading | None:
        if self._human.find(plain):
            return Reading("human", command="human")
        change = self._change(context, written, plain, about)
        if change:
            return change
        cue = self._commands.find(plain)
        return Reading("command", command=cue.command, argument=cue.argument) if cue else None

    def _change(self, context: str, written: str, plain: str, about: str) -> Reading | None:
        """“等级改成二级”, “不是低保了，写错了”, “电话填错了”."""
        strong = self._p["change"].search(plain)
        perhaps = self._p["perhaps_change"].match(plain) and not (
            context.startswith("yesno") and plain.startswith("不是")
        )
        if self._p["not_change"].search(plain) or not (strong or perhaps or self._p["instead"].search(plain)):
            return None
        if context in _OF_THE_CARD and not self._p["change_of_an_answer"].search(plain):
            return None
        facts = self._harvest.changed(self._lexicon.clauses(self._lexicon.cut(plain)), plain, about)
        name = self._harvest.change_name(plain)
        if facts:
            beside = self._harvest.facts(self._lexicon.clauses(self._lexicon.cut(plain)), plain, about) or {}
            facts = {fact: value for fact, value in beside.items() if isinstance(value, bool)} | facts
        facts |= self._named_values(written)
        argument = name or (next(iter(facts)) if len(facts) == 1 else "")
        if not argument and (cue := self._commands.find(plain)) and cue.command == "restart":
            return None  # “全部重填”
        asked = context.partition(":")[2]
        if argument and argument == asked and not context.startswith("yesno") and not re.search(r"错|不对", plain):
            return None  # “从三级改成二级了”, when the level is asked
        instead = not strong and self._instead(context, facts)
        if instead or (strong and argument in facts):
            return Reading("command", command="change", argument=argument, facts=facts)
        if not strong or not (argument or facts or not self._asks(plain) or self._p["how_to_change"].search(plain)):
            return None
        if not argument and not facts and re.search(r"(点|选|填|写|说|答|按|弄|搞|整)错", plain) and "改" not in plain:
            return None  # “刚才点错了” goes back
        return Reading("command", command="change", argument=argument, facts=facts)

    def _named_values(self, written: str) -> dict[str, Any]:
        """The new values of named lines that are no facts of the tables but written (names, numbers, places) or chosen from a
        list that only the form has, in the words said; several in one message. Where no “改成” stands between, only a number is
        plainly the value."""
        found: dict[str, Any] = {}
        name = ""
        for piece in re.split(r"[，,；;。]", written):
            name = self._harvest.change_name(self._plain(piece)) or name  # “电话错了，是139…”
            kind = self._slots.kind_of.get(name, "")
            to = _TO.split(piece)
            if kind in (*_WRITTEN, "chosen") and (len(to) > 1 or kind in _NUMBERS):
                value = self._slot_value(kind, to[-1], self._plain(to[-1])).value
                found |= {} if value is None else {name: value}
        return found

    def _told_field(self, asked: str, written: str, plain: str) -> Reading | None:
        """“电话139…” while another line is open: what is named and can only be that is kept where it belongs."""
        name = self._harvest.change_name(plain)
        kind = self._slots.kind_of.get(name, "")
        text = plain if kind == "place" else written  # a name or an address is kept as it was written
        label = self._harvest.label_in(text) if name != asked and kind in _WRITTEN and len(plain) < 60 else ""
        if not label:
            return None
        tail = re.sub(r"^[的是为：:，,\s]+", "", text.split(label, 1)[1])
        found = self._slot_value(kind, tail, self._plain(tail))
        if found.value is None:
            return None
        if kind == "place":  # a fact like others
            return Reading("answer" if asked == "" else "unsure", facts={name: found.value})
        return Reading("command", command="change", argument=name, facts={name: found.value})

    def _instead(self, context: str, facts: Mapping[str, Any]) -> bool:
        """Whether a correction without its word (“不是二级是三级”) brings values that are no answer to the open question."""
        values = {"card_level", "card_categories", "household_county", "residence_county", "age"} & facts.keys()
        asked = self._slots.kind_of.get(context.partition(":")[2], "")
        return bool(values) and asked not in ("level", "categories", "place", "age")

    # --- the open question ----------------------------------------------------------------------------------------

    def _in_context(
        self, context: str, written: str, plain: str, region: str, shown: tuple[Option, ...], about: str
    ) -> Reading:
        kind, _, fact = context.partition(":")
        straight = self._straight(plain, kind == "yesno")
        clauses = self._lexicon.clauses(self._lexicon.cut(straight), fact if kind in ("yesno", "choice") else "")
        text = straight if kind in ("yesno", "open") else plain
        answer = self._answer(kind, fact, written, text, clauses, region, shown, about)
        asks = self._asks(straight) or any(c.asks for c in clauses)
        if answer.kind == "answer" and not asks:
            return answer
        if fact == "actor_role" and asks and (stated := ",".join(c.text for c in clauses if not c.asks)):
            whose = self._answer(kind, fact, stated, stated, clauses, region, shown, about)
            if whose.kind == "answer" or whose.doubt == "family":  # “我爸上个月走了，残疾证咋注销”
                return whose
        nothing = not answer.facts and answer.doubt in ("elsewhere", "nothing", "length", "incomplete")
        if answer.kind != "answer" and nothing and not asks and (told := self._told_field(fact, written, plain)):
            return told
        question = straight if kind != "yesno" else self._straight(plain, False)
        hit = self._hit(question, region, asks)
        if answer.kind == "answer":
            if kind == "yesno" and hit and len(clauses) == 1 and answer.value != UNSURE:
                return _from_hit(hit, answer.facts)  # “证掉了要登报不” asks, and tells nothing outright
            return self._answered(answer, kind, plain, hit)
        echo = not any(c.has("new", "thing", "question") and not plain.endswith(("吗", "么")) for c in clauses)
        if (
            kind == "yesno"
            and asks
            and echo
            and len(plain) <= 6
            and not self._p["asks_what"].search(plain)
            and not ((hit and hit.alike >= _TOLD) or self._chat.find(plain))
        ):
            return Reading("unsure", facts=answer.facts, doubt="echo")
        return self._not_answered(answer, plain, region, asks, hit)

    def _answered(self, answer: Reading, kind: str, plain: str, hit: Hit | None) -> Reading:
        """An answer, perhaps with a question behind it. A choice or fact named inside a question is no answer."""
        if kind == "yesno" or answer.value == UNSURE:
            return replace(answer, answer=hit.entry.says, cites=_cites(hit)) if hit else answer
        if not self._asks(plain) or (kind in ("choice", "choices") and self._p["what_now"].search(plain)):
            return answer
        if kind == "slot" and answer.value is not None and "," in plain.strip(",.!?"):
            return answer
        if hit:
            return _from_hit(hit, answer.facts)
        if kind == "choice" and answer.facts and "," in plain:
            return answer  # “隔壁王大爷，有证，二级，我帮他问能领啥”
        return answer if kind == "open" and answer.facts else Reading("other", doubt="question", facts=answer.facts)

    def _not_answered(self, answer: Reading, plain: str, region: str, asks: bool, hit: Hit | None) -> Reading:
        chat = self._chat.find(plain)
        if asks and hit and not (chat and hit.alike < _TOLD):
            return _from_hit(hit, answer.facts)
        if chat:
            return Reading("chat", argument=chat.argument, facts=answer.facts)
        if hit:
            return _from_hit(hit, answer.facts)
        if asks and answer.doubt in ("", "elsewhere", "nothing"):
            return Reading("other", doubt="question", facts=answer.facts)
        return answer

    def _answer(
        self, kind: str, fact: str, written: str, plain: str, clauses: tuple[Clause, ...], region: str,
        shown: tuple[Option, ...], about: str,
    ) -> Reading:  # fmt: skip
        if kind == "yesno" or (kind == "choice" and not shown and fact in self._bool_facts):
            return self._yes_no(fact, plain, clauses, shown, about)
        if kind in ("choice", "choices"):
            return self._choice(kind, fact, plain, clauses, region, shown, about)
        if kind == "slot":
            return self._slot(fact, written, plain, clauses, region, shown, about)
        facts = self._harvest.facts(clauses, plain, about, anyone=about == "")
        if facts is None:
            return Reading("unsure", doubt="whose")
        return Reading("answer", facts=facts) if facts else Reading("other", doubt="nothing")

    def _yes_no(
        self, fact: str, plain: str, clauses: tuple[Clause, ...], shown: tuple[Option, ...], about: str
    ) -> Reading:
        if self._p["all_of_them"].fullmatch(plain.strip(",.!")):
            return Reading(
                "unsure", doubt="elsewhere"
            )  # “两个都要” chooses among things, and tells nothing of a person
        options = shown or _YES_NO
        places = self._picker.ordinals(plain.strip(",.!"), len(options))
        if places is not None and re.fullmatch(r"[^无没不]*", plain):
            return (
                Reading("answer", options[places[0]].value) if len(places) == 1 else Reading("unsure", doubt="number")
            )
        exact = [o.value for o in shown if self._label(o.label) == plain.strip(",.!")]
        if len(exact) == 1:
            return Reading("answer", exact[0])
        verdict = self._claims.answer(clauses, fact, about)
        if bool(shown) and shown[0].value is False and not self._claims.names(clauses, fact):
            verdict = replace(verdict, value=_turned(verdict.value))  # “退休了吗？” “没有”: the button for no says true
        bare = len(clauses) == 1 and clauses[0].has("pol") and clauses[0].roles <= BARE
        told = None if bare else self._harvest.facts(clauses, plain, about, card=fact == "holds_card")
        facts = (told or {}) | dict(verdict.facts)
        asked = facts.pop(fact, None)
        if verdict.value is None and verdict.doubt == "elsewhere" and asked and self._told_of_card(facts, plain):
            verdict = replace(verdict, value=True)  # “我的证掉在火车上了”: a card that is lost was one
        if verdict.value is None:
            return Reading("unsure", facts=facts, doubt=verdict.doubt)
        return Reading("answer", verdict.value, facts=facts)

    def _told_of_card(self, facts: Mapping[str, Any], plain: str) -> bool:
        return bool(HELD & facts.keys()) and not self._p["other_paper"].search(plain)

    def _choice(
        self, kind: str, fact: str, plain: str, clauses: tuple[Clause, ...], region: str, shown: tuple[Option, ...],
        about: str,
    ) -> Reading:  # fmt: skip
        many = kind == "choices"
        plain = self._p["now_only"].without(plain)
        if self._slots.kind_of.get(fact) == "level" and self._p["two_levels"].search(plain):
            return Reading("unsure", doubt="which_level")
        if any(c.has("unknown") for c in clauses) and not any(c.has("pred") for c in clauses):
            return Reading("answer", UNSURE)
        if doubt := self._not_outright(fact, clauses, about):
            return Reading("unsure", doubt=doubt)
        if many and fact in _STATES and len(clauses) > 1:
            plain = re.sub(r"^.*,(?=现在)", "", self._of_ours(clauses, about) or plain)
        found = self._chosen(many, fact, plain.strip(",.!"), region, shown)
        if (
            found.doubt == "which_option" and fact in self._stories
        ):  # “同意的，就在旁边”: a piece of two labels, and a story
            told = self._stories.read(fact, plain, region, shown)
            found = told if not many and told.value in found.likely else found
        if found.value is None and found.doubt == "elsewhere":
            found = self._told(fact, plain, region, shown, many)
            if many and found.value is not None and not isinstance(found.value, list):
                found = replace(found, value=[found.value])
        if fact == "actor_role" and found.doubt == "elsewhere" and self._slots.addressed(plain):
            found = Found("agent")  # “王大爷”, “隔壁王婆婆想问”
        if fact == "actor_role" and found.value == "deceased" and self._of_the_living(plain):
            found = Found(doubt="family")
        if many and fact in _NEVER_ALL and self._p["all_of_them"].fullmatch(plain.strip(",.!")):
            found = Found(doubt="which_option")
        short = len(plain) < (_WITH_ITS_KIND if fact == "card_level" else 9)
        alone = found.value is not None and len(clauses) < 2 and short and not any(c.has("pred") for c in clauses)
        anyone = about == "" and fact in ("actor_role", "relation")  # nobody has been named yet
        facts = {} if alone else self._harvest.facts(clauses, plain, about, anyone=anyone) or {}
        if fact == "items":  # “培训不要” is about the choice, not about the person
            facts = {name: value for name, value in facts.items() if not isinstance(value, bool)}
        return _reading(found, facts)

    def _chosen(self, many: bool, fact: str, plain: str, region: str, shown: tuple[Option, ...]) -> Found:
        """What is picked on the screen. Of several, some may be told in one's own words (“高龄津贴” for 老年人的补贴)."""
        if not shown:
            return Found(doubt="elsewhere")
        if self._slots.kind_of.get(fact) == "relation" and self._slots.kin_turned(fact, plain):
            return Found(doubt="elsewhere")
        if not many:
            return self._picker.one(plain, shown)
        services = any(str(o.value).startswith("card.") for o in shown)
        tables = [fact, "card_service_type"] if services else [fact]
        words = [told for table in tables if (told := self._stories.words_of(table, region, shown))]
        found = self._picker.many(
            plain, shown, (lambda piece: [v for told in words for v in told(piece)]) if words else None
        )
        return replace(found, value=self._stories.apart(fact, found.value)) if found.value else found

    def _not_outright(self, fact: str, clauses: tuple[Clause, ...], about: str) -> str:
        """Why nothing that is chosen here counts: supposed, hedged, of old, under way or about somebody else; "" when it does."""
        if any(c.has("hedge", "if") for c in (clauses[:1] if fact == "actor_role" else clauses)):
            return "hedged"  # “我娃八岁，医生说是自闭症”: whose it is, is not in doubt
        if self._slots.kind_of.get(fact) == "level" and self._slots.other_level(clauses[0].text if clauses else ""):
            return "which_level"
        if self._slots.kind_of.get(fact) == "level" and any(self._p["which_level"].search(c.text) for c in clauses):
            return "which_level"
        if self._slots.kind_of.get(fact) in ("level", "categories"):
            return "hedged" if any(c.has("hedge_end") for c in clauses) else ""
        if not self._stories.stated(fact):
            return ""
        last = clauses[-1] if clauses else None
        if last and last.has("stale", "pending") and not last.has("now"):
            return "stale"
        return "someone_else" if self._claims.about_others(clauses, about) else ""

    def _several(self, fact: str, plain: str, region: str) -> Found:
        """Several answers told without a screen; [] for none of them."""
        told = self._stories.words_of(fact, region, ())
        only = self._p["only"].match(plain)
        if self._p["none"].search(plain) and not only:
            return Found([])
        text = next(filter(None, only.groups())) if only else plain
        said = [v for piece in self._p["between"].split(text) if piece and told for v in told(piece)]
        if not (values := [v for v in dict.fromkeys(said) if v not in (NONE, "settled")]):
            return Found([]) if said and "settled" not in said else Found(doubt="elsewhere")
        return Found(self._stories.apart(fact, values))

    def _told(self, fact: str, plain: str, region: str, shown: tuple[Option, ...], many: bool = False) -> Found:
        """A choice in words that are on no button."""
        part = self._harvest.part_about(fact, plain) if fact.startswith("household") else plain
        if part != plain and (found := self._told(fact, part, region, shown, many)).value is not None:
            return found  # “在城里住，户口还是农村的”
        if fact in self._stories:
            if many and not shown:
                return self._several(fact, plain, region)
            found = self._stories.read(fact, plain, region, shown)
            kin = self._slots.kin(plain) if fact == "actor_role" and found.doubt == "elsewhere" else set()
            if kin:
                return Found(doubt="family", likely=tuple(sorted(kin)))
            if found.doubt != "elsewhere" or fact not in self._slots.kind_of:
                return found
        kind = self._slots.kind_of.get(fact, "")
        if kind == "relation" and shown:
            return self._kin_option(self._slots.kin_group(fact, plain), shown)
        if kind in ("place", "level", "categories", "relation", "number"):
            found = self._slot_value(kind, plain, plain.removeprefix("我") if kind == "relation" else plain)
            values = [option.value for option in shown]
            listed = found.value if isinstance(found.value, list) else [found.value]
            if shown and found.value is not None and kind != "place" and not all(v in values for v in listed):
                return Found(doubt="not_offered")
            return found
        return Found(doubt="elsewhere")

    def _kin_option(self, kin: str, shown: tuple[Option, ...]) -> Found:
        """The button of this group of relatives; “其他…” for one who has none."""
        held = [o.value for o in shown if o.value == kin] or [o.value for o in shown if o.label.startswith("其他")]
        return Found(held[0]) if kin and len(held) == 1 else Found(doubt="which_relation" if kin else "elsewhere")

    def _of_the_living(self, plain: str) -> bool:
        """“我弟弟智障，爸妈都不在了”: somebody has died, and somebody else is meant. Who cancels a card says so."""
        kin = [piece for piece in _AFTER.split(plain) if self._slots.kin(piece) or _CHILD.search(piece)]
        living = [piece for piece in kin if self._stories.read("actor_role", piece, "", ()).value != "deceased"]
        return "销" not in plain and bool(living)

    def _slot(
        self, field: str, written: str, plain: str, clauses: tuple[Clause, ...], region: str,
        shown: tuple[Option, ...], about: str,
    ) -> Reading:  # fmt: skip
        kind = self._slots.kind_of.get(field, "")
        if kind in ("level", "categories", "place", "age"):
            plain = self._p["now_only"].without(plain)
        if shown:
            chosen = plain.strip(",.!")
            found = self._picker.one(chosen, shown)
            whole = kind != "level" or len(plain) < _WITH_ITS_KIND
            if found.value is not None and whole and (kind != "place" or self._pointed_at(chosen, shown)):
                return Reading("answer", found.value)
        only_unknown = any(c.has("unknown") for c in clauses) and not re.search(r"\d", plain)
        if only_unknown:
            return Reading("answer", UNSURE)
        if kind == "level" and self._p["which_level"].search(plain):
            return Reading("unsure", doubt="elsewhere")
        if any(c.has("hedge") for c in clauses) and kind not in ("name", "address", "place"):
            return Reading("unsure", doubt="hedged")
        if kind in ("level", "categories") and any(c.has("hedge_end") for c in clauses):
            return Reading("unsure", doubt="hedged")
        if kind == "place" and self._places.find(part := self._harvest.part_about(field, plain)).codes:
            plain = part
        if (
            shown
            and field in self._stories
            and (same := self._stories.read(field, plain, region, shown)).value is not None
        ):
            return _reading(same, {})
        if kind in ("level", "categories", "age") and len(clauses) > 1:
            plain = self._of_ours(clauses, about) or plain
        found = self._slot_value(kind, written, plain)
        by_chance = found.doubt != "which_county" and any(c.has("pol", "pred", "topic", "verb") for c in clauses)
        if kind == "place" and found.likely and by_chance:
            found = Found(doubt="elsewhere")  # what is like a place by chance
        more = len(clauses) > 1 or (kind == "level" and len(plain) >= _WITH_ITS_KIND)
        told = kind in _TOLD_BESIDE and (more if found.value is not None else not found.likely)
        facts = self._harvest.facts(clauses, plain, about) or {} if told else {}
        return _reading(
            found, facts if found.value is None else {name: v for name, v in facts.items() if name != field}
        )

    def _of_ours(self, clauses: tuple[Clause, ...], about: str) -> str:
        """What is not of old and not about somebody else (“我姐是一级，我是二级”); "" where nothing is to be left out."""
        kept = [c for c in clauses if not c.has("stale") and not self._claims.about_others((c,), about)]
        return ",".join(c.text for c in kept) if len(kept) < len(clauses) else ""

    def _pointed_at(self, chosen: str, shown: tuple[Option, ...]) -> bool:
        """Whether an option itself was named: “达州的” is all of 达州, though one county of it alone is shown."""
        labels = {self._label(option.label) for option in shown}
        return chosen in labels or self._picker.ordinals(chosen, len(shown)) is not None

    def _slot_value(self, kind: str, written: str, plain: str) -> Found:
        simple = {
            "id_number": id_number,
            "phone": phone,
            "postcode": postcode,
            "bank": bank_number,
            "card_number": card_number,
        }
        if kind in simple:
            return simple[kind](plain)
        if kind == "place":
            return self._place(plain)
        if kind == "level":
            return self._slots.level(plain, alone=True)
        if kind == "age":
            return Found(doubt="about") if self._p["about_so_old"].search(plain) else age(plain)
        own = {
            "categories": self._slots.categories,
            "relation": self._slots.relation,
            "date": self._slots.day,
            "number": number,
        }
        if kind in own:
            return own[kind](plain)
        if kind == "address":
            return self._slots.address(written)
        if kind == "name":
            return self._slots.person_name(written)
        if kind == "called":
            beside = self._asks(plain) or self._chat.find(plain)
            return Found(doubt="elsewhere") if beside else self._slots.called(written)
        return Found(doubt="question") if self._asks(plain) else Found(written)

    def _place(self, plain: str) -> Found:
        where = self._places.find(plain)
        if len(where.codes) == 1:
            return Found(where.codes[0])
        denied = re.search(r"不是|不在", plain)
        if where.codes:
            return Found(doubt="which_place" if denied else "which_county", likely=where.codes)
        likely = () if denied else self._places.likely(plain)
        return Found(doubt="which_place" if likely else "elsewhere", likely=likely)

    # --- the person's own questions ---------------------------------------------------------------------------------

    def _asks(self, plain: str) -> bool:
        """A question by its words; “啥都不要” is none."""
        return bool(self._p["asks"].search(self._p["whatever"].without(plain)))

    def _hit(self, plain: str, region: str, asks: bool) -> Hit | None:
        """The entry that answers; a text that does not ask is answered only when it is worded like a question we know."""
        index = self._faq.of(region)
        if asks and index and (plainly := self._aspects.find(plain, index, first=True)):
            return Hit(plainly, 1.0, 1.0, True)
        hit = index.best(plain) if index else None
        if index is None or hit is None:
            return None
        if not asks:
            return hit if hit.alike >= _TOLD and len(plain) >= 4 else None
        if hit.score < _SURE and self._p["foreign"].search(plain):
            return None
        if hit.score >= _NEAR and (hit.matter or hit.alike >= _TOLD):
            return hit
        entry = self._aspects.find(plain, index)
        if entry is not None:
            return Hit(entry, _NEAR, _NEAR, True)
        clear = hit.score >= _ASKED or (hit.score >= _CLEAR and hit.lead >= _LEAD)
        return hit if clear and hit.matter else None


class _Indexes(dict[str, Faq]):
    """The index of each region, built when its first question comes: a desk of one county never needs the others'."""

    def __init__(self, texts: Mapping[str, str], alike: Mapping[str, list[str]], fillers: Pattern) -> None:
        super().__init__()
        self._entries = {region: read_entries(text) for region, text in texts.items()}
        self._ways = wordings(self._entries.values())
        self._alike, self._fillers = alike, fillers

    def of(self, region: str) -> Faq | None:
        """None for a region without questions."""
        if region not in self and region in self._entries:
            self[region] = Faq(self._entries[region], self._alike, self._fillers, self._ways)
        return self.get(region)


def _any(words: Iterable[str], plain: str) -> bool:
    return any(word in plain for word in words)


def _turned(value: Any) -> Any:
    return not value if isinstance(value, bool) else value


def _cites(hit: Hit) -> tuple[Cite, ...]:
    return tuple(Cite(cite.document, cite.clause) for cite in hit.entry.cites)


def _from_hit(hit: Hit, facts: Mapping[str, Any]) -> Reading:
    return Reading("faq", answer=hit.entry.says, cites=_cites(hit), argument=hit.entry.id, facts=facts)


def _reading(found: Found, facts: Mapping[str, Any]) -> Reading:
    if found.value is None:
        return Reading("unsure", value=list(found.likely) or None, facts=facts, doubt=found.doubt)
    return Reading("answer", found.value, facts=facts, doubt=found.doubt)


def load_reader(dictionary: str, tables: Mapping[str, str], faq: Mapping[str, str], places: Sequence[Place]) -> Reader:
    """The reader from its texts: the domain dictionary, the YAML tables by name, the FAQ by region, and the counties.

    Once per process (about a second of CPU). Raises pydantic's ValidationError when a table does not fit its shape."""
    return Reader(dictionary, tables, faq, places)


def understand_lines(reader: Reader, lines: Iterable[str]) -> Iterator[str]:
    """`yijianshi understand`: a JSON line in, a JSON line out, in order. A bad line gives {"id", "error"}."""
    for line in lines:
        if line.strip():
            yield json.dumps(_line(reader, line), ensure_ascii=False)


def _line(reader: Reader, line: str) -> dict[str, Any]:
    asked: Any = None
    try:
        asked = json.loads(line)
        context, text, region = asked["context"], asked["text"], asked.get("region") or ""
        if not all(isinstance(part, str) for part in (context, text, region)):
            raise TypeError("context, text and region are strings")
        if not re.fullmatch(r"open|(?:yesno|choices?|slot):[\w.]+", context):
            raise ValueError("unknown context")
    except (ValueError, KeyError, TypeError) as error:
        return {"id": asked.get("id") if isinstance(asked, dict) else None, "error": f"{type(error).__name__}: {error}"}
    return {"id": asked.get("id")} | _as_line(reader.read(context, text, region))


def _as_line(reading: Reading) -> dict[str, Any]:
    kind = reading.kind
    if kind == "other":
        kind = "faq" if reading.doubt == "question" else "unsure"
    out: dict[str, Any] = {"kind": kind}
    if reading.value is not None and kind == "answer":
        out["value"] = reading.value
    names = ("facts", "command", "answer")
    out |= {name: dict(v) if name == "facts" else v for name in names if (v := getattr(reading, name))}
    if reading.argument and kind == "command":
        out["argument"] = reading.argument
    if reading.cites:
        out["cites"] = [asdict(cite) for cite in reading.cites]
    return out
