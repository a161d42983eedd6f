"""Invented people who submit, and a short way to see what the office keeps and tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from backend.applications import service, shown
from backend.applications.service import Actor
from backend.jobs import House
from backend.people import effects, happenings
from backend.people.effects import Wanted
from backend.storage import DataKey, new_id, new_receipt
from dialogs.messages import CaseToOpen, Effect, Submit
from dialogs.policy import decide

CLERK = Actor("staff", "clerk-1")
COUNTY, IDENTITY, PHONE, NAME = "511702", "990101198503040018", "19900001234", "周桂兰"
AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
NEW_CARD = {"is_deceased": False, "household_in_service_county": True, "holds_card": False, "is_dibao": True}
ADULT = {**NEW_CARD, "is_minor": False, "applied_categories": ["physical"]}
MINOR = {**NEW_CARD, "is_minor": True, "applied_categories": ["intellectual"]}
HOLDER = {
    "is_deceased": False,
    "household_in_service_county": True,
    "holds_card": True,
    "card_status": "valid",
    "is_dibao": True,
    "is_minor": False,
    "card_level": 1,
    "card_categories": ["physical"],
    "is_tekun": False,
    "gets_work_injury_nursing": False,
    "is_orphan": False,
}


@dataclass
class Person:
    id: str
    conversation_id: str
    key: DataKey


@dataclass
class Office:
    """The house as a test uses it."""

    house: House
    told: set[str] = field(default_factory=set)

    def person(self) -> Person:
        person_id = new_id()
        with self.house.store.turn() as tx:
            key = self.house.store.keys.new(tx, person_id)
        return Person(person_id, new_id(), key)

    def does(self, person: Person, *wanted: Effect) -> None:
        """What the talk asks for in one turn."""
        each = [Wanted(person.id, person.conversation_id, effect, AT, person.key) for effect in wanted]
        with self.house.store.turn() as tx:
            effects.carry_out(tx, self.house.store, each)

    def submission(
        self,
        items: Sequence[str],
        facts: Mapping[str, Any],
        *,
        name: str = NAME,
        limits: Mapping[str, Any] | None = None,
        ends: Sequence[str] = (),
    ) -> Submit:
        """`limits`: other limits than Tongchuan's, item or "bundle" -> as `yijianshi decide` prints them; `ends`: items with
        whose refusal the whole ends."""
        pack = self.house.library.policy.packs["tongchuan"]
        decision = decide(pack, facts, tuple(items), AT.date())
        answers = {
            "field:name": name,
            "field:id_number": IDENTITY,
            "field:phone": PHONE,
            "photo:id_card_front": {"way": "photo", "ids": ["photo-front"]},
            "photo:household_book_home": {"way": "photo", "ids": ["photo-book"]},
        }
        snapshot = {
            "answers": {key: {"value": value} for key, value in answers.items()},
            "lines": [
                {"key": "field:name", "label": "姓名", "says": name},
                {"key": "field:id_number", "label": "身份证号", "says": IDENTITY},
                {"key": "field:phone", "label": "手机号码", "says": PHONE},
                {"key": "is_dibao", "label": "低保", "says": "是"},
            ],
            "about": "",
            "signer": name,
            "bring": ["身份证"],
            "ends_on_refusal": list(ends),
            "decision": {**decision.as_json(), **({"deadlines": limits} if limits is not None else {})},
        }
        cases = tuple(CaseToOpen(new_id(), item, pack.items[item].department, "offline") for item in items)
        return Submit(new_id(), new_id(), new_receipt(), COUNTY, "tongchuan", pack.version, cases, snapshot)

    def submitted(self, items: Sequence[str], facts: Mapping[str, Any], **more: Any) -> tuple[Person, Submit]:
        person, submit = self.person(), self.submission(items, facts, **more)
        self.does(person, submit)
        return person, submit

    def move(self, case_id: str, *verbs: str, **more: Any) -> None:
        for verb in verbs:
            service.move(self.house, case_id, verb, CLERK, reason="原因写在这里", **more)

    def case(self, submit: Submit, item: str = "") -> dict[str, Any]:
        cases = shown.get_application(self.house, submit.application_id)["cases"]
        return next(case for case in cases if item in ("", case["item"]))

    def state(self, submit: Submit, item: str = "") -> str:
        return str(self.case(submit, item)["state"])

    def news(self) -> list[Mapping[str, Any]]:
        """What conversations have been told since the last look, in order."""
        store = self.house.store
        with store.read() as tx:
            ids = tx.execute(sa.text("SELECT id FROM happening ORDER BY id")).scalars().all()
            fresh = [one for one in ids if one not in self.told]
            self.told |= set(fresh)
            found = [happenings.untold(store.keys, tx, one) for one in fresh]
        return [one.data for one in found if one is not None]

    def column(self, case_id: str, name: str) -> Any:
        table = sa.table("case", sa.column("id"), sa.column(name))
        with self.house.store.read() as tx:
            return tx.execute(sa.select(table.c[name]).where(table.c.id == case_id)).scalar_one()
