"""Which register says what: one literal table of sources, read by the rules and by the tests.

A source is asked through the exchange platform under its own code. `gives` says how far it is to be trusted about a
kind of fact: the register that keeps a matter by law is `authoritative` about it, one that copied it down `derived`.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal

Trust = Literal["authoritative", "derived", "declared"]
TRUST_ORDER: tuple[Trust, ...] = ("authoritative", "derived", "declared")
TRUST_ZH: dict[Trust, str] = {"authoritative": "权威登记", "derived": "其他部门留存", "declared": "本人申报"}
INSURANCES = {
    "pension": "养老保险",
    "medical": "医疗保险",
    "unemployment": "失业保险",
    "injury": "工伤保险",
    "maternity": "生育保险",
}


@dataclass(frozen=True)
class Source:
    """A register. `fresh` is how long an answer counts without asking again, `asks_zh` what it is asked.

    `consent` is the purpose to which a person must have consented before it is asked about them.
    """

    zh: str
    unit: str
    unit_zh: str
    asks_zh: str
    fresh: timedelta
    gives: dict[str, Trust]
    organisations: bool = False
    consent: str = "facts"


SOURCES = {
    "household": Source(
        "户籍登记",
        "public_security",
        "县公安局",
        "查询您的户籍登记和同户人员",
        timedelta(days=30),
        {
            "person.name": "authoritative",
            "person.birth_date": "authoritative",
            "person.sex": "authoritative",
            "household.number": "authoritative",
            "household.address": "authoritative",
            "household.members": "authoritative",
            "death.date": "derived",
        },
    ),
    "residence": Source(
        "居住证登记",
        "public_security",
        "县公安局",
        "查询您的居住证",
        timedelta(days=7),
        {
            "person.name": "derived",
            "person.birth_date": "derived",
            "residence.permit": "authoritative",
            "residence.address": "authoritative",
        },
    ),
    "property": Source(
        "不动产登记",
        "natural_resources",
        "县自然资源局",
        "查询您名下的不动产登记",
        timedelta(days=1),
        {"property.certificate": "authoritative"},
    ),
    "business": Source(
        "市场主体登记",
        "market_supervision",
        "县市场监督管理局",
        "查询您担任法定代表人的市场主体",
        timedelta(days=1),
        {"business.licence": "authoritative"},
        organisations=True,
    ),
    "social_insurance": Source(
        "社会保险登记",
        "social_insurance_centre",
        "县社会保险服务中心",
        "查询您的参保情况",
        timedelta(days=7),
        {
            "person.name": "derived",
            "person.birth_date": "derived",
            "residence.address": "derived",
            **{f"social_insurance.{kind}": "authoritative" for kind in INSURANCES},
        },
    ),
    "death": Source(
        "死亡登记",
        "civil_affairs",
        "县民政局",
        "核对死亡登记",
        timedelta(days=1),
        {"death.date": "authoritative"},
    ),
    "veterans": Source(
        "退役军人优待证登记",
        "veterans_affairs",
        "县退役军人事务局",
        "核对您的退役军人优待证",
        timedelta(days=30),
        {"status.veteran": "authoritative"},
        consent="entitlements",
    ),
    "disability": Source(
        "残疾人证登记",
        "disabled_persons_federation",
        "县残疾人联合会",
        "核对您的残疾人证",
        timedelta(days=7),
        {"status.disability": "authoritative"},
        consent="entitlements",
    ),
    "subsistence": Source(
        "低保和特困人员登记",
        "civil_affairs",
        "县民政局",
        "核对您的低保、特困待遇",
        timedelta(days=1),
        {"status.subsistence": "authoritative"},
        consent="entitlements",
    ),
    "students": Source(
        "学籍登记",
        "education_sports",
        "县教科体局",
        "核对您的在校学籍",
        timedelta(days=7),
        {"status.student": "authoritative"},
        consent="entitlements",
    ),
    "military": Source(
        "现役军人登记",
        "armed_forces_department",
        "县人民武装部",
        "核对您是否为现役军人",
        timedelta(days=7),
        {"status.serving_military": "authoritative"},
        consent="entitlements",
    ),
}


@cache
def giving(kind: str) -> tuple[str, ...]:
    """Return the registers that say something about a kind of fact, the most trusted first."""
    found = [code for code, one in SOURCES.items() if kind in one.gives]
    return tuple(sorted(found, key=lambda code: TRUST_ORDER.index(SOURCES[code].gives[kind])))


def under(consent: str) -> list[str]:
    """Return the registers that are asked under one consent."""
    return [code for code, one in SOURCES.items() if one.consent == consent]
