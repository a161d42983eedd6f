"""What understanding gives back for one text: the `Reading`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dialogs.messages import Cite

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
