"""The shape of the tables that understanding reads: which words carry yes and no, facts, choices, commands, distress.

The tables are data (YAML beside this file, read by the caller and passed in as text); their examples are tests. A table
that does not fit its shape is refused when the reader is loaded, never in the middle of a talk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from dialogs.understanding.sieve import Patterns


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Normal(_Table):
    """`same`: the word as it should be -> how it is mistyped or misheard. `signs`: a word -> the emoji that mean it."""

    same: dict[str, list[str]] = {}
    signs: dict[str, list[str]] = {}
    answers: list[str] = []  # behind which a blank is a comma
    alike: dict[str, list[str]] = {}  # words that ask the same thing: only for finding an answer in the FAQ
    labels: dict[str, list[str]]  # a word on a button -> what people say for it
    examples: dict[str, str] = {}


class Family(_Table):
    """One kind of verb: what affirms, what denies, which verbs need 没 or an ending, which assert with a topic behind."""

    affirm: list[str] = []
    deny: list[str] = []
    verbs: list[str] = []
    assert_verbs: list[str] = []


class YesNo(_Table):
    """Small words by their role in a clause. `solo` words count only when the clause says nothing else."""

    families: dict[str, Family]
    solo: list[str]
    solo_yes: list[str]
    not_: list[str] = Field(alias="not")
    unknown: list[str]
    hedge: list[str]
    hedge_end: list[str]
    stale: list[str]
    then: list[str]
    now: list[str]
    if_: list[str] = Field(alias="if")
    pending: list[str]
    self_: list[str] = Field(alias="self")
    us: list[str]
    third: list[str]
    not_me: list[str]
    either_or: list[str]
    question: list[str]
    boundary: list[str]
    particle: list[str]
    fill: list[str]
    examples: list[tuple[str, Any]] = []


class Topic(_Table):
    """A fact as people speak of it. `like`: groups whose patterns it has, too. `holds`: naming it says yes. `affirm`,
    `deny`: whole sayings. `bare`: words that mean yes or no to this fact alone. `tells_yes`, `tells_no`, `vague`: patterns
    of a clause that tell it when it is asked (`vague`: asked again); what matches `tells_no` is taken out before
    `tells_yes` is looked for. `unasked_yes`, `unasked_no`: patterns plain enough to tell it without the question. `past`:
    what was once still counts; `anyone`: it is about somebody else than the person who is helped. `alias`: the facts
    really set. `strict`: only a clean answer counts (sending). `whole_yes`, `whole_no`: patterns of the whole text, clauses
    parted by commas, that settle it whatever its parts would tell (“丢过一回，后来补了”); people named inside them are
    part of what is told."""

    like: list[str] = []
    nouns: list[str] = []
    holds: list[str] = []
    affirm: list[str] = []
    deny: list[str] = []
    families: list[str] = []
    bare: Family = Family()
    tells_yes: list[str] = []
    tells_no: list[str] = []
    vague: list[str] = []
    whole_yes: list[str] = []
    whole_no: list[str] = []
    past: bool = False
    unasked_yes: list[str] = []
    unasked_no: list[str] = []
    anyone: bool = False
    alias: dict[str, Any] = {}
    strict: bool = False
    examples: list[list[Any]] = []


class Group(_Table):
    """What people say of any fact of one kind: of a benefit that comes, of something that may have changed."""

    tells_yes: list[str] = []
    tells_no: list[str] = []
    vague: list[str] = []
    whole_yes: list[str] = []
    whole_no: list[str] = []


class Topics(_Table):
    groups: dict[str, Group]
    topics: dict[str, Topic]
    default_families: list[str]
    things: list[str]

    def told(self) -> dict[str, Topic]:
        """The topics, each with the patterns of its groups behind its own."""
        return {name: self._with_groups(topic) for name, topic in self.topics.items()}

    def _with_groups(self, topic: Topic) -> Topic:
        says = {
            key: getattr(topic, key) + [say for name in topic.like for say in getattr(self.groups[name], key)]
            for key in Group.model_fields
        }
        return topic.model_copy(update=says)


class Category(_Table):
    """`sure`: the office's words. `lay`: how people say it."""

    sure: list[str]
    lay: list[str]


class Called(_Table):
    """How people are spoken of: `titles` after a surname, `before` one, and `own` relatives who have no other word here;
    `no_name`: words that stand in no name."""

    no_name: list[str]
    titles: list[str]
    before: list[str]
    no_surname: str
    own: list[str]


class Slots(_Table):
    categories: dict[str, Category]
    category_unclear: list[str]
    level_words: dict[str, list[int]]
    not_levels: list[str]
    relations: dict[str, list[str]]
    groups: list[list[str]]
    kin_options: dict[str, list[str]] = {}
    kin_turned: dict[str, str] = {}
    fields: dict[str, list[str]]
    change_names: dict[str, list[str]]
    household_cues: list[str]
    residence_cues: list[str]
    surnames: str
    double_surnames: list[str]
    called: Called
    former_places: dict[str, str] = {}
    examples: list[tuple[str, str, Any]] = []


class Story(_Table):
    """A choice told in one's own words: patterns by value. `first`: values that win over the others; `last`: those that count
    only alone. `regions`: values renamed by a region ("?": there are several of it). `codes`: values by the beginning of a
    county's code, "" for any other county.
    `holds`: values that another one says too, and that then are not told apart from it.
    `stated`: it says how things stand, so what is of old, under way or about somebody else is asked again."""

    values: dict[str, list[str]]
    stated: bool = False
    first: list[str] = []
    last: list[str] = []
    holds: dict[str, list[str]] = {}
    codes: dict[str, str] = {}
    regions: dict[str, dict[str, str]] = {}
    examples: list[tuple[str, Any]] = []


class Cue(_Table):
    """Something said at any moment: `say` are patterns on the plain text, `not` words that make it something else.
    `but_at`: facts that it answers where they are asked."""

    say: list[str]
    not_: list[str] = Field(default=[], alias="not")
    but_at: list[str] = []
    command: str = ""
    argument: str = ""
    doubt: str = ""
    examples: list[str]


class Turned(_Table):
    """A roundabout form (`from`, a pattern) and what it says straight (`to`). `asked`: only where a yes or no is open."""

    from_: str = Field(alias="from")
    to: str
    asked: bool = False
    examples: dict[str, str]


class Aspect(_Table):
    """What is asked about what: `all` patterns stand in the question, none of the words of `not`. `entries`: FAQ ids, the
    first that a region has. `first`: tried before the FAQ. Examples: question, region, id."""

    all: list[str]
    not_: list[str] = Field(default=[], alias="not")
    entries: list[str]
    first: bool = False
    examples: list[tuple[str, str, str]] = []


class PackQuestion(_Table):
    """What is asked about an item that the pack itself answers (`about`: limit, papers, way, who decides, who can)."""

    about: Literal["limit", "papers", "way", "who", "can"]
    say: list[str]
    not_: list[str] = Field(default=[], alias="not")
    examples: list[str]


class CiteLine(_Table):
    document: str
    clause: str


class Entry(_Table):
    """One question people ask. `ask`: ways of asking; `says`: the answer in plain words; `cites`: where the document says it.
    `unsaid`: the document is silent and the answer says so."""

    id: str
    ask: list[str] = Field(min_length=2)
    says: str
    cites: list[CiteLine] = []
    unsaid: bool = False


class Tables(_Table):
    normal: Normal
    yesno: YesNo
    topics: Topics
    slots: Slots
    choices: dict[str, Story]
    commands: list[Cue]
    human: list[Cue]
    distress: list[Cue]
    chat: list[Cue]
    hostile: list[Cue]
    aspects: list[Aspect]
    pack_questions: list[PackQuestion]
    straight: list[Turned]
    patterns: dict[str, list[str]]

    def compiled(self) -> Patterns:
        """The patterns by name. Raises re.error where an alternative is none."""
        return Patterns(self.patterns)


def read_yaml(text: str) -> Any:
    """The data of one YAML text; the C parser where libyaml is there (ten times faster at start-up)."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def read_tables(texts: Mapping[str, str]) -> Tables:
    """The tables from their YAML texts by name (normal, yesno, topics, ...). Raises ValidationError naming what is wrong."""
    return Tables.model_validate({name: read_yaml(text) for name, text in texts.items() if name in Tables.model_fields})


def read_entries(text: str) -> list[Entry]:
    """The entries of one region's FAQ."""
    return TypeAdapter(list[Entry]).validate_python(read_yaml(text) or [])
