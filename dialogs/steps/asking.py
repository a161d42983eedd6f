"""How a question is put together from its words: shared by the steps, so that every one looks and reads alike."""

from __future__ import annotations

from typing import Any

from dialogs.messages import Ask, Explained, InputKind, Option
from dialogs.view import Query, Said, View

# The phases in the order a person goes through them; "3 / 7" on the screen counts these, not questions.
_COUNTED = ("who", "where", "screening", "offer", "form", "photos", "review", "signing")


def put(
    view: View,
    query: Query,
    title: str,
    text: str,
    input: InputKind,
    options: tuple[Option, ...] = (),
    hint: str = "",
    rules: str = "",
    explained: tuple[Explained, ...] = (),
) -> Ask:
    """The question `query` with these words. What a word means, how far one is and whose page it is are added here."""
    phase = query.state.split("/")[0]
    at = _COUNTED.index(phase) + 1 if phase in _COUNTED else 0
    labels = [option.label + option.hint for option in options]
    own = {word.word for word in explained}
    also = tuple(word for word in view.words.explain(text, hint, *labels) if word.word not in own)
    return Ask(
        question=query.key,
        state=query.state,
        title=title,
        text=text,
        input=input,
        options=options,
        explained=(*explained, *also),
        hint=hint,
        said=view.value(query.key) if view.session.talk.changing else None,
        about=view.about,
        at=at,
        of=len(_COUNTED) if at else 0,
        rules=rules,
        can_go_back=len(view.path) > 1 and phase not in ("progress", "rating", "consent"),
    )


def choice(view: View, query: Query, words_key: str, input: InputKind = "choice", **values: Any) -> Ask:
    """A question whose words and options stand in the wording under `words_key`."""
    words = view.words.questions[words_key]
    values = {"who": view.who, **values}
    options = view.words.options(words_key, **values)
    return put(
        view,
        query,
        words.title.format(**values),
        words.text.format(**values),
        input,
        options,
        words.hint.format(**values),
    )


def said(view: View, query: Query) -> Said:
    """An answer to one of the desk's own questions in words: the label of the option that was chosen."""
    value, options = view.value(query.key), view.asking(query).ask.options
    words = next((option.label for option in options if option.value == value), str(value))
    return Said(view.words.name("labels", query.key.split(":")[0]), words)
