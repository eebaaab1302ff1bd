"""Under which terms one person may act for another: kinds, scopes, ages, longest term. Plain values, no store."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from backend import clock
from backend.errors import Conflict, Unprocessable
from models.identity import levels
from models.identity.person import CHILD_BELOW, Known

KIND_ZH = {"guardian": "监护人", "helper": "代办人"}
SCOPE_ZH = {
    "book": "预约出行",
    "affairs": "办理事项",
    "card": "办理一卡通业务",
    "health": "查看健康信息",
}
"""What may be done for another; a guardian may do all of it."""
ANY = "any"
"""Every relation in force holds it: seeing for whom one acts."""
EVIDENCE_ZH = {
    "both_present": "双方到场",
    "power_of_attorney": "授权委托书",
    "household_register": "户口簿",
    "birth_certificate": "出生医学证明",
    "guardianship_ruling": "指定监护的文书",
}
EVIDENCE_OF = {
    "helper": ("both_present", "power_of_attorney"),
    "guardian": ("household_register", "birth_certificate", "guardianship_ruling"),
}
"""What a clerk must have seen to establish each kind."""
METHOD_ZH = {"phones": "双方手机确认", "register": "登记部门比对", "counter": "窗口核验"}
ADULT = 18
LONGEST_DAYS = 365


class TermsWrong(Unprocessable):
    """422: the relation cannot be established between these two, in this way or for so long."""

    code = "relation_terms_wrong"
    zh = "代办或监护关系的条件不符,请按提示修改。"
    en = "The relation cannot be established on these terms. Correct what is named."

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(fields={field: [sentence]})


class NotSureEnough(Conflict):
    """409: one of the two was only declared so far."""

    code = "relation_person_unproven"
    zh = "双方都须先通过登记核验或窗口核验,才能建立代办或监护关系。"
    en = "Both persons must be matched by a register or seen at a counter first."


def require_parties(kind: str, for_person: Known, agent: Known) -> None:
    """Check who the two are: a guardian is an adult and the child a child, a helper is an adult.

    Raises:
        TermsWrong: the ages do not fit, or the two are one.
        NotSureEnough: one of them was only declared.
    """
    if for_person.id == agent.id:
        raise TermsWrong("agent", "不能为自己代办,请填写另一位办理人。")
    if not all(levels.reaches(one.level, "matched") for one in (for_person, agent)):
        raise NotSureEnough
    require_adult(agent)
    if kind == "guardian" and not for_person.is_child:
        raise TermsWrong("for_person", f"被监护人须未满 {CHILD_BELOW} 周岁;年满者请办理代办授权。")
    if kind == "helper" and for_person.is_child:
        raise TermsWrong("for_person", f"未满 {CHILD_BELOW} 周岁由监护人办理,请建立监护关系。")


def require_adult(agent: Known) -> None:
    """Check that the one who would act is an adult; a guardian's or helper's age must be known.

    Raises:
        TermsWrong: they are not, or nobody knows.
    """
    age = agent.age(clock.today())
    if age is None:
        raise TermsWrong("agent", "该证件未载明出生日期,请持证件到窗口登记出生日期后再办理。")
    if age < ADULT:
        raise TermsWrong("agent", f"代办人、监护人须年满 {ADULT} 周岁。")


def scope_of(kind: str, wanted: Sequence[str]) -> list[str]:
    """Return what the relation allows, in the table's order.

    Raises:
        TermsWrong: a helper's scope is empty.
    """
    given = [one for one in SCOPE_ZH if kind == "guardian" or one in wanted]
    if not given:
        raise TermsWrong("scope", "请至少选择一项代办范围。")
    return given


def end_of(kind: str, for_person: Known, last_day: date | None) -> datetime:
    """Return when the relation ends by itself: a guardian's at the beginning of the child's birthday.

    Raises:
        TermsWrong: a helper's last day is missing, over, or too far away.
    """
    if kind == "guardian":
        return clock.at(_birthday(for_person), 0)
    today = clock.today()
    if last_day is None or not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
        raise TermsWrong("last_day", f"请填写截止日期:不早于今天,最长 {LONGEST_DAYS} 天,到期可续。")
    return clock.at(last_day + timedelta(days=1), 0)


def _birthday(child: Known) -> date:
    """Return the day on which a child completes the age; of a 29 February, see `identity_documents.age_on`."""
    assert child.birth is not None  # `require_parties` has seen the age
    year = child.birth.year + CHILD_BELOW
    try:
        return child.birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
