"""A notice reaches the person's phone once, in its order, by the best way that is open; nothing is lost when none is."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend import jobs
from backend.notices.templates import Template, template_of
from backend.people import service as people
from backend.settings import Settings
from tests.notices.followers import Office, WeChat

GENERIC = "打开对话，看详细情况"


def test_a_notice_is_shown_once_however_often_its_job_runs(office: Office) -> None:
    zhou = office.follower("zhou")
    office.tell(zhou, "受理了，开始办。")
    jobs.drain(office.house)
    for _ in range(3):
        jobs.run(office.house, "notices.push", zhou.account_id)
    office.sweep()
    assert (zhou.screen, office.states()) == (["受理了，开始办。"], ["sent"])


def test_notices_come_in_the_order_in_which_things_happened(office: Office) -> None:
    zhou = office.follower("zhou")
    office.tell(zhou, "一", "二", "三")
    jobs.run(office.house, "notices.push", zhou.account_id)
    assert zhou.screen == ["一", "二", "三"]


def test_what_is_too_long_for_one_message_comes_in_pieces_in_order(office: Office) -> None:
    zhou = office.follower("zhou")
    long = "\n".join(f"第{n}句：请带上身份证、户口簿和社保卡的原件。" for n in range(1, 60))
    office.tell(zhou, long)
    jobs.drain(office.house)
    assert len(zhou.screen) == len(office.states()) > 1
    assert set(office.states()) == {"sent"}
    assert all(f"第{n}句：" in "".join(zhou.screen) for n in range(1, 60))


def test_the_sixth_message_and_one_after_48_hours_go_by_template_and_say_nothing_personal(office: Office) -> None:
    zhou = office.follower("zhou")
    office.tell(zhou, *[f"残疾人证第{n}步" for n in range(1, 7)])
    jobs.drain(office.house)
    assert zhou.screen[:5] == [f"残疾人证第{n}步" for n in range(1, 6)]
    assert GENERIC in zhou.screen[5] and "残疾" not in zhou.screen[5]
    office.weixin.world.said(zhou.contact)
    office.weixin.world.clock.advance(48 * 3600 + 1)
    office.tell(zhou, "残疾人证办好了")
    jobs.drain(office.house)
    assert GENERIC in zhou.screen[6] and len(zhou.screen) == 7
    assert office.states() == ["sent"] * 7


def test_who_follows_no_more_finds_it_in_the_log_and_nobody_tries_again(office: Office) -> None:
    zhou = office.follower("zhou", wrote=False)
    zhou.contact.follows = False
    office.tell(zhou, "受理了。")
    jobs.drain(office.house)
    before = office.weixin.calls("/message/")
    office.sweep()
    assert (office.states(), zhou.screen, office.weixin.calls("/message/")) == (["inbox_only"], [], before)


def test_without_a_template_a_shut_window_leaves_it_in_the_log(office: Office) -> None:
    office.house.settings = office.house.settings.model_copy(update={"demo": False})
    zhou = office.follower("zhou", wrote=False)
    office.tell(zhou, "受理了。")
    jobs.drain(office.house)
    assert (office.states(), zhou.screen) == (["inbox_only"], [])
    assert [row.code for row in office.notices()] == [45015]


def test_with_the_door_shut_nothing_is_tried(office: Office) -> None:
    office.house.doors.clear()
    zhou = office.follower("zhou")
    office.tell(zhou, "受理了。")
    jobs.drain(office.house)
    assert (office.states(), office.weixin.calls("/")) == (["inbox_only"], 0)


@pytest.mark.parametrize("fault", ["busy", "minute_quota", "http_500", "http_503"])
def test_what_surely_did_not_arrive_is_sent_again_later_and_shown_once(office: Office, fault: str) -> None:
    zhou = office.follower("zhou")
    office.weixin.faults.switch(fault, "/message/custom/send")
    office.tell(zhou, "受理了。", "公示了。")
    jobs.drain(office.house)
    assert (office.states(), zhou.screen) == (["due", "due"], [])
    office.later(seconds=61)
    jobs.drain(office.house, late=True)  # the job that was started with a delay
    assert (office.states(), zhou.screen) == (["sent", "sent"], ["受理了。", "公示了。"])


def test_a_used_up_day_waits_for_tomorrow(office: Office) -> None:
    zhou = office.follower("zhou")
    office.weixin.faults.switch("daily_quota", "/message/custom/send")
    office.tell(zhou, "受理了。")
    jobs.drain(office.house)
    (notice,) = office.notices()
    assert notice.state == "due" and notice.code == 45009
    local_midnight = (notice.due_at.timestamp() + 8 * 3600) % 86400
    assert min(local_midnight, 86400 - local_midnight) < 5
    office.later(days=1)
    jobs.drain(office.house, late=True)
    assert zhou.screen == ["受理了。"]


def test_an_endless_fault_ends_and_is_left_for_the_operator(office: Office) -> None:
    zhou = office.follower("zhou")
    office.weixin.faults.switch("http_500", "/message/custom/send", times=-1)
    office.tell(zhou, "受理了。")
    for _ in range(10):
        jobs.run(office.house, "notices.push", zhou.account_id)
        office.later(hours=1)
    assert office.states() == ["failed"] and office.weixin.calls("/message/custom/send") == 6


@pytest.mark.parametrize("fault", ["truncated", "html", "http_502"])
def test_an_answer_that_got_lost_is_unconfirmed_and_never_sent_again(office: Office, fault: str) -> None:
    zhou = office.follower("zhou")
    office.weixin.faults.switch(fault, "/message/custom/send")
    office.tell(zhou, "没有通过。", "下一件。")
    jobs.drain(office.house)
    office.later(hours=1)
    office.sweep()
    assert office.states() == ["unconfirmed", "sent"]
    assert zhou.screen.count("没有通过。") <= 1 and zhou.screen[-1] == "下一件。"
    assert office.weixin.calls("/message/custom/send") == 2


def test_the_next_notices_do_not_wait_for_a_broken_one_of_somebody_else(office: Office) -> None:
    zhou, lei = office.follower("zhou"), office.follower("lei")
    office.weixin.faults.switch("http_500", "/message/custom/send")
    office.tell(zhou, "给周")
    office.tell(lei, "给雷")
    jobs.drain(office.house)
    assert (zhou.screen, lei.screen) == ([], ["给雷"])


def test_who_has_been_deleted_is_told_nothing(office: Office) -> None:
    zhou = office.follower("zhou")
    office.tell(zhou, "受理了。")
    taken = people.export(office.house.store, zhou.person_id)["notices"]
    assert [(one["what"], one["state"]) for one in taken] == [("case_moved", "due")]
    people.forget(office.house.store, zhou.person_id)
    jobs.drain(office.house)
    assert (zhou.screen, office.notices()) == ([], [])


def test_old_notices_go_and_waiting_ones_stay(office: Office) -> None:
    zhou = office.follower("zhou")
    office.tell(zhou, "一")
    jobs.drain(office.house)
    office.weixin.faults.switch("http_500", "/message/custom/send", times=-1)
    office.tell(zhou, "二")
    office.later(days=office.house.settings.retention.events + 1)
    jobs.run(office.house, "notices.forget_old")
    assert office.states() == ["due"]


def test_jobs_and_logs_know_neither_words_nor_openid(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    zhou = office.follower("zhou")
    office.weixin.faults.switch("truncated", "/message/custom/send")
    office.tell(zhou, "周桂兰的残疾人证没有通过", "第二条")
    jobs.drain(office.house)
    prefix = "dbos." if office.house.store.on_postgres else ""
    with office.house.store.read() as tx:
        kept = [
            " ".join(map(str, row))
            for table in ("workflow_status", "workflow_input")
            for row in tx.execute(sa.text(f"SELECT * FROM {prefix}{table}"))
        ]
        rows = [
            " ".join(bytes(v).decode("utf-8", "replace") if isinstance(v, bytes | memoryview) else str(v) for v in row)
            for row in tx.execute(sa.text("SELECT * FROM notice"))
        ]
    records = " ".join(json.dumps(record.__dict__, default=str, ensure_ascii=False) for record in caplog.records)
    everything = "\n".join([*kept, *rows, records])
    assert zhou.account_id in everything and "push_alarm" in everything
    assert [word for word in ("桂兰", "没有通过", zhou.contact.openid) if word in everything] == []


def test_the_operators_template_file_goes_over_ours_and_a_wrong_value_is_refused(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, demo=True, data_dir=tmp_path)
    assert template_of(settings, "wechat_mp") is None
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "templates.yaml").write_text("wechat_oa: {template: REAL_1}", "utf-8")
    found = template_of(settings, "wechat_oa")
    assert found is not None and found[0] == "REAL_1" and "thing1" in found[1].fields
    with pytest.raises(ValueError, match="phrase2"):
        Template(fields={"phrase2": "太长的一句话了"})


def test_the_window_of_the_stand_in_is_the_one_of_the_platform(weixin: WeChat) -> None:
    limits = weixin.world.limits
    assert (limits.message_window_s, limits.message_sends) == (48 * 3600, 5)
