"""The states of a case and every verb that leads from one to another: this table is the only place that says so.

A verb that does not stand in the table for the state a case is in raises `IllegalMove`, which names both. What a verb does
besides (clock, supplement, words to the person) is in `service`; who may see which county's cases is the console's business.

    drafted ─submit─► submitted ─accept─► accepted ─assess─► assessing ─assessed─► accepted
                         │                   ├─publicise─► publicised          (from assessing too)
                         └────dispatch───► dispatched ─accept─► accepted
    accepted, publicised ─approve─► approved ─deliver─► delivered ─close─► closed
    whatever is open ─return─► returned ─supply─► where it was;  ─reject─► rejected ─close─► closed;  ─withdraw─► withdrawn
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict

from backend.web import Problem
from dialogs.messages import CaseState

Verb = Literal[
    "submit",
    "accept",
    "assess",  # sent to, or waiting for, the assessment
    "assessed",  # its result is there: for minors the clock starts on that day
    "publicise",
    "dispatch",
    "return",
    "supply",
    "approve",
    "reject",
    "deliver",
    "close",
    "withdraw",
    "end",  # the document ends the whole with the refusal of what comes first
]
By = Literal["person", "staff", "department", "system"]
ClockStart = Literal["acceptance", "publicity", "assessment_result", "application", "card_issued", "not_stated"]

STATES: tuple[CaseState, ...] = get_args(CaseState)
WITH_OFFICE: frozenset[CaseState] = frozenset({"submitted", "accepted", "assessing", "publicised", "dispatched"})
WITH_PERSON: frozenset[CaseState] = frozenset({"returned"})
OPEN = WITH_OFFICE | WITH_PERSON
GRANTED: frozenset[CaseState] = frozenset({"approved", "delivered"})
REFUSED: frozenset[CaseState] = frozenset({"rejected", "withdrawn"})
ENDED = GRANTED | REFUSED | {"closed"}
WHERE_IT_WAS: Literal["where_it_was"] = "where_it_was"

_OFFICE: frozenset[By] = frozenset({"staff", "department"})
_ACCEPTED: frozenset[ClockStart] = frozenset({"acceptance", "application", "card_issued", "not_stated"})
_PASSED_ON: frozenset[ClockStart] = frozenset({"application", "card_issued"})
EXCLUDED: dict[CaseState, str] = {"assessing": "assessment", "publicised": "publicity"}
"""While a case is in such a state, the clock of a document that excludes this stands still."""
OF_A_CARD: frozenset[Verb] = frozenset({"assess", "assessed", "publicise"})
"""The assessment and the publicity of its result belong to the card; nothing else is offered them."""
CARD = "card."


@dataclass(frozen=True, slots=True)
class Move:
    """One row: `verb` leads from any state of `source` to `target` (`WHERE_IT_WAS`: the state before the return), done by one of
    `who`. `reason`: it cannot be done without one. `starts`: the events that some clocks wait for; where a document does not
    say, the clock starts with the acceptance, and so it does for a holder where it waits for the card."""

    verb: Verb
    source: frozenset[CaseState]
    target: CaseState | Literal["where_it_was"]
    who: frozenset[By]
    reason: bool = False
    starts: frozenset[ClockStart] = frozenset()


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


def _by(*kinds: By) -> frozenset[By]:
    return frozenset(kinds)


TABLE: dict[Verb, Move] = {
    move.verb: move
    for move in (
        Move("submit", _from("drafted"), "submitted", _by("person")),
        Move("accept", _from("submitted", "dispatched"), "accepted", _OFFICE, starts=_ACCEPTED),
        Move("assess", _from("accepted"), "assessing", _OFFICE),
        Move("assessed", _from("accepted", "assessing"), "accepted", _OFFICE, starts=frozenset({"assessment_result"})),
        Move("publicise", _from("accepted", "assessing"), "publicised", _OFFICE, starts=frozenset({"publicity"})),
        Move("dispatch", _from("submitted", "accepted"), "dispatched", _by("staff", "system"), starts=_PASSED_ON),
        Move("return", WITH_OFFICE, "returned", _OFFICE, reason=True),
        Move("supply", WITH_PERSON, WHERE_IT_WAS, _by("person", "staff")),
        Move("approve", _from("accepted", "publicised"), "approved", _OFFICE),
        Move("reject", OPEN, "rejected", _OFFICE, reason=True),
        Move("deliver", _from("approved"), "delivered", _OFFICE),
        Move("close", GRANTED | {"rejected"}, "closed", _by("staff", "department", "system")),
        Move("withdraw", OPEN, "withdrawn", _by("person", "staff")),
        Move("end", OPEN, "rejected", _by("system"), reason=True),
    )
}


# --- errors: each is a problem that the doors answer as it is ---


class CaseProblem(Problem):
    """Something that cannot be done to a case. `says` is for the member of the staff."""

    def __init__(self, status: int, code: str, **values: str) -> None:
        says = words().errors[code].format(**{name: words().shown(value) for name, value in values.items()})
        super().__init__(status, code, says, **values)


class IllegalMove(CaseProblem):
    """This verb does not lead anywhere from the state that the case is in. 409."""

    def __init__(self, state: CaseState, verb: str) -> None:
        super().__init__(409, "illegal_move", state=state, verb=verb)
        self.args = (f"a case that is {state} cannot be moved by {verb!r}",)


class NotAllowed(CaseProblem):
    """Somebody of this kind may not use this verb. 403."""

    def __init__(self, by: str, verb: str) -> None:
        super().__init__(403, "not_allowed", by=by, verb=verb)


class ReasonNeeded(CaseProblem):
    """This verb is not done without telling the person why. 422."""

    def __init__(self, verb: str) -> None:
        super().__init__(422, "reason_needed", verb=verb)


class Waits(CaseProblem):
    """The case has to wait for another item of the application (the card). 409."""

    def __init__(self, verb: str) -> None:
        super().__init__(409, "waits", verb=verb)


class MovedMeanwhile(CaseProblem):
    """Somebody else moved this case at the same time: read it again. 409."""

    def __init__(self) -> None:
        super().__init__(409, "moved_meanwhile")


class NotFound(CaseProblem):
    """There is no such case or application (or its person has been forgotten). 404."""

    def __init__(self) -> None:
        super().__init__(404, "no_such_case")


class BadRequest(CaseProblem):
    """The request makes no sense: `code` says which part. 422."""

    def __init__(self, code: str) -> None:
        super().__init__(422, code)


class Words(BaseModel):
    """What the house says about cases, in Chinese: `words.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    states: dict[CaseState, str]
    verbs: dict[Verb, str]
    by: dict[By, str]
    errors: dict[str, str]
    supplied: str
    assessed: str
    card_granted: str
    card_refused: str
    no_limit: str
    not_started: dict[ClockStart, str]
    limits: dict[str, str]
    stands_still: str
    whole_ended: str
    due: str
    due_about: str
    due_soon: str
    overdue: str

    def shown(self, name: str) -> str:
        """A state, a verb or a doer in Chinese; anything else as it is."""
        names: dict[str, str] = {**self.states, **self.verbs, **self.by}  # type: ignore[dict-item]
        return names.get(name, name)


@cache
def words() -> Words:
    return Words.model_validate(yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8")))


def check(state: CaseState, verb: str, by: By, reason: str = "") -> Move:
    """The row for this verb from this state, or IllegalMove, NotAllowed, ReasonNeeded."""
    move = next((move for move in TABLE.values() if move.verb == verb), None)
    if move is None or state not in move.source:
        raise IllegalMove(state, verb)
    if by not in move.who:
        raise NotAllowed(by, verb)
    if move.reason and not reason.strip():
        raise ReasonNeeded(verb)
    return move


def verbs_from(state: CaseState, by: By = "staff", item: str = "") -> tuple[Verb, ...]:
    """What can be done with a case of this item in this state, in the order of the table: the console's buttons."""
    ours = (move for move in TABLE.values() if move.verb not in OF_A_CARD or item.startswith(CARD))
    return tuple(move.verb for move in ours if state in move.source and by in move.who)


def all_ended(states: Iterable[CaseState]) -> bool:
    return all(state in ENDED for state in states)
