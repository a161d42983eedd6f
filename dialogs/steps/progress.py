"""After the submission: where each item lies, what the office asks for again, and the result.

A calendar date is said only once its clock has started; a jump item goes on elsewhere and is never called
accepted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dialogs.days import day_says
from dialogs.messages import Cite, PlacePhotos, Progress, ProgressLine, Reply, Say, Supply
from dialogs.session import CaseSeen, Submitted
from dialogs.steps import form, offer, rating, signing
from dialogs.steps.asking import choice, put
from dialogs.steps.photos import AT_WINDOW, USE_KEPT, kept_for, part_name, photo_options
from dialogs.steps.places import places_of, places_say
from dialogs.view import Asking, Problem, Query, Taken, View

PREFIX = "supplement:"
FINISHED = ("approved", "rejected", "delivered", "closed", "withdrawn")
_IN_HAND = ("rejected", "delivered", "closed", "withdrawn")  # nothing comes any more
_BEGUN = ("accepted", "assessing", "publicised", "returned")
_MARKS: dict[str, Any] = {"submitted": "sent", "returned": "trouble", "rejected": "trouble"} | dict.fromkeys(
    ("approved", "delivered", "closed"), "done"
)


def after_submission(view: View) -> Iterator[Query]:
    """The path of a submitted draft: papers asked for again, then the rating once everything is finished, then to
    follow."""
    done = submitted(view)
    for case in done.cases:
        if case.state == "returned":
            yield from (
                Query(f"{PREFIX}{case.case_id}:{part}", "progress/supplement", stands=bool) for part in case.wanted
            )
    yield from rating.queries(view, done)
    yield Query("following", "progress/following", stands=lambda value: False)


def ask(view: View, query: Query) -> Asking:
    if query.key == "elsewhere":
        return Asking(choice(view, query, "elsewhere", "none"), offer.elsewhere(view))
    if query.key.startswith(PREFIX):
        return _ask_supplement(view, query)
    if all(case.state in _IN_HAND for case in submitted(view).cases):
        return Asking(choice(view, query, "following_done", "none"))
    return Asking(choice(view, query, "following_visit" if _visit_left(view) else "following", "none"))


def take(view: View, query: Query, value: Any) -> Taken | Problem:
    if not query.key.startswith(PREFIX):
        return Problem(view.words.say("nothing_to_answer"))
    case, part = wanted_of(view, query)
    if value == AT_WINDOW:
        supply = _supply(view, query, case, ())
        handed = (Say(view.words.say("supplied")),) if any(one.photo_ids for one in supply) else ()
        says = (Say(view.words.say("bring_it", what=_part_name(view, query))), *_windows(view), *handed)
        return Taken({query.key: {"way": AT_WINDOW}}, says, supply)
    ids = kept_for(view, part) if value == USE_KEPT else tuple(value) if isinstance(value, list | tuple) else ()
    if not ids or not all(isinstance(one, str) for one in ids):
        return Problem(view.words.say("photo_wanted", what=_part_name(view, query)))
    assert view.draft is not None
    placed = PlacePhotos(ids, view.draft.id, part, case.case_id)
    supply = _supply(view, query, case, ids)
    says = (Say(view.words.say("supplied" if supply else "supplied_more")),)
    return Taken({query.key: {"way": "photo", "ids": list(ids)}}, says, (placed, *supply))


def _visit_left(view: View) -> bool:
    """Whether somebody still has to go to the window: papers that no picture replaces, for what has not been accepted yet."""
    return any(_waits_for_a_visit(view, case) for case in submitted(view).cases)


def _waits_for_a_visit(view: View, case: CaseSeen) -> bool:
    if case.state != "submitted" or case.way == "jump":
        return False
    return offer.way_of(view, case.item) == "offline" or bool(signing.to_bring(view, {case.item}))


def _windows(view: View) -> tuple[Say, ...]:
    places = places_of(view, "window")
    return (Say("\n".join(places)),) if places else ()


def submitted(view: View) -> Submitted:
    assert view.draft is not None and view.draft.submitted is not None
    return view.draft.submitted


def overview(view: View) -> Progress:
    """Every item of the application with its state in words and its limit."""
    done = submitted(view)
    lines = tuple(_line(view, case) for case in done.cases)
    return Progress(
        view.words.say("progress", receipt=done.receipt), done.receipt, (*lines, *_automatic(view)), form.paper(view)
    )


def moved_says(view: View, case: CaseSeen, before: str, closed: bool) -> tuple[Reply, ...]:
    """What a person hears when the office has moved a case. `before`: its state; `closed`: what was refused has been closed."""
    name = offer.item_name(view, case.item)
    what = "、".join(part_name(view, part) for part in case.wanted)
    if closed:
        return (Say(view.words.say("moved_closed_refused", item=name), tone="notice"),)
    goes_on = before in _BEGUN and case.state in ("submitted", "accepted", "dispatched")
    told = "moved_on" if goes_on else f"moved_{case.state}"
    told = "moved_returned_for" if case.state == "returned" and what else told
    text = view.words.say(told, item=name, reason=case.reason, says=case.says, due=case.due or "", what=what)
    due = (f"{_due(view, case.due)}。",) if case.due and case.state in ("accepted", "publicised") else ()
    more = (case.says,) if case.says and "{says}" not in view.words.says[told] else ()
    cites = (Cite(case.document, case.clause),) if case.clause else ()
    by = (view.words.say("refused_by", clause=case.clause),) if case.clause else ()
    news = Say("\n".join((text, *by, *due, *more)), tone="notice", cites=cites)
    return (news, *_comes_next(view, case), *_to_the_assessment(view, case), *_if_refused(view, case))


def refused_says(view: View) -> tuple[Say, ...]:
    """What can be done about what was refused, for whoever asks how far it is, or why."""
    return tuple(dict.fromkeys(say for case in submitted(view).cases for say in _if_refused(view, case)))


def _comes_next(view: View, case: CaseSeen) -> tuple[Say, ...]:
    """What is granted is not yet in hand: what the document says of the result, and how a new card reaches its owner."""
    item = view.pack.items.get(case.item) if view.pack else None
    if case.state != "approved" or view.pack is None or item is None:
        return ()
    delivery = view.pack.written.rules.get("delivery") if item.yields_card else None
    cited = [one for one in (item.result, delivery) if one]
    lines = [view.words.say("after_approval", says=item.result.says), *([delivery.says] if delivery else [])]
    cites = tuple(Cite(view.pack.region, one.clause) for one in cited)
    return (Say("\n".join((*lines, view.words.say("result_is_told"))), cites=cites),)


def _if_refused(view: View, case: CaseSeen) -> tuple[Say, ...]:
    """What somebody can do who sees it otherwise: a person; and where an office has refused (not the whole ended with another
    item) what the document says of it, or that it says nothing, and the window, as far as the county's directory knows it."""
    if case.state != "rejected":
        return ()
    person = view.words.say("refused_person")
    if case.clause is None or view.pack is None:
        return (Say(person),)
    way = view.pack.written.complaint
    cites = (Cite(view.pack.region, way.clause),) if way else ()
    says = way.says if way else view.words.say("refused_no_way")
    windows = places_say(view, "refused_ask", "refused_ask_unknown", "window")
    return (Say("\n".join((person, says, windows)), cites=cites),)


def _to_the_assessment(view: View, case: CaseSeen) -> tuple[Say, ...]:
    """Where the document sends people to the assessment after the first review: what it says of it, and the
    institutions that the county's directory knows."""
    rule = view.pack.written.rules.get("go_to_assessment") if view.pack else None
    if case.state != "assessing" or rule is None or view.pack is None:
        return ()
    cites = (Cite(view.pack.region, rule.clause),)
    return Say(rule.says, cites=cites), Say(places_say(view, "assessment_known", "assessment_unknown", "assessment"))


def wanted_of(view: View, query: Query) -> tuple[CaseSeen, str]:
    """The case and the part that a supplement's question is about."""
    case_id, part = query.key.removeprefix(PREFIX).split(":", 1)
    return next(case for case in submitted(view).cases if case.case_id == case_id), part


def _ask_supplement(view: View, query: Query) -> Asking:
    case, _ = wanted_of(view, query)
    words, what = view.words.questions["supplement"], _part_name(view, query)
    text = words.text.format(what=what, reason=case.reason, item=offer.item_name(view, case.item))
    options = photo_options(view, part=query.key.split(":", 2)[2])
    return Asking(put(view, query, words.title.format(what=what), text, "photo", options, words.hint))


def _part_name(view: View, query: Query) -> str:
    return part_name(view, query.key.split(":", 2)[2])


def _supply(view: View, query: Query, case: CaseSeen, ids: tuple[str, ...]) -> tuple[Supply, ...]:
    """The case goes back once everything that it wants has been given, with all pictures together."""
    others = [q for q in after_submission(view) if q.key.startswith(f"{PREFIX}{case.case_id}:") and q.key != query.key]
    if not all(view.settled(q) for q in others):
        return ()
    given = [(q, tuple((view.value(q.key) or {}).get("ids", ()))) for q in others] + [(query, ids)]
    later = "、".join(_part_name(view, q) for q, photo_ids in given if not photo_ids)
    words = view.words.say("brings_it", what=later) if later else ""
    pictures = [(one, wanted_of(view, q)[1]) for q, photo_ids in given for one in photo_ids]
    ids, parts = tuple(one for one, _ in pictures), tuple(part for _, part in pictures)
    return (Supply(submitted(view).application_id, case.case_id, ids, words, parts),)


def _line(view: View, case: CaseSeen) -> ProgressLine:
    name, elsewhere = offer.item_name(view, case.item), case.way == "jump"
    mark: Any = "elsewhere" if elsewhere else _MARKS.get(case.state, "doing")
    mark = "visit" if _waits_for_a_visit(view, case) else mark
    says = view.words.say("goes_on_elsewhere") if elsewhere else view.words.name("cases", case.state)
    return ProgressLine(case.item, name, mark, says, "" if elsewhere else _limit(view, case))


def _limit(view: View, case: CaseSeen) -> str:
    if case.state == "rejected" and case.reason:
        because = view.words.say("refused_because", reason=case.reason)
        return because + (view.words.say("refused_by", clause=case.clause) if case.clause else "")
    if case.state in FINISHED:
        return ""
    if case.due:
        return _due(view, case.due)
    deadline = view.plan.deadlines.get(case.item) or view.plan.deadlines.get("bundle")
    return deadline.says if deadline else view.words.say("no_limit_stated")


def _due(view: View, due: str) -> str:
    return view.words.say("due_says", due=day_says(due, view.today))


def _automatic(view: View) -> tuple[ProgressLine, ...]:
    automatic = [item for item, decided in view.decision.items.items() if decided.verdict == "automatic"]
    says = view.words.say("comes_by_itself")
    return tuple(ProgressLine(item, offer.item_name(view, item), "auto", says) for item in automatic)
