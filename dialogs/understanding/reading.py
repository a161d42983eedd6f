"""What understanding gives back for one text: the `Reading`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from dialogs.messages import Cite, Option

Kind = Literal["answer", "unsure", "command", "faq", "human", "distress", "chat", "refused", "other"]


@dataclass(frozen=True, slots=True)
class Reading:
    """`kind`: answer (`value` to the question, `facts` said beside it), unsure (not understood well enough: ask again with
    buttons; `value` may hold the candidates), command, faq, human, distress, chat, refused, other (`doubt` "question": a
    question that no entry answers). `argument`: what a change is about, or which small talk. `answer`, `cites`: the FAQ's;
    an answer may carry them too when it came with a question. `doubt`: a short code, why unsure or which distress."""

    kind: Kind
    value: Any = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    argument: str = ""
    answer: str = ""
    cites: tuple[Cite, ...] = ()
    doubt: str = ""


class Understands(Protocol):
    """What the talk asks of a reader, whatever it is made of: the rules of this room, or another one laid in their place by
    the operator. It is a pure function of its arguments, and nothing of the text leaves the machine."""

    def read(
        self, context: str, text: str, region: str = "", shown: Sequence[Option] = (), about: str = ""
    ) -> Reading: ...
