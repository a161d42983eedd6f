"""Scores the reader on the corpus: right readings by class, inverted answers, confident wrong readings, confusions.

`seen/` is looked at while rules are written; of `scored/` only the figures are printed (`--lines` shows the seen half's misses).
A line is *inverted* when a yes is read as a no or the other way round, and *confidently wrong* when something other than
*unsure* was taken for an answer or a command that the person did not give.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

import yaml

from dialogs.messages import Option
from dialogs.understanding import Place, Reader, Reading, load_reader

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "dialogs" / "understanding"
HALVES = ("seen", "scored")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the corpus with what it should be read as."""

    context: str
    text: str
    kind: str
    value: Any
    facts: dict[str, Any]
    command: str = ""
    argument: str = ""
    region: str = ""
    about: str = ""
    cites: tuple[str, ...] = ()
    shown: tuple[Option, ...] = ()


@dataclass(slots=True)
class Score:
    """What came of one half."""

    total: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    inverted: list[Line] = field(default_factory=list)
    confident: list[tuple[Line, Reading]] = field(default_factory=list)
    missed: list[tuple[Line, Reading]] = field(default_factory=list)

    def share(self, name: str = "") -> float:
        total = self.total[name] if name else sum(self.total.values())
        return (self.right[name] if name else sum(self.right.values())) / total if total else 1.0


def places() -> list[Place]:
    rows = (HERE / "places.txt").read_text("utf-8").splitlines()
    return [Place(*row.split()) for row in rows if row and not row.startswith("#")]


def reader() -> Reader:
    tables = {path.stem: path.read_text("utf-8") for path in PACKAGE.glob("*.yaml")}
    faq = {path.stem: path.read_text("utf-8") for path in (PACKAGE / "faq").glob("*.yaml")}
    return load_reader((PACKAGE / "dictionary.txt").read_text("utf-8"), tables, faq, places())


def lines(half: str) -> Iterator[Line]:
    """The corpus of one half. A plain value is an answer, "?" is unsure, a mapping says all that matters.

    `cites` are the clauses that answer a question: any one of them is right, an answer with none of them is wrong.
    """
    for path in sorted((HERE / half).glob("*.yaml")):
        for group in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader):
            common = {name: group[name] for name in ("context", "region", "about") if name in group}
            shown = tuple(Option(value, label) for value, label in group.get("shown", ()))
            for text, want in group["lines"].items():
                yield Line(**common, text=str(text), shown=shown, **_want(want))


def _want(want: Any) -> dict[str, Any]:
    if isinstance(want, dict):
        return {
            "kind": want.get("kind", "answer"), "value": want.get("value"), "facts": want.get("facts", {}),
            "command": want.get("command", ""), "argument": want.get("argument", ""),
            "cites": tuple(normalize("NFKC", clause) for clause in want.get("cites", ())),
        }  # fmt: skip
    return {"kind": "unsure" if want == "?" else "answer", "value": None if want == "?" else want, "facts": {}}


def is_right(line: Line, got: Reading) -> bool:
    if line.kind != got.kind:
        if line.kind == "answer" and line.value is None and got.kind == "unsure" and not got.value:
            return _has_facts(line, got)  # no answer to what was asked, but facts
        return {line.kind, got.kind} == {"other", "unsure"} and got.doubt != "question"
    if line.kind == "answer" and not (line.value is None and line.facts) and _differs(line.value, got.value):
        return False
    if line.cites and not {normalize("NFKC", cite.clause) for cite in got.cites} & set(line.cites):
        return False
    return _has_facts(line, got) and got.command in (line.command, "human") and line.argument in ("", got.argument)


def _has_facts(line: Line, got: Reading) -> bool:
    return all(name in got.facts and not _differs(value, got.facts[name]) for name, value in line.facts.items())


def _differs(want: Any, got: Any) -> bool:
    return type(want) is not type(got) or bool(want != got)


def class_of(line: Line) -> str:
    if line.kind in ("answer", "unsure"):
        return line.context.split(":")[0] + (" unsure" if line.kind == "unsure" else "")
    return line.kind


def score(read: Reader, half: str) -> Score:
    out = Score()
    for line in lines(half):
        got = read.read(line.context, line.text, line.region, line.shown, line.about)
        out.total[class_of(line)] += 1
        if is_right(line, got):
            out.right[class_of(line)] += 1
            continue
        out.missed.append((line, got))
        out.confusions[(class_of(line), got.kind)] += 1
        if {line.value, got.value} == {True, False} if isinstance(line.value, bool) else False:
            out.inverted.append(line)
        if got.kind in ("answer", "command", "faq") and not _harmless(line, got):
            out.confident.append((line, got))
    return out


def _harmless(line: Line, got: Reading) -> bool:
    """Right as far as it goes: the answer is right and a fact beside it was not taken."""
    return got.kind == line.kind == "answer" and not _differs(line.value, got.value) and not _wrong_fact(line, got)


def _wrong_fact(line: Line, got: Reading) -> bool:
    return any(name in got.facts and _differs(value, got.facts[name]) for name, value in line.facts.items())


def report(half: str, result: Score) -> str:
    rows = [f"{half}: {sum(result.right.values())} of {sum(result.total.values())} right ({result.share():.1%}), "
            f"{len(result.inverted)} inverted, {len(result.confident)} confident and wrong"]  # fmt: skip
    rows += [
        f"  {name:18} {result.right[name]:4}/{total:<4} {result.share(name):.1%}"
        for name, total in sorted(result.total.items())
    ]
    rows += [f"  {want} read as {got}: {n}" for (want, got), n in result.confusions.most_common()]
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    read = reader()
    for half in HALVES:
        result = score(read, half)
        print(report(half, result))
        if half == "seen" or "--all-lines" in arguments:
            for line, got in result.missed if arguments else ():
                want = (line.kind, line.value, line.facts, line.command, line.argument)
                print(f"    {line.context} | {line.text} | want {want} | got {got}")


if __name__ == "__main__":
    main(sys.argv[1:])
