"""A server of recorded answers: every kind of block and of question that the pages must show, each as a state by name.

It speaks the JSON API (and serves the pages and `/plain`) so that each state can be reached at once, at any size and in
any theme, and so that faults can be played at will. It decides nothing: what a talk does is tested with the real server.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, UploadFile
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from PIL import Image
from sse_starlette import EventSourceResponse

from backend.conversations.entries import deleted
from backend.conversations.plain import Unaccepted, plain_pages
from backend.web import Manners
from dialogs.messages import (
    Ask,
    Cite,
    Explained,
    Link,
    Offer,
    OfferedItem,
    Option,
    Packet,
    Progress,
    ProgressLine,
    Reply,
    Review,
    ReviewLine,
    ReviewSection,
    Say,
    Why,
)

STATIC = Path(__file__).resolve().parents[2] / "static"
START = datetime(2026, 11, 20, 14, 40, tzinfo=UTC)
DIBAO = Explained("低保", "家里收入很低，政府按月给的生活补助。")
LEVEL = Explained("残疾等级", "残疾人证上写的一级到四级。一级最重。")
DOCUMENTS = {"tongchuan": "通区民发〔2022〕50号"}
YES_NO = (Option(True, "有"), Option(False, "没有"), Option("unsure", "不清楚", "没关系，我们一起看"))
CATEGORIES = tuple(
    Option(*pair)
    for pair in [
        ("visual", "视力"),
        ("hearing", "听力"),
        ("physical", "肢体"),
        ("intellectual", "智力"),
        ("mental", "精神"),
    ]
)
LATER = (
    Option("later", "以后再补"),
    Option("window", "到窗口再交"),
    Option("other", "请别人帮忙拍", "给您一个链接，用一次"),
)
PICTURE = "0192f0c1-0000-7000-8000-000000000001"


def ask(question: str, title: str, text: str, input: Any, *options: Option, **more: Any) -> Ask:
    return Ask(question, f"state/{question}", title, text, input, options, **more)


CARD = ask(
    "holds_card", "残疾人证", "孩子有残疾人证吗？", "choice", *YES_NO, explained=(LEVEL,), at=2, of=9, about="儿子"
)
OFFER = Offer(
    "看了您说的，孩子的情况是这样。",
    (
        OfferedItem(
            "allowance.nursing34",
            "三、四级智力和精神残疾人护理补贴",
            "eligible",
            "孩子可以申请这一项。",
            (
                Why("户口在通川区。", True, Cite("tongchuan", "附件2 二（二）")),
                Why("智力残疾，三级。", True, Cite("tongchuan", "附件2 二（二）")),
            ),
            "offline",
            "区或乡镇的综合窗口",
            "受理后10个工作日",
            ("申请表", "身份证", "户口簿", "社保卡"),
        ),
        OfferedItem(
            "allowance.hardship",
            "困难残疾人生活补贴",
            "later",
            "等有了低保，就可以申请。",
            (Why("现在没有低保。", False, Cite("tongchuan", "附件2 二（二）")),),
            "offline",
            "综合窗口",
            "受理后10个工作日",
            (),
            "先到社区申请低保。",
        ),
        OfferedItem(
            "medical.subsidy",
            "医保个人缴费补贴",
            "automatic",
            "不用申请，系统会自己核对。",
            (Why("低保家庭的孩子。", True, Cite("tongchuan", "附件2 二（四）")),),
            "auto",
            "",
            "受理后15个工作日",
        ),
        OfferedItem(
            "allowance.nursing",
            "重度残疾人护理补贴",
            "not_eligible",
            "这一项只给一级和二级。",
            (Why("孩子是三级。", False, Cite("tongchuan", "附件2 二（二）")),),
            "offline",
            "",
            "",
            (),
            "等级变了，可以再来。",
        ),
        OfferedItem(
            "pension.subsidy",
            "养老保险补助",
            "unknown",
            "文件没写清，要问工作人员。",
            (Why("年龄还没到。", None, Cite("tongchuan", "附件2 二（三）")),),
            "auto",
            "",
            "受理后45个工作日",
        ),
    ),
)
PAPER = "“扶残助困一件事”申请表"
REVIEW = Review(
    "请看一遍。哪里不对，点“修改”。",
    (
        ReviewSection(
            "孩子",
            (
                ReviewLine("name", "姓名", "周小树"),
                ReviewLine("id_number", "身份证号", "9901**********0012"),
                ReviewLine("card_level", "残疾等级", "三级"),
                ReviewLine("", "年龄", "9岁"),
            ),
        ),
        ReviewSection("照片", (ReviewLine("photo.household_book", "户口簿", "2张", (PICTURE, PICTURE)),)),
        ReviewSection("交给谁", (ReviewLine("", "护理补贴", "通川区民政局"),)),
    ),
    PAPER,
)
PACKET = Packet(
    "去窗口时，带上这一页。只跑一次。",
    "TC7K-4M29-X",
    ("申请表已经填好", "护理补贴一项"),
    ("户口簿原件", "身份证原件", "两寸白底照片3张"),
    ("通川区政务服务中心一楼综合窗口", "周一到周五，9点到17点"),
    PAPER,
)
PROGRESS = Progress(
    "现在办到这里。",
    "TC7K-4M29-X",
    (
        ProgressLine("card.new", "残疾人证", "done", "证已经办好，可以去取。"),
        ProgressLine("allowance.nursing34", "护理补贴", "doing", "民政局正在看。", "12月4日以前有结果"),
        ProgressLine("medical.subsidy", "医保缴费补贴", "todo", "证办好后自动开始。"),
        ProgressLine("allowance.hardship", "生活补贴", "elsewhere", "请到国家系统继续办。"),
        ProgressLine("pension.subsidy", "养老保险补助", "trouble", "户口簿那张看不清，请再拍一张。"),
    ),
    PAPER,
)
PHOTO = ask(
    "photo.household_book",
    "户口簿",
    "请拍孩子的户口簿。\n首页和孩子那一页，都要。",
    "photo",
    *LATER,
    hint="放平，光线亮一点，四个角都拍进去。",
    at=6,
    of=9,
    about="儿子",
)


DELETED = deleted(1095)


@dataclass
class State:
    """What the page shows when it comes to this state; `then` is the state after any answer."""

    replies: tuple[Reply, ...] = ()
    open: Ask | None = None
    then: str = "none"
    said: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    by: str = "bot"


DRAFTS = [
    {"id": "0192f0c1-0000-7000-8000-00000000000a", "label": "王大爷", "submitted": True, "current": False},
    {"id": "0192f0c1-0000-7000-8000-00000000000b", "label": "李秀英", "submitted": False, "current": True},
    {"id": "0192f0c1-0000-7000-8000-00000000000c", "label": "陈家老二", "submitted": False, "current": False},
]
STATES: dict[str, State] = {
    "empty": State(then="choice"),
    "choice": State(
        (Say("您好。我帮您办残疾人的几件事。", "warm"), Say("一次问清，能办的一起办。", explained=(DIBAO,))),
        CARD,
        "choices",
        "你好",
    ),
    "choice_said": State(
        (Say("好，改这一项。"),),
        ask(
            "card_level",
            "残疾等级",
            "是几级？",
            "choice",
            *(Option(n, f"{'一二三四'[n - 1]}级") for n in range(1, 5)),
            said=3,
        ),
        "review",
        "等级改一下",
    ),
    "choices": State(
        (Say("好的。", cites=(Cite("tongchuan", "附件2 二（一）1"),)),),
        ask(
            "card_categories",
            "残疾类别",
            "证上写的是哪一类？",
            "choices",
            *CATEGORIES,
            Option("none", "都没有"),
            Option("unsure", "不清楚"),
            hint="可以选几项。",
            at=3,
            of=9,
        ),
        "text",
        "有",
    ),
    "text": State(
        (Say("记下了。"),),
        ask("name", "姓名", "孩子叫什么名字？", "text", rules="name", at=4, of=9),
        "id_number",
        "智力",
    ),
    "id_number": State(
        (),
        ask(
            "id_number",
            "身份证号",
            "孩子的身份证号是多少？",
            "text",
            Option("unsure", "现在没有，以后再填"),
            rules="id_number",
            hint="18位，最后一位可能是X。",
        ),
        "phone",
    ),
    "many": State(
        (), ask("nation", "民族", "孩子是哪个民族？", "choice", *(Option(n, f"民族{n}") for n in range(1, 58))), "none"
    ),
    "phone": State((), ask("phone", "手机号", "您的手机号是多少？", "text", rules="phone"), "number"),
    "number": State((), ask("family_size", "家里人口", "家里几口人？", "number"), "date"),
    "date": State((), ask("valid_to", "证的有效期", "残疾人证到哪一天？", "date", Option("unsure", "不清楚")), "place"),
    "place": State(
        (),
        ask(
            "household_place",
            "户口",
            "孩子的户口在哪里？",
            "place",
            Option("511702", "通川区"),
            Option("511703", "达川区"),
            hint="写县或区就行。",
        ),
        "offer",
    ),
    "residence": State(
        (),
        ask("residence", "住处", "孩子现在住在哪里？", "place", Option("same", "和户口一样")),
        "offer",
    ),
    "offer": State(
        (OFFER,),
        ask(
            "wants",
            "要办的",
            "这次办哪几项？",
            "choices",
            Option("allowance.nursing34", "护理补贴", "到窗口办"),
            Option("allowance.hardship", "生活补贴"),
        ),
        "photo",
        "通川区",
    ),
    "photo": State((Say("下面拍几张照片。"),), PHOTO, "review", "护理补贴"),
    "review": State(
        (REVIEW,),
        ask(
            "confirm_submit", "核对", "都对吗？", "choice", Option(True, "都对，下一步"), Option("change", "有地方要改")
        ),
        "signature",
        "2张照片",
    ),
    "signature": State(
        (Say("最后一步，签名。"),),
        ask(
            "signature",
            "签名",
            "我保证上面都是真的。\n请签名。",
            "signature",
            Option("window", "到窗口再签"),
            at=9,
            of=9,
        ),
        "packet",
        "都对",
    ),
    "signature_by_hand": State(
        (),
        ask("signature", "签名", "请“王大爷”签名。", "signature", Option("window", "到窗口再签"), rules="own_hand"),
        "packet",
    ),
    "packet": State((Say("交上去了。", "warm"), PACKET), None, "progress", "签名"),
    "progress": State(
        (PROGRESS,),
        ask("rate", "评价", "这次办得怎么样？", "choice", *(Option(n, f"{n}分") for n in range(5, 0, -1))),
        "none",
        "进度",
    ),
    "link": State(
        (
            Say("这一项在国家系统办。"),
            Link("去全国残疾人两项补贴系统", "https://example.org/"),
            Link("没有网址。请在支付宝里找“民政”。", ""),
        ),
        None,
        "none",
    ),
    "floor": State(
        (Say("您好，我是小陈。您慢慢说。", by="小陈"),),
        None,
        "floor",
        "找工作人员",
        {"floor": {"name": "小陈"}},
        "staff",
    ),
    "notice": State((Say("民政局请您再拍一张户口簿。\n上一张有反光。", "notice"),), PHOTO, "review", by="notice"),
    "hint": State(
        (Say("请写到村或社区，再写门牌。", "error"),),
        ask("address", "现住址", "孩子住在哪里？", "text", rules="address", hint="写到村或社区，再写门牌。"),
        "phone",
        "路",
    ),
    "refused": State(
        tuple(Say(f"“{name}”这张用不了。", "notice") for name in ("身份证", "户口簿", "社保卡")),
        ask("photo.id_card", "身份证", "刚才那张没拍全。\n请再拍一张身份证。", "photo", *LATER, about="儿子"),
        "review",
        by="notice",
    ),
    "helper": State(
        (Say("现在办李秀英的。"),),
        ask(
            "is_dibao",
            "低保",
            "李秀英有低保吗？",
            "choice",
            *YES_NO,
            explained=(DIBAO,),
            about="李秀英",
            can_go_back=False,
        ),
        "choices",
        "换到李秀英",
        {"drafts": DRAFTS, "about": "李秀英"},
    ),
    "wrong": State(
        (Say("这个号码少了一位。请照证上再写一遍。", "error"),),
        ask("id_number", "身份证号", "孩子的身份证号是多少？", "text", rules="id_number"),
        "phone",
        "990101",
    ),
    "unknown": State((), ask("holds_card", "残疾人证", "有残疾人证吗？", "choice", *YES_NO), "choices"),
    "none": State((Say("都办好了。有消息会告诉您。", "warm"),), None, "none", "好"),
}


class Person:
    """One browser's talk."""

    def __init__(self) -> None:
        self.state = "empty"
        self.log: list[dict[str, Any]] = []
        self.answered: dict[str, dict[str, Any]] = {}
        self.posted: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.changed = asyncio.Event()

    def add(self, by: str, *blocks: dict[str, Any]) -> dict[str, Any]:
        at = START + timedelta(hours=len(self.log) // 3 * 11)
        entry = {"id": f"e{len(self.log)}", "at": at.isoformat(), "from": by, "blocks": json.loads(json.dumps(blocks))}
        self.log.append(entry)
        return entry

    def play(self, name: str) -> list[dict[str, Any]]:
        """Comes to this state; what is new in the record."""
        self.state, state = name, STATES[name]
        fresh = [self.add(state.by, *map(asdict, state.replies))] if state.replies else []
        if name == "unknown":
            fresh.append(self.add("bot", {"kind": "hologram", "text": "这里有一张图。要点都写在这里。"}))
        return fresh

    def view(self) -> dict[str, Any]:
        state = STATES[self.state]
        opened = json.loads(json.dumps(asdict(state.open))) if state.open else None
        shown = {"open": opened, "about": opened["about"] if opened else "", "drafts": [], "floor": None, "needs": []}
        return {**shown, "documents": DOCUMENTS, **state.more}

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.posted.append(body)
        state = STATES[self.state]
        fresh = [self.add("bot", asdict(state.open))] if state.open else []
        words = str(body.get("text") or body.get("value") or body.get("command") or "照片")
        fresh.append(self.add("person", {"kind": "said", "text": words, "photo_ids": body.get("photo_ids", [])}))
        then = {"change": "choice_said", "progress": "progress", "human": "floor"}.get(
            body.get("command", ""), state.then
        )
        return {"entries": fresh + self.play({"990101": "wrong", "路": "hint"}.get(words, then)), **self.view()}


class Recorded:
    """The people of this server, by cookie, and the pictures they sent."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.pictures: dict[str, bytes] = {PICTURE: drawn_picture()}

    def person(self, request: Request) -> Person:
        return self.people.setdefault(request.cookies.get("yijianshi", "nobody"), Person())

    def keep(self, data: bytes) -> str:
        """Keeps one picture, or raises ValueError."""
        try:
            data.startswith(b"%PDF-") or Image.open(io.BytesIO(data)).verify()
        except Exception as fault:
            raise ValueError("这个文件不是照片。请重新拍一张，或换一张。") from fault
        name = f"0192f0c1-0000-7000-8000-{secrets.token_hex(6)}"
        self.pictures[name] = data
        return name


def drawn_picture() -> bytes:
    """A page of nothing that looks like a photograph."""
    image = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    kept = io.BytesIO()
    image.save(kept, "JPEG")
    return kept.getvalue()


def problem(status: int, code: str, says: str) -> JSONResponse:
    return JSONResponse({"status": status, "code": code, "says": says}, status, media_type="application/problem+json")


class Way:
    """The plain page's door to these recordings."""

    def __init__(self, recorded: Recorded, secret: str) -> None:
        self.recorded, self.secret = recorded, secret
        self.person = recorded.people.setdefault(secret, Person())

    async def shown(self) -> dict[str, Any]:
        return {"log": self.person.log, **self.person.view()}

    async def hand(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        if key not in self.person.answered:
            self.person.answered[key] = self.person.answer(body)
        return self.person.answered[key]

    async def keep(self, picture: UploadFile, key: str) -> str:
        try:
            return self.recorded.keep(await picture.read())
        except ValueError as fault:
            raise Unaccepted(str(fault)) from fault

    async def forget(self) -> str:
        self.recorded.people.pop(self.secret, None)
        return DELETED


def create(recorded: Recorded) -> FastAPI:
    """The server around these recordings."""
    app = FastAPI()
    app.add_middleware(GZipMiddleware, minimum_size=500)
    app.add_middleware(Manners, caps={"": 50_000_000}, open_doors=())  # the same headers of safety as the real one
    app.mount("/static", StaticFiles(directory=STATIC))

    async def way_in(request: Request, response: Response) -> Way:
        secret = request.cookies.get("yijianshi") or secrets.token_hex(8)
        response.set_cookie("yijianshi", secret, httponly=True, samesite="lax")
        return Way(recorded, secret)

    app.include_router(plain_pages(way_in))

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(STATIC / "chat" / "index.html")

    @app.get("/_play/{name}")
    async def play(name: str, request: Request, to: str = "/", fault: str = "") -> Response:
        """Begins anew in this state; `fault` lists what the next posts meet: 500, 422, cut."""
        token = secrets.token_hex(8)
        person = recorded.people[token] = Person()
        person.faults = fault.split(",") if fault else []
        if STATES[name].said:
            person.add("person", {"kind": "said", "text": STATES[name].said, "photo_ids": []})
        person.play(name)
        answer = RedirectResponse(to)
        answer.set_cookie("yijianshi", token, httponly=True, samesite="lax")
        return answer

    @app.get("/api/v1/conversation")
    async def conversation(request: Request) -> dict[str, Any]:
        person = recorded.person(request)
        return {"log": person.log, **person.view()}

    @app.post("/api/v1/messages")
    async def messages(request: Request) -> Response:
        person, key = recorded.person(request), request.headers["idempotency-key"]
        fault = person.faults.pop(0) if person.faults else ""
        if fault == "500":
            return HTMLResponse("<h1>Internal Server Error</h1>", 500)
        if fault == "422":
            return problem(422, "bad_value", "这个没看懂。请换个说法再写一次。")
        if key not in person.answered:
            person.answered[key] = person.answer(await request.json())
        if fault == "cut":  # the turn is kept, its answer is lost on the way
            return HTMLResponse("", 504)
        return JSONResponse(person.answered[key])

    @app.post("/api/v1/photos")
    async def photos(file: UploadFile) -> Response:
        try:
            name = recorded.keep(await file.read())
        except ValueError as fault:
            return problem(422, "bad_file", str(fault))
        return JSONResponse({"photo_id": name, "preview": f"/api/v1/photos/{name}/preview"})

    @app.get("/api/v1/photos/{name}/preview")
    async def preview(name: str) -> Response:
        if name not in recorded.pictures:
            raise HTTPException(404)
        return Response(recorded.pictures[name], media_type="image/jpeg")

    @app.get("/api/v1/events")
    async def events(request: Request) -> Response:
        person = recorded.person(request)

        async def stream() -> AsyncIterator[dict[str, str]]:
            while True:
                await person.changed.wait()
                person.changed.clear()
                yield {"event": "changed", "data": '{"id": "1"}'}

        if not person.log:
            return problem(404, "nobody", "这里还没有您的记录。")
        return EventSourceResponse(stream())

    @app.post("/_staff/{name}")
    async def staff(name: str, request: Request) -> None:
        """Somebody of the staff speaks: the record grows without the person having done anything."""
        person = recorded.person(request)
        person.play(name)
        person.changed.set()

    @app.delete("/api/v1/me")
    async def forget(request: Request) -> dict[str, str]:
        recorded.people.pop(request.cookies.get("yijianshi", ""), None)
        return {"says": DELETED}

    @app.get("/api/v1/me/export")
    async def export(request: Request) -> dict[str, Any]:
        return {"log": recorded.person(request).log}

    return app
