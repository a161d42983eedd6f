"""What a picture that has been read does to the draft: it finds its place, it is asked for again or taken, what it says is kept.

Pictures that came together are weighed together, once the last of them has been read: then each goes to the place that it is for,
whatever the order they came in. The same picture is asked for again at most twice; after that it is taken as it is, and a person
of the office looks at it. Nothing said before is ever overwritten here: what differs becomes a question (`steps.papers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dialogs.desk import Desk
from dialogs.messages import LookAt, PlacePhotos, Say
from dialogs.policy.fields import check_value
from dialogs.session import Paper, PaperValue, Retake
from dialogs.steps import form, papers, photos
from dialogs.view import Query, View, fingerprint

TIMES = 2  # the same picture is asked for again so often
PATIENCE = timedelta(minutes=2)  # a picture that takes longer keeps the others waiting no more
SOFT = ("not_white", "size")


class _Found:
    """What is told in one go of pictures that came together: the names of the good ones, and what was taken from them. `again`:
    places that one of them was no good for; that is said once, and counts as one time."""

    __slots__ = ("again", "good", "told")

    def __init__(self) -> None:
        self.good: list[str] = []
        self.told: list[str] = []
        self.again: set[str] = set()

    def say(self, desk: Desk) -> None:
        if self.good:
            names = "\n".join(dict.fromkeys(self.good))
            desk.say("paper_good" if len(self.good) == 1 else "papers_good", what=names, count=len(self.good))
        if self.told:
            desk.say("paper_told", lines="\n".join(dict.fromkeys(self.told)))


def looked_at(desk: Desk, photo_ids: Sequence[str]) -> None:
    """These pictures are being read: what comes of it is told in one go."""
    if desk.library.reads and desk.draft is not None and desk.draft.submitted is None:
        since = dict.fromkeys(photo_ids, desk.message.at)
        desk.set_draft(looking={**desk.draft.looking, **since})


def heard(desk: Desk, data: Mapping[str, Any]) -> None:
    """Keep what was read of one picture; weigh it with those that came with it, if it was the last."""
    assert desk.draft is not None
    photo_id = str(data["photo_id"])
    looking = {one: since for one, since in desk.draft.looking.items() if one != photo_id}
    desk.set_draft(looking=looking, papers={**desk.draft.papers, photo_id: _paper(data)})
    weigh(desk)


def forgotten(desk: Desk, photo_id: str) -> None:
    """This picture is not there any more."""
    if desk.draft is not None and (photo_id in desk.draft.looking or photo_id in desk.draft.papers):
        looking = {one: since for one, since in desk.draft.looking.items() if one != photo_id}
        kept = {one: paper for one, paper in desk.draft.papers.items() if one != photo_id}
        desk.set_draft(looking=looking, papers=kept)


def _paper(data: Mapping[str, Any]) -> Paper:
    problems = [str(code) for code in data.get("problems", ())]
    hard = [code for code in problems if code not in SOFT]
    readable, failed = bool(data.get("readable")), bool(data.get("failed"))
    return Paper(
        kind=str(data.get("kind", "unknown")),
        values=tuple(PaperValue.model_validate(one) for one in data.get("fields", ())),
        problem="" if readable or failed else (hard or ["unreadable"])[0],
        remarks=tuple(code for code in problems if code in SOFT),
        others=tuple(data.get("others", ())),
        failed=failed,
    )


# --- weighing ---


def weigh(desk: Desk) -> None:
    """Give every picture that has been read its part in the talk, as soon as it is known whom the talk is about and where."""
    draft, view = desk.draft, desk.view
    if draft is None or not draft.papers or draft.submitted is not None or _waits(desk):
        return
    fresh = [photo_id for photo_id, paper in draft.papers.items() if not paper.weighed]
    early = [
        one for one in photos.unplaced(view) if one in draft.papers and not (one in fresh or draft.papers[one].problem)
    ]
    if not (fresh or early) or not view.role or view.pack is None:
        return
    _arrange(desk, fresh, early)
    found = _Found()
    for photo_id in sorted(fresh, key=lambda one: _misplaced(desk, one)):  # what fits first: a place may become free
        _weigh_one(desk, photo_id, found)
    found.say(desk)


def _waits(desk: Desk) -> bool:
    assert desk.draft is not None
    return any(desk.message.at - since < PATIENCE for since in desk.draft.looking.values())


def _arrange(desk: Desk, fresh: Sequence[str], early: Sequence[str]) -> None:
    """Put pictures that are not at their place there, if it is free or holds one of these that is nothing known."""
    for photo_id in (*early, *fresh):
        paper, part = _seen(desk, photo_id)
        kind = papers.kind_of(desk.view, paper)
        if kind is not None and not (paper.failed or paper.whose in ("guardian", "other") or kind.fits(part)):
            _find_place(desk, photo_id, fresh)
    for photo_id in fresh:
        _place_others(desk, photo_id)


def _find_place(desk: Desk, photo_id: str, fresh: Sequence[str]) -> bool:
    """Put this picture where it belongs, if there is room."""
    paper, part = _seen(desk, photo_id)
    kind = papers.kind_of(desk.view, paper)
    place = next((one for one in (kind.places if kind else ()) if _may_take(desk, one, fresh)), "")
    if place:
        _move(desk, photo_id, part, place)
        if part and len(fresh) <= 1:  # of several nobody has been told yet where they went
            desk.say("paper_moved", what=papers.place_name(desk.view, place))
    return bool(place)


def _misplaced(desk: Desk, photo_id: str) -> bool:
    paper, part = _seen(desk, photo_id)
    kind = papers.kind_of(desk.view, paper)
    return kind is None or not kind.fits(part)


def _may_take(desk: Desk, part: str, fresh: Sequence[str]) -> bool:
    if part not in photos.parts(desk.view):
        return False
    value = desk.view.value(photos.PREFIX + part)
    ids = photos.photo_ids(value)
    return (
        value is None
        or value.get("way") == photos.LATER
        or (bool(ids) and all(_astray(desk, one, part, fresh) for one in ids))
    )


def _astray(desk: Desk, photo_id: str, part: str, fresh: Sequence[str]) -> bool:
    """Whether this picture came with the others and is not what its place is for."""
    assert desk.draft is not None
    paper = desk.draft.papers.get(photo_id)
    kind = papers.kind_of(desk.view, paper) if paper else None
    return photo_id in fresh and desk.library.papers.known(part) and (kind is None or not kind.fits(part))


def _move(desk: Desk, photo_id: str, part: str, place: str) -> None:
    """From `part` to `place`; what lay there comes to where this one was."""
    assert desk.draft is not None
    out = photos.photo_ids(desk.view.value(photos.PREFIX + place))
    left = tuple(one for one in photos.photo_ids(desk.view.value(photos.PREFIX + part)) if one != photo_id)
    _hold(desk, place, (photo_id,))
    if part:
        _hold(desk, part, (*left, *out))
    elif desk.draft.papers[photo_id].weighed:
        desk.say("paper_used", what=papers.place_name(desk.view, place))


def _hold(desk: Desk, part: str, ids: tuple[str, ...]) -> None:
    """This place holds these pictures and no others."""
    assert desk.draft is not None
    key = photos.PREFIX + part
    before = photos.photo_ids(desk.view.value(key))
    if ids:
        desk.put({key: {"way": "photo", "ids": list(ids)}}, "photo")
    else:
        desk.forget({key})
    new = tuple(one for one in ids if one not in before)
    if new:
        desk.effects.append(PlacePhotos(new, desk.draft.id, part))


def _place_others(desk: Desk, photo_id: str) -> None:
    """Two papers on one picture: it fills both places."""
    paper, part = _seen(desk, photo_id)
    for other in paper.others if part else ():
        kind = desk.library.papers.kinds.get(other)
        free = (one for one in (kind.places if kind else ()) if one in photos.parts(desk.view))
        place = next((one for one in free if desk.view.value(photos.PREFIX + one) is None), "")
        if place:
            desk.put({photos.PREFIX + place: {"way": "photo", "ids": [photo_id]}}, "photo")
            desk.say("two_in_one", what=papers.place_name(desk.view, place))


def _weigh_one(desk: Desk, photo_id: str, found: _Found) -> None:
    paper, part = _seen(desk, photo_id)
    kind = papers.kind_of(desk.view, paper)
    if not papers.in_use(desk.view, photo_id):
        return _keep(desk, photo_id, weighed=True, whose="other")
    if paper.failed:
        _keep(desk, photo_id, weighed=True)
        return _to_a_person(desk, photo_id, part, "not_looked")
    if not part and paper.problem:
        return _too_bad(desk, photo_id)
    known = desk.library.papers.known(part)
    if part and known and kind is not None and not kind.fits(part):
        if not _find_place(desk, photo_id, ()):
            return _again(desk, photo_id, part, "wrong_paper", found, kind.name)
        part = papers.part_of(desk.view, photo_id)
    if part and known and (paper.problem or kind is None):
        return _again(desk, photo_id, part, paper.problem or "wrong_paper", found)
    _take(desk, photo_id, part, found)


def _too_bad(desk: Desk, photo_id: str) -> None:
    """It came early and cannot be read: it is not kept for later."""
    why = _seen(desk, photo_id)[0].problem
    _keep(desk, photo_id, weighed=True, whose="other")
    _set_aside(desk, photo_id, "", why)
    desk.say("early_not_good", why=desk.view.words.name("retake_why", why))


def _again(desk: Desk, photo_id: str, part: str, why: str, found: _Found, seems: str = "") -> None:
    """Ask for this picture again, or, the third time, take it as it is."""
    assert desk.draft is not None
    before = desk.draft.retakes.get(part)
    times = before.times if before else 0
    _keep(desk, photo_id, weighed=True, problem=why)
    if _is_more_of(desk, photo_id, part):
        return desk.effects.append(LookAt((photo_id,), why))
    if times >= TIMES and part not in found.again:
        return _to_a_person(desk, photo_id, part, why)
    _leave(desk, photo_id, part)
    if part in found.again:
        return desk.effects.append(LookAt((photo_id,), why))
    found.again.add(part)
    retake = Retake(times=times + 1, why=why, photo_id=photo_id)
    desk.set_draft(retakes={**desk.draft.retakes, part: retake})
    if seems:
        desk.say("paper_seems", kind=seems, what=papers.place_name(desk.view, part))
    else:
        desk.say("paper_not_good", what=papers.place_name(desk.view, part))


def _is_more_of(desk: Desk, photo_id: str, part: str) -> bool:
    """Whether its place holds a good picture besides: then this one is one more page."""
    assert desk.draft is not None
    held = (one for one in photos.photo_ids(desk.view.value(photos.PREFIX + part)) if one != photo_id)
    others = (desk.draft.papers[one] for one in held if one in desk.draft.papers)
    return any(one.weighed and not one.problem for one in others)


def _to_a_person(desk: Desk, photo_id: str, part: str, why: str) -> None:
    """The picture is taken as it is, and a person of the office looks at it."""
    desk.effects.append(LookAt((photo_id,), why))
    if part:
        key = "paper_by_hand" if why == "not_looked" else "paper_as_it_is"
        desk.say(key, what=papers.place_name(desk.view, part))


def _take(desk: Desk, photo_id: str, part: str, found: _Found) -> None:
    """It is what it should be: what it says is kept, once it is known whose it is."""
    whose = _whose(desk.view, photo_id)
    _keep(desk, photo_id, weighed=True, whose=whose)
    if whose == "guardian":
        return _guardians(desk, photo_id, found)
    paper = _seen(desk, photo_id)[0]
    if whose and papers.odd(desk.view, paper):  # its number is the right one: nothing that the person could settle
        desk.effects.append(LookAt((photo_id,), "differs"))
    for remark in paper.remarks:
        desk.say(f"remark_{remark}")
        desk.effects.append(LookAt((photo_id,), remark))
    kind = papers.kind_of(desk.view, paper)
    if kind is None and part:  # a paper that nobody here can tell from others
        desk.say("paper_kept", what=papers.place_name(desk.view, part))
    elif kind is not None and whose:
        found.good.append(papers.place_name(desk.view, part) if part else kind.name)
        if kind.cut:
            desk.replies.append(Say(desk.view.words.say("portrait_cut"), portrait=photo_id))
        _use(desk, photo_id, found)


def _use(desk: Desk, photo_id: str, found: _Found) -> None:
    """Keep what is borne out, not yet answered and asked for by something; it is read back."""
    paper, view = _seen(desk, photo_id)[0], desk.view
    known = (one for one in papers.tells(view, paper) if one.checked and view.value(one.key) is None)
    told = {one.name: one for one in known if papers.is_wanted(view, one.name, one.key)}
    kind = papers.kind_of(view, paper)
    implied = {**kind.implies, **_age(view, paper)} if paper.whose == "applicant" and kind is not None else {}
    new = ((name, value) for name, value in implied.items() if view.value(name) is None)
    follows = {name: value for name, value in new if papers.is_wanted(view, name, name)}
    kept = {one.key: one.answer for one in told.values()} | follows
    says = {name: one.answer for name, one in told.items()} | follows
    found.told += [f"{papers.label(desk.view, n)}：{papers.in_words(desk.view, n, value)}" for n, value in says.items()]
    if kept:
        desk.put(kept, "photo")


def _age(view: View, paper: Paper) -> dict[str, int]:
    age = papers.age_on(view, paper)
    return {} if age is None or view.is_dead else {"age": age}


# --- whose ---


def _whose(view: View, photo_id: str) -> Any:
    """applicant, guardian, or "" where only the person can say."""
    assert view.draft is not None
    paper = view.draft.papers[photo_id]
    kind = papers.kind_of(view, paper)
    if kind is None or not kind.personal:
        return "applicant"
    part = papers.part_of(view, photo_id)
    name = next((value.value for value in paper.values if value.name == "name"), "")
    number, told = papers.number_on(paper), form.told(view)
    if number and number == told.get("id_number"):
        return "applicant"
    if (number and number == told.get("guardian_id_number")) or (
        name and name == told.get("guardian_name") != told.get("name")
    ):
        return "guardian"
    if part == photos.BANK_CARD and papers.is_payee(view, paper):
        return "guardian"
    if part == photos.GUARDIAN_DOCS:
        return "applicant" if name and name == told.get("name") else "guardian"
    if number and told.get("id_number"):
        return "applicant" if name and name == told.get("name") else ""
    return "" if papers.odd(view, paper) else _by_age_and_name(view, paper, name, told, bool(part))


def _by_age_and_name(view: View, paper: Paper, name: str, told: Mapping[str, Any], placed: bool) -> str:
    age, said = papers.age_on(view, paper), view.value("age")
    if age is not None and isinstance(said, int) and abs(age - said) > 1:
        return ""
    if name and told.get("name"):
        return "applicant" if _alike(name, str(told["name"])) else ""
    return "applicant" if placed or view.role == "self" or (age is not None and said is not None) else ""


def _alike(one: str, other: str) -> bool:
    """The same name, but for one character that may have been misread."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) <= 1


def _guardians(desk: Desk, photo_id: str, found: _Found) -> None:
    """The guardian's paper where the applicant's was asked for: kept for the guardian's, and the place is open again."""
    assert desk.draft is not None
    part, paper = papers.part_of(desk.view, photo_id), desk.draft.papers[photo_id]
    if part == photos.GUARDIAN_DOCS or (part == photos.BANK_CARD and papers.is_payee(desk.view, paper)):
        found.good.append(papers.place_name(desk.view, part))
        return _use(desk, photo_id, found)
    if part:
        held = photos.photo_ids(desk.view.value(photos.PREFIX + part))
        _hold(desk, part, tuple(one for one in held if one != photo_id))
        desk.say("guardians_paper", what=papers.place_name(desk.view, part))
    if photos.GUARDIAN_DOCS in photos.parts(desk.view):
        docs = photos.photo_ids(desk.view.value(photos.PREFIX + photos.GUARDIAN_DOCS))
        if photo_id not in docs:
            _hold(desk, photos.GUARDIAN_DOCS, (*docs, photo_id))
    elif part:
        desk.set_draft(photos=_with_unplaced(desk, photo_id))
    _use(desk, photo_id, found)


def _with_unplaced(desk: Desk, photo_id: str) -> dict[str, tuple[str, ...]]:
    assert desk.draft is not None
    kept = desk.draft.photos.get(photos.UNPLACED, ())
    desk.effects.append(PlacePhotos((photo_id,), desk.draft.id, photos.UNPLACED))
    return {**desk.draft.photos, photos.UNPLACED: (*(one for one in kept if one != photo_id), photo_id)}


# --- the person's word on it ---


def settle(desk: Desk, query: Query, value: Any) -> bool:
    """Do what was answered to a question about a paper; False if that is no answer."""
    photo_id, paper, what = papers.of(desk.view, query)
    known = [option.value for option in desk.view.asking(query).ask.options]
    if value is True and "right" in known:
        value = "right"
    if value not in known:
        return False
    if what == "whose":
        _settle_whose(desk, photo_id, value)
    elif what == "expired":
        _settle_expired(desk, photo_id, value)
    elif what == "values":
        _settle_values(desk, photo_id, paper, value)
    else:
        _settle_differs(desk, photo_id, paper, what.removeprefix("differs."), value)
    return True


def corrected(desk: Desk, text: str) -> bool:
    """A name that was shown for a yes, written out with one sign put right: taken as it is written. False for other words."""
    _, paper, what = papers.of(desk.view, desk.open)
    for one in papers.pending(desk.view, paper) if what == "values" else ():
        written = check_value(desk.view.policy, one.name, text, {}, desk.view.today).value
        if one.name.endswith("name") and written and written != one.answer and _alike(written, str(one.answer)):
            desk.put({one.key: written})
            return True
    return False


def _settle_whose(desk: Desk, photo_id: str, value: Any) -> None:
    _keep(desk, photo_id, whose=value)
    part, found = papers.part_of(desk.view, photo_id), _Found()
    if value == "guardian":
        _guardians(desk, photo_id, found)
    elif value == "other":
        _set_aside(desk, photo_id, part, "wrong_person")
    else:
        _use(desk, photo_id, found)
    found.say(desk)


def _settle_expired(desk: Desk, photo_id: str, value: Any) -> None:
    part = papers.part_of(desk.view, photo_id)
    _keep(desk, photo_id, settled="expired")
    if value == "new" and part:
        _set_aside(desk, photo_id, part, "expired")
    elif value == photos.AT_WINDOW and part:
        desk.put({photos.PREFIX + part: {"way": photos.AT_WINDOW}})
    else:
        _to_a_person(desk, photo_id, part, "expired")


def _set_aside(desk: Desk, photo_id: str, part: str, why: str) -> None:
    """This picture is not to be used; its place is open again."""
    assert desk.draft is not None
    if part:
        _leave(desk, photo_id, part)
        before = desk.draft.retakes.get(part)
        retake = Retake(times=(before.times if before else 0) + 1, why=why, photo_id=photo_id)
        desk.set_draft(retakes={**desk.draft.retakes, part: retake})
    else:
        desk.effects.append(PlacePhotos((photo_id,), desk.draft.id, photos.ASIDE))
    rest = tuple(one for one in desk.draft.photos.get(photos.UNPLACED, ()) if one != photo_id)
    desk.set_draft(photos={**desk.draft.photos, photos.UNPLACED: rest})


def _leave(desk: Desk, photo_id: str, part: str) -> None:
    """This picture is not used at this place: nobody of the office takes it for what was handed in."""
    assert desk.draft is not None
    held = photos.photo_ids(desk.view.value(photos.PREFIX + part))
    _hold(desk, part, tuple(one for one in held if one != photo_id))
    desk.effects.append(PlacePhotos((photo_id,), desk.draft.id, photos.ASIDE))


def _settle_values(desk: Desk, photo_id: str, paper: Paper, value: str) -> None:
    shown = papers.pending(desk.view, paper)
    good = {one.key: one.answer for one in shown if value == "right" or value != f"no.{one.name}"}
    if value != "right":
        _keep(desk, photo_id, settled=value)
        desk.say("then_write_it")
    if good:
        desk.put(good, "photo")


def _settle_differs(desk: Desk, photo_id: str, paper: Paper, name: str, value: str) -> None:
    both = papers.differs(desk.view, paper, name)
    if both is None:
        return
    if value == "printed":
        desk.put({_key_of(desk.view, name): both[1]}, "photo")
        return
    _keep(desk, photo_id, settled=f"differs.{name}.{fingerprint(list(both))}")
    desk.effects.append(LookAt((photo_id,), "differs"))
    desk.say("said_stands")


def _key_of(view: View, name: str) -> str:
    fact = view.policy.facts.get(name)
    return name if fact is not None and fact.ask else form.PREFIX + name


# --- keeping ---


def _seen(desk: Desk, photo_id: str) -> tuple[Paper, str]:
    """The paper, and the place that holds it."""
    assert desk.draft is not None
    return desk.draft.papers[photo_id], papers.part_of(desk.view, photo_id)


def _keep(desk: Desk, photo_id: str, *, settled: str = "", **changes: Any) -> None:
    assert desk.draft is not None
    paper = desk.draft.papers[photo_id]
    if settled:
        changes["settled"] = (*paper.settled, settled)
    desk.set_draft(papers={**desk.draft.papers, photo_id: paper.model_copy(update=changes)})
