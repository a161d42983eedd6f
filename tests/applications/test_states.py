"""Every verb leads where the table says, from every state, and nowhere else."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa

from backend.applications import service, states
from backend.applications.service import Actor
from tests.applications.people import ADULT, CLERK, HOLDER, Office

# The table once more, by hand: verb -> states that it leads from, and where to.
LEADS = {
    "accept": ("submitted dispatched", "accepted"),
    "assess": ("accepted", "assessing"),
    "assessed": ("accepted assessing", "accepted"),
    "publicise": ("accepted assessing", "publicised"),
    "dispatch": ("submitted accepted", "dispatched"),
    "return": ("submitted accepted assessing publicised dispatched", "returned"),
    "supply": ("returned", "submitted"),
    "approve": ("accepted publicised", "approved"),
    "reject": ("submitted accepted assessing publicised dispatched returned", "rejected"),
    "deliver": ("approved", "delivered"),
    "close": ("approved delivered rejected", "closed"),
    "withdraw": ("submitted accepted assessing publicised dispatched returned", "withdrawn"),
    "end": ("submitted accepted assessing publicised dispatched returned", "rejected"),
}
EVERY = list(itertools.product(LEADS, [state for state in states.STATES if state != "drafted"]))


def put(office: Office, case_id: str, state: str) -> None:
    with office.house.store.turn() as tx:
        tx.execute(
            sa.text("UPDATE \"case\" SET state=:state, state_before='' WHERE id=:id"), {"state": state, "id": case_id}
        )


def act(office: Office, case_id: str, verb: str, reason: str = "看不清") -> None:
    if verb == "return":
        service.return_for(office.house, case_id, CLERK, ["id_card"], reason)
    else:
        service.move(office.house, case_id, verb, service.SYSTEM if verb == "end" else CLERK, reason=reason)


def refusal(office: Office, case_id: str, verb: str) -> dict[str, str] | None:
    """What an illegal move names; None when it was made."""
    try:
        act(office, case_id, verb)
    except states.IllegalMove as illegal:
        return dict(illegal.more)
    return None


def test_an_illegal_move_is_a_409_that_names_state_and_verb() -> None:
    with pytest.raises(states.IllegalMove, match=r"accepted.*deliver") as illegal:
        states.check("accepted", "deliver", "staff")
    assert (illegal.value.status, illegal.value.says) == (409, "这一件现在是“已受理”，不能“送达”。")


def test_each_verb_leads_where_the_table_says_and_from_nowhere_else(office: Office) -> None:
    wrong = []
    _, submit = office.submitted(["card.new"], ADULT)
    case_id = submit.cases[0].case_id
    for verb, state in EVERY:
        put(office, case_id, state)
        source, target = LEADS[verb]
        refused = refusal(office, case_id, verb)
        legal = state in source.split()
        right = refused is None if legal else refused == {"state": state, "verb": verb}
        if not right or office.state(submit) != (target if legal else state):
            wrong.append((verb, state, refused))
    assert wrong == []


def test_the_hand_written_table_has_every_verb() -> None:
    assert set(LEADS) | {"submit"} == set(states.TABLE)


@pytest.mark.parametrize("verb", ["return", "reject"])
def test_nobody_is_refused_without_a_reason(office: Office, verb: str) -> None:
    _, submit = office.submitted(["card.new"], ADULT)
    with pytest.raises(states.ReasonNeeded):
        act(office, submit.cases[0].case_id, verb, reason="  ")
    assert office.state(submit) == "submitted"


def test_the_applicant_cannot_approve_their_own_case(office: Office) -> None:
    _, submit = office.submitted(["card.new"], ADULT)
    office.move(submit.cases[0].case_id, "accept")
    with pytest.raises(states.NotAllowed):
        service.move(office.house, submit.cases[0].case_id, "approve", Actor("person"))
    assert office.state(submit) == "accepted"


def test_a_move_made_on_an_old_reading_of_the_case_changes_nothing(office: Office) -> None:
    _, submit = office.submitted(["allowance.hardship"], HOLDER)
    case_id, store = submit.cases[0].case_id, office.house.store
    with store.turn() as tx:
        old, _ = service.opened(tx, store, case_id, service.now())
    office.move(case_id, "accept")
    with store.turn() as tx, pytest.raises(states.MovedMeanwhile):
        service.make(service.opened(tx, store, case_id, service.now())[1], old, service.Step("withdraw", CLERK))
    assert office.state(submit) == "accepted"


def test_every_state_and_verb_has_a_name_for_the_staff() -> None:
    words = states.words()
    assert set(words.states) == set(states.STATES) and set(words.verbs) == set(states.TABLE)
    assert states.verbs_from("submitted")[:2] == ("accept", "dispatch")


def test_an_unknown_case_is_not_found(office: Office) -> None:
    with pytest.raises(states.NotFound):
        office.move("nobody", "accept")
