"""The commitment, the signature, and the one submission.

Where the document demands a hand signature, a fingerprint or originals, nothing here pretends to be that: the
application goes ahead to
the window and the person gets a packet, so that the visit is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from typing import Any

from dialogs.messages import CaseToOpen, Cite, Option, Packet, PlacePhotos, Reply, Say, Submit
from dialogs.policy import MaterialNeed
from dialogs.session import CaseSeen, Submitted
from dialogs.steps import form, photos, review
from dialogs.steps.asking import choice, put
from dialogs.steps.offer import applied, before_cancelling, item_name, way_of
from dialogs.steps.photos import AT_WINDOW
from dialogs.steps.places import places_of
from dialogs.view import Asking, Problem, Query, Taken, View

WAYS = ("drawn", "typed", AT_WINDOW)


def queries(view: View) -> Iterator[Query]:
    """A promise where the document has one, a signature unless it says that the person's confirmation is enough."""
    assert view.pack is not None
    digest, written = review.digest_of(view), view.pack.written.commitment
    if written is not None and written.says:
        yield Query("commitment", "signing/commitment", stands=lambda value: bool(value == digest))
    if written is None or written.signature:
        yield Query("signature", "signing/signature", stands=lambda value: bool(value["of"] == digest))
    yield Query("confirm_submit", "signing/sending", stands=lambda value: False)


def ask(view: View, query: Query) -> Asking:
    if query.key == "commitment":
        return Asking(choice(view, query, "commitment"), _commitment(view))
    if query.key == "signature":
        return Asking(_ask_signature(view, query), _at_window(view))
    before = (*before_cancelling(view, applied(view)), *_own_confirmation(view), _before_sending(view))
    return Asking(choice(view, query, "confirm_submit"), before)


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if query.key == "commitment":
        return (
            Taken({"commitment": review.digest_of(view)})
            if value is True
            else Problem(view.words.say("commitment_needed"))
        )
    if query.key == "signature":
        return _take_signature(view, value)
    return Problem(view.words.say("not_sent"))  # a yes is taken by `dialogs.talk`, which has the fresh ids


def _commitment(view: View) -> tuple[Say, ...]:
    """The sentence that is promised, by the document's clause."""
    assert view.pack is not None
    written = view.pack.written.commitment
    return (Say(written.says.format(who=view.who), cites=(Cite(view.pack.region, written.clause),)),) if written else ()


def _own_confirmation(view: View) -> tuple[Say, ...]:
    """What stands in the place of a signature, where the document asks for none."""
    assert view.pack is not None
    written = view.pack.written.commitment
    if written is None or written.signature:
        return ()
    return (Say(written.how, cites=(Cite(view.pack.region, written.clause),)),)


def _at_window(view: View) -> tuple[Say, ...]:
    """What a signature here is not, where the document demands one by hand, or a fingerprint."""
    assert view.pack is not None
    written = view.pack.written.commitment
    return (Say(written.how, cites=(Cite(view.pack.region, written.clause),)),) if written and written.at_window else ()


def signer(view: View) -> str:
    """Whose name signs: the guardian's for a child or ward, the applicant's else."""
    name = "guardian_name" if view.role in ("legal_guardian", "deceased") else "name"
    return str(form.told(view).get(name) or form.told(view).get("name", ""))


def submission(view: View, fresh: Iterator[str], receipt: str) -> tuple[Submit, Submitted]:
    """What the office keeps and what the draft remembers, from exactly the answers on the path."""
    assert view.draft is not None and view.pack is not None
    cases = tuple(
        CaseToOpen(next(fresh), item, view.pack.items[item].department, way_of(view, item))  # type: ignore[arg-type]
        for item in view.wants
    )
    submit = Submit(
        application_id=next(fresh),
        draft_id=view.draft.id,
        receipt=receipt,
        county=view.county,
        pack=view.pack.region,
        pack_version=view.pack.version,
        cases=tuple(case for case in cases if case.way in ("online", "offline")),
        snapshot=snapshot(view),
    )
    seen = tuple(CaseSeen(case_id=c.case_id, item=c.item, way=c.way, state="submitted") for c in cases)
    return submit, Submitted(application_id=submit.application_id, receipt=receipt, at=view.at, cases=seen)


def snapshot(view: View) -> dict[str, Any]:
    """The reachable answers as they were confirmed, with their labels, what must be brought to the window, and
    the decision: its
    limits and its order are what the office goes by afterwards."""
    answered = [q for q in view.path if q.key != "confirm_submit" and not q.state.startswith("consent/")]
    return {
        "answers": {key: view.answers[key].model_dump(mode="json") for q in answered for key in q.keys},
        "derived": {f.name: f.value for f in form.followed(view)},
        "items": {item: way_of(view, item) for item in view.wants},
        "lines": [
            {"key": query.key, "label": line.label, "says": line.value}
            for query in view.content
            for line in [review.line(view, query)]
        ],
        "signer": signer(view),
        "about": view.label,
        "bring": list(to_bring(view)),
        "ends_on_refusal": ends_on_refusal(view),
        "decision": view.plan.as_json(view.who),
    }


def ends_on_refusal(view: View) -> list[str]:
    """The chosen items with whose refusal the whole ends, where the document says so."""
    assert view.pack is not None
    patterns = view.pack.written.order.ends_on_refusal
    return [item for item in applied(view) if any(fnmatchcase(item, pattern) for pattern in patterns)]


def packet(view: View, receipt: str) -> Packet:
    """What makes the visit one: the number, what is filled in, what to bring, where to go. Where everything was given here,
    nobody is sent anywhere."""
    bring = to_bring(view)
    where = places_of(view, "card_window" if _has_card_service(view) else "window") or (
        view.words.say("window_unknown"),
    )
    asked = (query for query in view.content if review.phase(query) == "form" or query.key == "wants")
    filled = tuple(f"{line.label}：{line.value}" for line in (review.line(view, query) for query in asked))
    if not bring and not any(way_of(view, item) == "offline" for item in applied(view)):
        return Packet(view.words.say("packet_online"), receipt, filled, (), (), form.paper(view))
    return Packet(view.words.say("packet", who=view.who), receipt, filled, bring, where, form.paper(view))


def to_bring(view: View, of: Collection[str] = ()) -> tuple[str, ...]:
    """Every paper that the window wants to see, with its form and number of copies as the document prints them. Of what
    goes online, only what no picture replaces and what was left for the window. `of`: for these items only."""
    items = set(of or applied(view))
    needs = (m for m in view.plan.materials if items & set(m.for_items) and m.need != "exempt")
    return tuple(_bring(view, need) for need in needs if _goes_to_the_window(view, need, items & set(need.for_items)))


def _goes_to_the_window(view: View, need: MaterialNeed, items: set[str]) -> bool:
    assert view.pack is not None
    rows = (row.written for item in items for row in view.pack.bindings[item] if row.written.material == need.id)
    if any(way_of(view, item) == "offline" for item in items) or any(row.on_paper for row in rows):
        return True
    material = view.policy.materials[need.id]
    kept = ["signature"] if material.made_by == "talk" else [photos.PREFIX + part.part for part in material.parts]
    return need.need == "hand_in" or any((view.value(key) or {}).get("way") == AT_WINDOW for key in kept)


def _bring(view: View, need: MaterialNeed) -> str:
    count = view.words.say("copies", count=need.count) if need.count else ""
    kind = "bring_if_there" if need.need == "waivable" else "bring"
    return view.words.say(kind, name=need.name, form=need.form, count=count)


def _has_card_service(view: View) -> bool:
    return any(item.startswith("card.") and way_of(view, item) == "offline" for item in applied(view))


def _ask_signature(view: View, query: Query) -> Any:
    words = view.words.questions["signature"]
    name = signer(view)
    text = words.text.format(name=name, who=view.who)
    options = (Option(AT_WINDOW, view.words.say("sign_at_window")),)
    own_hand = view.role == "agent"  # a helper types nobody's name
    hint = view.words.say("sign_own_hand", who=view.who) if own_hand else words.hint.format(name=name)
    return put(view, query, words.title, text, "signature", options, hint, "own_hand" if own_hand else "")


def _take_signature(view: View, value: Any) -> Taken | Problem:
    if isinstance(value, str):
        value = {"way": AT_WINDOW} if value == AT_WINDOW else {"way": "typed", "name": value}
    if not isinstance(value, dict) or value.get("way") not in WAYS:
        return Problem(view.words.say("sign_how", name=signer(view)))
    if value["way"] == "typed" and view.role == "agent":
        return Problem(view.words.say("sign_themselves", who=view.who))
    if value["way"] == "typed" and "".join(str(value.get("name", "")).split()) != signer(view):
        return Problem(view.words.say("sign_name", name=signer(view)))
    if value["way"] == "drawn" and not isinstance(value.get("png"), str):
        return Problem(view.words.say("sign_how", name=signer(view)))
    kept = {key: value[key] for key in ("way", "name", "png") if key in value}
    drawn = (
        (PlacePhotos((value["png"],), view.draft.id, "signature"),) if value["way"] == "drawn" and view.draft else ()
    )
    return Taken({"signature": {**kept, "of": review.digest_of(view)}}, (), drawn)


def _before_sending(view: View) -> Reply:
    names = "、".join(item_name(view, item) for item in applied(view))
    return Say(view.words.say("before_sending", items=names))
