"""The papers themselves, drawn flat: what each looks like, and what it says (by the names that the reading uses).

Their shape follows what such papers have in common, not any one in particular; nothing on them is real.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from random import Random

from PIL import Image, ImageDraw, ImageFont

from tests.photos.papers import people
from tests.photos.papers.faces import portrait
from tests.photos.papers.people import Person, invented, years_on

Colour = tuple[int, int, int]
BLACK, BLUE, RED = (22, 22, 26), (70, 110, 160), (190, 40, 40)
CATEGORIES = {
    "视力": ("vision", 1),
    "听力": ("hearing", 2),
    "言语": ("speech", 3),
    "肢体": ("physical", 4),
    "智力": ("intellectual", 5),
    "精神": ("mental", 6),
}
LEVELS = ("一", "二", "三", "四")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A flat paper. `says`: what is to be read on it."""

    kind: str
    image: Image.Image
    says: dict[str, str] = field(default_factory=dict)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    path = resources.files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc"
    return ImageFont.truetype(str(path), size, index=2)


class Pen:
    """Writes on a sheet that is measured in millimetres."""

    def __init__(self, wide: float, tall: float, dots: float, paper: Colour) -> None:
        self.dots = dots
        self.image = Image.new("RGB", (round(wide * dots), round(tall * dots)), paper)
        self.draw = ImageDraw.Draw(self.image)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        tall: float = 3.2,
        colour: Colour = BLACK,
        *,
        apart: float = 0,
        bold: bool = False,
    ) -> float:
        """Text from its upper left corner; returns where it ends. `apart`: extra room behind each character."""
        font = _font(round(tall * self.dots))
        for piece in text if apart else (text,):
            place = (x * self.dots, (y - tall * 0.35) * self.dots)
            self.draw.text(place, piece, colour, font, stroke_width=round(tall * self.dots / 28) if bold else 0)
            x += font.getlength(piece) / self.dots + apart
        return x

    def centred(
        self, y: float, text: str, tall: float, colour: Colour = BLACK, *, apart: float = 0, bold: bool = False
    ) -> None:
        wide = _font(round(tall * self.dots)).getlength(text) / self.dots + apart * (len(text) - 1)
        self.write((self.image.width / self.dots - wide) / 2, y, text, tall, colour, apart=apart, bold=bold)

    def wrapped(self, x: float, y: float, text: str, across: int, tall: float, step: float) -> None:
        for number, at in enumerate(range(0, len(text), across)):
            self.write(x, y + number * step, text[at : at + across], tall)

    def line(self, *points: float, colour: Colour = BLACK, wide: float = 0.25) -> None:
        self.draw.line([point * self.dots for point in points], colour, max(1, round(wide * self.dots)))

    def box(self, x: float, y: float, w: float, h: float, **how: Colour) -> None:
        self.draw.rectangle([part * self.dots for part in (x, y, x + w, y + h)], **how)

    def stamp(self, x: float, y: float, across: float, text: str) -> None:
        """A round seal with a few characters in it, as pale as ink is."""
        seal = Image.new("RGBA", self.image.size)
        draw, r = ImageDraw.Draw(seal), across / 2
        draw.ellipse(
            [part * self.dots for part in (x - r, y - r, x + r, y + r)],
            outline=(200, 30, 30, 190),
            width=round(self.dots * 0.8),
        )
        draw.text(
            (x * self.dots, y * self.dots), text, (200, 30, 30, 190), _font(round(across / 9 * self.dots)), anchor="mm"
        )
        self.image.paste(seal, mask=seal)

    def head(self, rng: Random, x: float, y: float, w: float, h: float) -> None:
        size = (round(w * self.dots), round(h * self.dots))
        self.image.paste(portrait(rng, *size), (round(x * self.dots), round(y * self.dots)))

    def waves(self, rng: Random, colour: Colour, count: int = 18) -> None:
        """The fine lines in the ground of a card."""
        wide, tall = self.image.size
        for number in range(count):
            y = tall * number / count
            points = [(x, y + rng.uniform(-0.02, 0.02) * tall) for x in range(0, wide + 80, 80)]
            self.draw.line(points, colour, 2)


def card(rng: Random, paper: Colour, lines: Colour) -> Pen:
    """A sheet of the size of a bank card."""
    pen = Pen(85.6, 54, 14, paper)
    pen.waves(rng, lines)
    return pen


def id_front(rng: Random, who: Person) -> Sheet:
    pen = card(rng, (232, 238, 242), (208, 226, 234))
    for y, label in ((6, "姓名"), (13.5, "性别"), (20.5, "出生"), (27.5, "住址")):
        pen.write(5, y, label, 2.8, BLUE)
    pen.write(14, 5.6, who.name, 3.6, apart=0.3)
    pen.write(14, 13.2, who.gender, 3.2)
    pen.write(23, 13.5, "民族", 2.8, BLUE)
    pen.write(31, 13.2, who.people, 3.2)
    for x, text, unit in (
        (14, f"{who.born.year}", "年"),
        (27, f"{who.born.month}", "月"),
        (35, f"{who.born.day}", "日"),
    ):
        end = pen.write(x, 20.2, text, 3.2)
        pen.write(max(end + 1, x + 4), 20.5, unit, 2.8, BLUE)
    pen.wrapped(14, 27, who.address, 11, 3.2, 4.6)
    pen.write(5, 46.2, "公民身份号码", 2.8, BLUE)
    pen.write(29, 45.7, who.id_number, 3.6, apart=0.5)
    pen.head(rng, 58, 7, 23, 30)
    said = {"name": who.name, "id_number": who.id_number, "household_address": who.address}
    return Sheet("id_front", pen.image, said)


def id_back(rng: Random, who: Person) -> Sheet:
    pen = card(rng, (233, 233, 240), (214, 216, 230))
    pen.draw.ellipse([part * pen.dots for part in (7, 6, 21, 20)], (196, 60, 50))
    pen.write(27, 7, "中华人民共和国", 5, apart=0.8)
    pen.write(28, 15.5, "居民身份证", 7, apart=1.4, bold=True)
    pen.write(16, 40, "签发机关", 2.8, BLUE)
    pen.write(32, 39.7, who.county.split("省")[-1].split("市")[-1] + "公安局", 3.2)
    pen.write(16, 46.4, "有效期限", 2.8, BLUE)
    until, says = _validity(rng, who)
    pen.write(32, 46.1, f"{who.issued:%Y.%m.%d}-{until}", 3.2)
    return Sheet("id_back", pen.image, {"valid_from": f"{who.issued}", "valid_to": says})


def _validity(rng: Random, who: Person) -> tuple[str, str]:
    if rng.random() < 0.15:
        return "长期", "长期"
    last = years_on(who.issued, rng.choice((5, 10, 20)))
    return f"{last:%Y.%m.%d}", f"{last}"


def household_first(rng: Random, who: Person) -> Sheet:
    pen = Pen(143, 105, 10, (246, 243, 232))
    pen.centred(9, "家庭户" if rng.random() < 0.5 else "居民户口簿首页", 5, apart=1)
    rows = (
        ("户    别", "家庭户口"),
        ("户主姓名", who.name),
        ("户    号", f"{rng.randrange(10**8, 10**9)}"),
        ("住    址", who.address),
    )
    _grid(pen, 22, 15, (12, 42, 131), [(label, text) for label, text in rows])
    pen.write(12, 88, "承办人签章：", 3.2)
    pen.write(80, 88, f"{who.issued.year}年{who.issued.month}月{who.issued.day}日签发", 3.2)
    pen.stamp(58, 84, 26, "户口专用章")
    return Sheet("household_first", pen.image, {"householder_name": who.name, "household_address": who.address})


def household_own(rng: Random, who: Person) -> Sheet:
    pen = Pen(143, 105, 10, (246, 243, 232))
    pen.centred(7, "常住人口登记卡", 5, apart=1.6)
    left, half, right = 8, 72, 135
    cells = [
        ("姓    名", who.name, "户主或与户主关系", rng.choice(("户主", "妻", "长子", "女"))),
        ("曾 用 名", "", "性    别", who.gender),
        ("出 生 地", who.county, "民    族", who.people + "族"),
        ("籍    贯", who.county[:6], "出生日期", f"{who.born.year}年{who.born.month}月{who.born.day}日"),
        ("公民身份证件编号", who.id_number, "宗教信仰", ""),
        ("文化程度", rng.choice(("小学", "初中", "高中")), "婚姻状况", rng.choice(("已婚", "未婚"))),
        ("服务处所", "", "职    业", ""),
    ]
    step = 10.5
    for number, (label, text, other, more) in enumerate(cells):
        y = 18 + number * step
        pen.line(left, y, right, y)
        pen.write(left + 1.5, y + 3.6, label, 2.6 if len(label) > 5 else 3)
        pen.write(left + 26, y + 3.4, text, 3.3)
        pen.write(half + 1.5, y + 3.6, other, 2.6 if len(other) > 5 else 3)
        pen.write(half + 27, y + 3.4, more, 3.3)
    bottom = 18 + len(cells) * step
    for x in (left, left + 24.5, half, half + 25, right):
        pen.line(x, 18, x, bottom)
    pen.line(left, bottom, right, bottom)
    pen.write(10, bottom + 5, "承办人签章", 3)
    pen.stamp(110, bottom + 3, 20, "派出所")
    return Sheet("household_own", pen.image, {"name": who.name, "id_number": who.id_number})


def disability_card(rng: Random, who: Person) -> Sheet:
    """Two looks: the booklet's page and the chip card."""
    several = rng.random() < 0.15
    chosen = rng.sample(sorted(CATEGORIES), 2) if several else [rng.choice(sorted(CATEGORIES))]
    level = rng.randrange(1, 5)
    number = f"{who.id_number}{7 if several else CATEGORIES[chosen[0]][1]}{level}"
    words = "多重" if several else chosen[0]
    says = {"name": who.name, "disability_card_no": number, "card_level": f"{level}"}
    if not several:
        says["card_categories"] = CATEGORIES[chosen[0]][0]
    draw = _disability_page if rng.random() < 0.5 else _disability_chip
    return Sheet("disability_card", draw(rng, who, words, LEVELS[level - 1], number, says), says)


def _disability_page(
    rng: Random, who: Person, category: str, level: str, number: str, says: dict[str, str]
) -> Image.Image:
    pen = Pen(120, 84, 12, (240, 244, 236))
    pen.waves(rng, (222, 234, 220), 26)
    until = years_on(who.issued, 10)
    pen.head(rng, 8, 12, 26, 34)
    rows = (
        (("姓名", who.name), ("性别", who.gender)),
        (("民族", who.people), ("出生年月", f"{who.born.year}年{who.born.month}月")),
        (("残疾类别", category), ("残疾等级", level + "级")),
    )
    for number_of_row, row in enumerate(rows):
        for x, (label, text) in zip((40, 78), row, strict=True):
            end = pen.write(x, 12 + number_of_row * 8, label + "：", 3.2)
            pen.write(end + 1, 12 + number_of_row * 8, text, 3.4)
    pen.write(40, 36, "残疾人证号：", 3.2)
    pen.write(40, 42, number, 3.8, apart=0.4)
    pen.write(8, 52, "住址：", 3.2)
    pen.wrapped(20, 52, who.address, 22, 3.3, 5)
    pen.write(8, 64, "签发日期：" + _spoken(who.issued), 3.2)
    pen.write(66, 64, "有效期至：" + _spoken(until), 3.2)
    pen.write(8, 72, "监护人：", 3.2)
    pen.write(66, 72, "联系电话：", 3.2)
    pen.stamp(96, 70, 22, "残疾人联合会")
    says |= {"household_address": who.address, "card_valid_from": f"{who.issued}", "card_valid_to": f"{until}"}
    return pen.image


def _disability_chip(
    rng: Random, who: Person, category: str, level: str, number: str, says: dict[str, str]
) -> Image.Image:
    pen = card(rng, (226, 238, 232), (204, 228, 214))
    until = years_on(who.issued, 10)
    pen.centred(4, "中华人民共和国残疾人证", 4.4, (30, 90, 60), apart=0.6, bold=True)
    pen.head(rng, 5, 13, 19, 25)
    rows = (("姓名", who.name), ("性别", who.gender), ("残疾类别", category), ("残疾等级", level + "级"))
    for at, (label, text) in enumerate(rows):
        pen.write(28, 14 + at * 6, label, 2.9, (40, 100, 70))
        pen.write(44, 13.8 + at * 6, text, 3.3)
    pen.write(28, 38, "证号", 2.9, (40, 100, 70))
    pen.write(36, 37.8, number, 3.4, apart=0.2)
    pen.write(28, 44.4, "有效期限", 2.9, (40, 100, 70))
    pen.write(44, 44.2, f"{who.issued:%Y.%m.%d}-{until:%Y.%m.%d}", 3.1)
    says |= {"card_valid_from": f"{who.issued}", "card_valid_to": f"{until}"}
    return pen.image


def bank_card(rng: Random, who: Person) -> Sheet:
    paper = rng.choice(((40, 74, 140), (150, 30, 44), (34, 100, 80), (196, 170, 100), (70, 74, 84)))
    lines = tuple(min(255, part + 16) for part in paper)
    pen = card(rng, paper, (lines[0], lines[1], lines[2]))
    light = (244, 240, 226) if sum(paper) < 420 else (40, 34, 20)
    number = people.bank_number(rng)
    pen.write(6, 6, rng.choice(people.BANKS), 4.4, light, bold=True)
    pen.write(62, 6, rng.choice(("借记卡", "储蓄卡", "惠民卡")), 3.4, light)
    pen.box(8, 17, 11, 8, fill=(214, 190, 120))
    pen.write(
        7,
        30,
        " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
        5 if len(number) < 18 else 4.5,
        light,
        apart=0.25,
    )
    pen.write(28, 40, f"VALID THRU {rng.randrange(1, 13):02d}/{rng.randrange(27, 40)}", 2.4, light)
    pen.write(66, 44, "银联 UnionPay", 2.6, light)
    return Sheet("bank_card", pen.image, {"bank_account": number})


def social_security_card(rng: Random, who: Person) -> Sheet:
    pen = card(rng, (226, 236, 246), (206, 224, 240))
    number = people.bank_number(rng)
    pen.centred(4, "中华人民共和国社会保障卡", 4.2, (30, 60, 120), apart=0.4, bold=True)
    pen.head(rng, 5, 14, 18, 24)
    pen.write(27, 15, "姓名", 2.8, BLUE)
    pen.write(36, 14.8, who.name, 3.4)
    pen.write(27, 22, "社会保障号码", 2.8, BLUE)
    pen.write(46, 21.8, who.id_number, 3, apart=0.15)
    pen.write(27, 29, "发卡日期", 2.8, BLUE)
    pen.write(41, 28.8, f"{who.issued.year}年{who.issued.month:02d}月", 3)
    says = {"name": who.name, "id_number": who.id_number}
    if rng.random() < 0.6:
        pen.write(5, 45, "银行卡号", 2.8, BLUE)
        pen.write(19, 44.6, " ".join(number[at : at + 4] for at in range(0, len(number), 4)), 3.6, apart=0.15)
        says["bank_account"] = number
    return Sheet("social_security_card", pen.image, says)


def dibao_proof(rng: Random, who: Person) -> Sheet:
    """A letter, or the page of the small book."""
    says = {"name": who.name, "id_number": who.id_number}
    if rng.random() < 0.5:
        text = f"兹证明{who.name}，{who.gender}，身份证号码{who.id_number}，住{who.address}，系我辖区最低生活保障对象。特此证明。"
        return Sheet("dibao_proof", _letter(rng, who, "最低生活保障证明", text, "民政办公室"), says)
    pen = Pen(120, 84, 12, (248, 244, 238))
    pen.centred(6, "城乡居民最低生活保障金领取证", 4.4, RED, bold=True)
    rows = (
        ("户主姓名", who.name),
        ("身份证号", who.id_number),
        ("家庭住址", who.address),
        ("保障人口", f"{rng.randrange(1, 6)}人"),
    )
    _grid(pen, 16, 11, (8, 34, 112), rows)
    pen.write(8, 66, "发证日期：" + _spoken(who.issued), 3.2)
    pen.stamp(88, 66, 24, "民政局")
    return Sheet("dibao_proof", pen.image, says)


def assessment_form(rng: Random, who: Person) -> Sheet:
    pen = Pen(190, 240, 8, (250, 250, 248))
    pen.centred(14, "中华人民共和国残疾评定表", 6.4, bold=True)
    rows = (
        ("姓名", who.name, "性别", who.gender),
        ("民族", who.people, "出生日期", f"{who.born}"),
        ("身份证号", who.id_number, "联系电话", ""),
        ("残疾类别", "", "残疾等级", ""),
    )
    for number, (label, text, other, more) in enumerate(rows):
        y = 32 + number * 13
        pen.line(14, y, 176, y)
        for x, words in ((17, label), (44, text), (118, other), (142, more)):
            pen.write(x, y + 4.4, words, 4)
    pen.line(14, 84, 176, 84)
    for y, label in ((90, "病史及检查"), (130, "评定结论"), (168, "评定医师签名"), (196, "评定机构意见（盖章）")):
        pen.write(17, y, label, 4)
        _scrawl(pen, rng, 40, y + 12)
        pen.line(14, y + 32 if y < 190 else 226, 176, y + 32 if y < 190 else 226)
    pen.line(14, 32, 14, 226)
    pen.line(176, 32, 176, 226)
    pen.stamp(140, 208, 34, "评定专用章")
    return Sheet("assessment_form", pen.image, {"name": who.name, "id_number": who.id_number})


def guardian_proof(rng: Random, who: Person) -> Sheet:
    ward = invented(rng)
    relation = rng.choice(("父亲", "母亲", "配偶", "姐姐"))
    text = (
        f"兹证明{ward.name}，身份证号码{ward.id_number}，系我村居民。其监护人为{who.name}，"
        f"身份证号码{who.id_number}，与其关系为{relation}。特此证明。"
    )
    image = _letter(rng, who, rng.choice(("监护关系证明", "监护人证明")), text, "村民委员会")
    return Sheet("guardian_proof", image, {"guardian_name": who.name, "guardian_id_number": who.id_number})


def residence_permit(rng: Random, who: Person) -> Sheet:
    pen = card(rng, (240, 236, 226), (226, 220, 204))
    pen.centred(3.6, "居 住 证", 5, (120, 60, 30), bold=True)
    for at, (label, text) in enumerate(
        (("姓名", who.name), ("性别", f"{who.gender}    民族  {who.people}"), ("出生", _spoken(who.born)))
    ):
        pen.write(5, 13 + at * 6, label, 2.8, BLUE)
        pen.write(15, 12.8 + at * 6, text, 3.2)
    pen.write(5, 31, "住址", 2.8, BLUE)
    pen.wrapped(15, 30.6, who.address, 13, 3, 4.2)
    pen.write(5, 47, "公民身份号码", 2.8, BLUE)
    pen.write(28, 46.6, who.id_number, 3.4, apart=0.4)
    pen.head(rng, 62, 11, 19, 25)
    return Sheet("residence_permit", pen.image, {"name": who.name, "id_number": who.id_number})


# --- papers that nobody asked for ---


def business_licence(rng: Random, who: Person) -> Sheet:
    pen = Pen(200, 150, 9, (250, 246, 232))
    pen.centred(18, "营业执照", 12, apart=6, bold=True)
    code = "9199010100" + "".join(rng.choice("0123456789ABCDEFGHJK") for _ in range(8))
    rows = (
        ("统一社会信用代码", code),
        ("名称", who.county[3:6] + "顺达商行"),
        ("类型", "个体工商户"),
        ("经营者", who.name),
        ("经营场所", who.address),
    )
    for at, (label, text) in enumerate(rows):
        pen.write(24, 46 + at * 13, label, 5)
        pen.write(74, 46 + at * 13, text, 5)
    pen.stamp(150, 118, 34, "市场监督管理局")
    return Sheet("unknown", pen.image)


def driving_licence(rng: Random, who: Person) -> Sheet:
    pen = Pen(88, 60, 14, (238, 240, 236))
    pen.centred(4, "中华人民共和国机动车驾驶证", 4, bold=True)
    rows = (
        ("证号", who.id_number),
        ("姓名", f"{who.name}   性别 {who.gender}   国籍 中国"),
        ("住址", who.address[:17]),
        ("出生日期", f"{who.born}"),
        ("准驾车型", "C1"),
    )
    for at, (label, text) in enumerate(rows):
        pen.write(6, 12 + at * 7, label, 2.8)
        pen.write(20, 12 + at * 7, text, 2.9)
    pen.head(rng, 64, 32, 20, 25)
    return Sheet("unknown", pen.image)


def passbook(rng: Random, who: Person) -> Sheet:
    pen = Pen(140, 90, 10, (236, 242, 236))
    pen.centred(8, "活期储蓄存折", 6, bold=True)
    rows = (
        ("户名", who.name),
        ("账号", "".join(rng.choice("0123456789") for _ in range(17))),
        ("开户网点", rng.choice(people.BANKS)),
        ("币种", "人民币"),
    )
    for at, (label, text) in enumerate(rows):
        pen.write(14, 28 + at * 13, label, 4)
        pen.write(44, 28 + at * 13, text, 4)
    return Sheet("unknown", pen.image)


def receipt(rng: Random, who: Person) -> Sheet:
    pen = Pen(80, 130, 10, (252, 252, 250))
    pen.centred(8, "好又多超市", 6, bold=True)
    total = 0.0
    for at, what in enumerate(("大米", "鸡蛋", "酱油", "白菜", "牙膏", "毛巾")):
        price = rng.randrange(200, 4000) / 100
        total += price
        pen.write(8, 24 + at * 11, what, 4)
        pen.write(52, 24 + at * 11, f"{price:.2f}", 4)
    pen.write(8, 100, f"合计 {total:.2f} 元", 5)
    return Sheet("unknown", pen.image)


# --- pieces ---


def _grid(
    pen: Pen,
    top: float,
    step: float,
    columns: tuple[float, float, float],
    rows: list[tuple[str, str]] | tuple[tuple[str, str], ...],
) -> None:
    left, middle, right = columns
    for number, (label, text) in enumerate(rows):
        y = top + number * step
        pen.line(left, y, right, y)
        pen.write(left + 2, y + step / 2 - 1.2, label, 3.4)
        across = int((right - middle - 4) / 3.6)
        lift = 2.6 if len(text) > across else 0
        pen.wrapped(middle + 2, y + step / 2 - 1.3 - lift, text, across, 3.5, 5.2)
    bottom = top + len(rows) * step
    pen.line(left, bottom, right, bottom)
    for x in columns:
        pen.line(x, top, x, bottom)


def _letter(rng: Random, who: Person, title: str, text: str, sealed_by: str) -> Image.Image:
    pen = Pen(180, 200, 8, (250, 250, 247))
    pen.centred(24, title, 8, bold=True)
    pen.wrapped(22, 52, "　　" + text, 26, 5, 9.5)
    pen.write(110, 140, who.county[3:] + sealed_by, 4.6)
    pen.write(116, 150, _spoken(who.issued), 4.6)
    pen.stamp(130, 146, 36, sealed_by)
    return pen.image


def _scrawl(pen: Pen, rng: Random, x: float, y: float) -> None:
    """Something written by hand that nobody could read."""
    points: list[float] = []
    for step in range(60):
        points += [(x + step * 1.2) * pen.dots, (y + rng.uniform(-3, 3)) * pen.dots]
    pen.draw.line(points, (40, 50, 90), 3, joint="curve")


def _spoken(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


Maker = Callable[[Random, Person], Sheet]
PAPERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        id_front,
        id_back,
        household_first,
        household_own,
        disability_card,
        bank_card,
        social_security_card,
        dibao_proof,
        assessment_form,
        guardian_proof,
        residence_permit,
    )
}
STRANGERS: dict[str, Maker] = {make.__name__: make for make in (business_licence, driving_licence, passbook, receipt)}
