"""The console's own words, from words.yaml: why somebody needs help, who talks, names of things in lists and forms."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict


class Words(BaseModel):
    """Sentences with {places} to fill, by key; `directory` names the fields of the form, `kinds` the kinds of places."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    why: dict[str, str]
    by: dict[str, str]
    channels: dict[str, str]
    needs: dict[str, str]
    needs_of: dict[str, str]
    called: dict[str, str]
    problems: dict[str, str]
    reasons: dict[str, str]
    verbs: dict[str, str]
    things: dict[str, str]
    searched: dict[str, str]
    form: str
    by_command: str
    directory: dict[str, str]
    kinds: dict[str, str]
    roles: dict[str, str]
    unnamed: str
    unanswered: str
    unplaced: str
    signature: str
    marks: dict[str, str]
    return_reasons: dict[str, str]
    look_at: dict[str, str]
    read: dict[str, str]


@cache
def words() -> Words:
    return Words.model_validate(yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8")))
