"""Everything the desk says by itself, as data: `talk.yaml` and its like, loaded here and filled in.

What the policy says stands in `dialogs/policy`; here are only the desk's own words. A sentence has at most 25
characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from dialogs.messages import Explained, Option


class Choice(BaseModel):
    """One option of a question, as written in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: Any
    label: str
    hint: str = ""


class QuestionWords(BaseModel):
    """The words of one of the desk's own questions."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    text: str
    hint: str = ""
    options: tuple[Choice, ...] = ()


class Wording(BaseModel):
    """`says`: sentences by key; `questions`: the desk's own questions; `states`, `cases`, `ways`, `verdicts`...:
    names of
    states and words; `explained`: what hard words mean; `lists`: options that several places share."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    says: dict[str, str]
    questions: dict[str, QuestionWords]
    names: dict[str, dict[str, str]]
    explained: dict[str, str]
    lists: dict[str, tuple[str, ...]]

    def say(self, key: str, **values: Any) -> str:
        """The sentence `key`, filled in. KeyError names a sentence or a value that is missing."""
        return self.says[key].format(**values)

    def name(self, kind: str, key: str) -> str:
        """The plain name of a state, a case state, a way, ...; the key itself where none is written."""
        return self.names.get(kind, {}).get(key, key)

    def options(self, key: str, **values: Any) -> tuple[Option, ...]:
        return tuple(
            Option(o.value, o.label.format(**values), o.hint.format(**values)) for o in self.questions[key].options
        )

    def explain(self, *texts: str) -> tuple[Explained, ...]:
        """The explanations of the hard words that stand in these texts."""
        joined = "\n".join(texts)
        return tuple(Explained(word, says) for word, says in self.explained.items() if word in joined)


def load_wording(texts: Mapping[str, str]) -> Wording:
    """Wording from the texts of the YAML files (name -> text), merged; the same key twice is an error."""
    merged: dict[str, dict[str, Any]] = {}
    for name, text in texts.items():
        for section, entries in (yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}).items():
            target = merged.setdefault(section, {})
            twice = target.keys() & entries.keys()
            if twice:
                raise ValueError(f"{name}: {section} has {sorted(twice)} a second time; keep one of them")
            target.update(entries)
    return Wording.model_validate(merged)
