"""People who do not exist: their area code is nowhere's, their towns are on no map, their numbers have true check digits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

NOWHERE = "990101"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉志永春梅海燕金凤小龙雪莲福贵生荣德才"
    "秋菊月娥素珍淑贞长根水生友田家宝子轩雨涵梓浩宇欣怡佳思远晓东立新天佑庆祥光明世昌少卿如意长安清泉若兰"
)
_RARE = "禕旻翀瑀赟韡忞琰珺翊昶燊堃"
_PEOPLES = ("汉",) * 12 + ("回", "彝", "白", "傣", "苗", "藏", "土家", "哈尼", "傈僳")
_PROVINCES = ("天河省", "云岭省", "东林省", "西原省")
_CITIES = ("云溪市", "青城市", "临江市", "安平市", "北川市")
_COUNTIES = ("青石县", "白沙县", "石桥区", "平安县", "双河县", "南湖区")
_TOWNS = ("三合镇", "柳林乡", "东风街道", "大坪镇", "新桥镇", "红星乡")
_VILLAGES = ("金星村", "上河村", "和平社区", "桃园村", "向阳社区", "石门村")
BANKS = ("天河农村信用社", "云岭农商银行", "青城商业银行", "临江村镇银行")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    gender: str
    people: str
    born: date
    id_number: str
    county: str
    address: str
    issued: date


def invented(rng: Random) -> Person:
    """Somebody who does not exist, the same for the same chance."""
    born = date(1935, 1, 1) + timedelta(days=rng.randrange(80 * 365))
    order = rng.randrange(1, 999)
    number = f"{NOWHERE}{born:%Y%m%d}{order:03d}"
    place = [rng.choice(part) for part in (_PROVINCES, _CITIES, _COUNTIES)]
    village = f"{rng.choice(_TOWNS)}{rng.choice(_VILLAGES)}"
    door = f"{rng.randrange(1, 20)}组{rng.randrange(1, 200)}号" if "村" in village else f"{rng.randrange(1, 99)}号"
    return Person(
        name=rng.choice(_SURNAMES) + "".join(_character(rng) for _ in range(rng.choice((1, 2, 2, 2)))),
        gender="男" if order % 2 else "女",
        people=rng.choice(_PEOPLES),
        born=born,
        id_number=number + mod_11_2.calc_check_digit(number),
        county="".join(place),
        address="".join(place) + village + door,
        issued=date(2016, 1, 1) + timedelta(days=rng.randrange(9 * 365)),
    )


def _character(rng: Random) -> str:
    return rng.choice(_RARE if rng.random() < 0.02 else _GIVEN)


def bank_number(rng: Random) -> str:
    """A card number that no bank has given: its first digits belong to nobody, its check digit is true."""
    front = "629900" + "".join(rng.choice("0123456789") for _ in range(rng.choice((9, 12))))
    return front + luhn.calc_check_digit(front)


def years_on(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28) if day.month == 2 else day.day)
