"""Signing in: passwords, sessions that end, names that are shut after too many tries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.staff import passwords, service
from backend.staff.models import LoginFailure, StaffAccount, StaffSession
from backend.staff.rights import check_counties
from backend.storage import now
from tests.staff.world import PASSWORDS, Office, run_one

API = "/api/v1/staff"


def test_who_signs_in_is_told_who_they_are(each_desk: Office) -> None:
    client = each_desk.staff()
    me = client.get(f"{API}/me").json()
    assert (me["name"], me["role"], [one["code"] for one in me["counties"]]) == ("陈雨", "clerk", ["511702"])
    assert "audit" not in me["rights"]


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_elsewhere(desk: Office) -> None:
    answer = desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": PASSWORDS["chenyu"]})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/api/v1/staff" in cookie


def test_neither_token_nor_password_stands_in_the_database(desk: Office) -> None:
    client = desk.staff()
    token = client.cookies["yijianshi_staff"]
    with desk.house.store.read() as tx:
        kept = [*tx.execute(sa.select(StaffSession.__table__)), *tx.execute(sa.select(StaffAccount.__table__))]  # type: ignore[attr-defined]
    assert token not in str(kept) and PASSWORDS["chenyu"] not in str(kept)


def test_a_wrong_password_and_an_unknown_name_sound_the_same(desk: Office) -> None:
    wrong = desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": "wrong"})
    unknown = desk.stranger().post(f"{API}/login", json={"name": "nobody", "password": "wrong"})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.json()["code"] == "wrong_password"


def test_after_five_wrong_passwords_the_right_one_does_not_help(each_desk: Office) -> None:
    for _ in range(service.FAILURES):
        assert each_desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": "no"}).status_code == 401
    right = {"name": "chenyu", "password": PASSWORDS["chenyu"]}
    assert each_desk.stranger().post(f"{API}/login", json=right).status_code == 429
    assert each_desk.staff("liuzhuren")


def test_many_tries_at_the_same_moment_are_counted_one_by_one(desk: Office) -> None:
    def guess(_: int) -> int:
        return desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": "no"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(16)))
    assert statuses.count(401) == service.FAILURES and statuses.count(429) == 16 - service.FAILURES


def test_a_shut_name_opens_again_after_a_while(desk: Office) -> None:
    for _ in range(service.FAILURES):
        desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": "no"})
    with desk.house.store.work() as tx:
        tx.execute(sa.update(LoginFailure).values(at=now() - service.SHUT_FOR - timedelta(seconds=1)))
    assert desk.staff()


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(desk: Office) -> None:
    client = desk.staff()
    copy = desk.stranger()
    copy.cookies.set("yijianshi_staff", client.cookies["yijianshi_staff"])
    assert copy.get(f"{API}/me").status_code == 200
    assert client.post(f"{API}/logout").status_code == 200
    assert copy.get(f"{API}/me").status_code == 401


def test_a_session_ends_by_itself(desk: Office) -> None:
    client = desk.staff()
    with desk.house.store.work() as tx:
        tx.execute(sa.update(StaffSession).values(until=now() - timedelta(seconds=1)))
    assert client.get(f"{API}/me").status_code == 401
    run_one(desk, "staff.tidy")
    with desk.house.store.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(StaffSession)).scalar_one() == 0


def test_a_new_password_ends_every_session_and_opens_a_shut_name(desk: Office) -> None:
    client = desk.staff()
    for _ in range(service.FAILURES):
        desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": "no"})
    service.set_password(desk.house.store, "chenyu", "another good one")
    assert client.get(f"{API}/me").status_code == 401
    answer = desk.stranger().post(f"{API}/login", json={"name": "chenyu", "password": "another good one"})
    assert answer.status_code == 200


def test_a_shut_account_is_out_at_once(desk: Office) -> None:
    client = desk.staff()
    with desk.house.store.work() as tx:
        tx.execute(sa.update(StaffAccount).where(StaffAccount.name == "chenyu").values(disabled_at=now()))  # type: ignore[arg-type]
    assert client.get(f"{API}/me").status_code == 401
    right = {"name": "chenyu", "password": PASSWORDS["chenyu"]}
    assert desk.stranger().post(f"{API}/login", json=right).status_code == 401


@pytest.mark.parametrize("password", ["short", "xx-wangfang-xx"])
def test_a_password_that_anybody_would_try_is_refused(desk: Office, password: str) -> None:
    with pytest.raises(passwords.TooWeak):
        service.add_account(desk.house.store, "wangfang", "王芳", "clerk", ["511702"], password)


def test_an_account_that_does_not_fit_is_refused_in_words(desk: Office) -> None:
    good = "a good long password"
    for name, role, counties in (
        ("chenyu", "clerk", ["511702"]),
        ("w", "king", ["511702"]),
        ("w", "clerk", []),
        ("w", "clerk", ["5117"]),
        (" w", "clerk", ["511702"]),
    ):
        with pytest.raises(ValueError):
            service.add_account(desk.house.store, name, "王芳", role, counties, good)


def test_counties_are_six_digits() -> None:
    assert check_counties(["511702", "", "140728"]) == ["", "140728", "511702"]
    with pytest.raises(ValueError, match="county"):
        check_counties(["５１１７０２"])


def test_the_demo_s_accounts_are_made_once_and_told(desk: Office) -> None:
    told = service.seed_demo(desk.house.store)
    assert [name for name, _, _ in told] == [one.name for one in service.DEMO]
    for name, password, _ in told:
        assert desk.stranger().post(f"{API}/login", json={"name": name, "password": password}).status_code == 200


def test_outside_the_demo_no_demo_account_is_made(desk: Office) -> None:
    store = desk.house.store
    store.settings = store.settings.model_copy(update={"demo": False})
    with pytest.raises(RuntimeError):
        service.seed_demo(store)
