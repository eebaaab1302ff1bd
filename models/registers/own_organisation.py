"""Claiming an organisation: the business register names its legal representative, and that is who asks."""

from typing import Any

from backend import clock, credit_code
from backend.errors import NotFound, OutsideFailure, Unprocessable
from models.identity import consent, join_organisation, levels, person
from models.identity.actors import Resident
from models.identity.organisation import Told
from models.registers import fact, fetch
from models.registers.fact import Stated
from models.registers.subject import Subject

SOURCE, KIND = "business", "business.licence"
OPERATING = "operating"


class BusinessRegisterAway(OutsideFailure):
    """502: the business register did not answer; nothing was changed."""

    code = "business_register_away"
    zh = "市场主体登记系统暂时没有响应,请稍后再试;急需办理可持营业执照到政务服务窗口。"
    en = "The business register does not answer. Try later, or bring the licence to a service counter."


class NotLegalRepresentative(Unprocessable):
    """422: the register does not name this person as the legal representative of an operating organisation."""

    code = "not_legal_representative"
    zh = "市场主体登记中您不是该单位的法定代表人(负责人),或该单位不在营;请持营业执照和授权委托书到政务服务窗口办理。"
    en = "The business register does not name you as its legal representative. Visit a service counter with the papers."

    def __init__(self) -> None:
        super().__init__(fields={"credit_code": [self.zh]})


def claim(resident: Resident, code: str) -> dict[str, Any]:
    """Make the resident the owner of the organisation whose legal representative the register says they are.

    Raises:
        CreditCodeWrong: the code is none.
        LevelNeeded: nobody has seen the person; a match does not prove who holds the phone.
        ConsentNeeded: no consent to ask the registers.
        BusinessRegisterAway: the register did not answer.
        NotLegalRepresentative: it says otherwise.
        OrganisationSuspended: the office has suspended the organisation.
    """
    wanted = credit_code.parse(code)
    levels.require(resident.document["level"], "verified")
    consent.require(resident, "facts")
    if resident.person_id is None:
        raise NotFound
    licence = _licence(Subject(person=resident.person_id), wanted)
    told = Told(wanted, str(licence.value["name"]))
    return join_organisation.own_by_register(resident, told, licence.id)


def _licence(about: Subject, code: str) -> Stated:
    """Return the register's word, asked for now, that the person answers for an operating organisation."""
    answer = fetch.ask(SOURCE, about, again=True)
    if answer.result in ("away", "asking", "not_connected"):
        raise BusinessRegisterAway
    held = fact.current(about, [KIND], clock.today().isoformat())
    mine = [one for one in held if one.source == SOURCE and not one.absent and one.value["credit_code"] == code]
    if not mine or mine[0].value["status"] != OPERATING or not _names(mine[0], about):
        raise NotLegalRepresentative
    return mine[0]


def _names(licence: Stated, about: Subject) -> bool:
    assert about.person is not None
    return person.same_name(str(licence.value["legal_person"]), person.read(about.person).name)
