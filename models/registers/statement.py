"""What a register says in one answer, read strictly: a record becomes statements, one for each fact, or is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend import credit_code
from backend.exchange import ExchangeAnswerRefused
from models.registers import fact_kind, firm_answer, timeline
from models.registers.catalogue import EVERY_KIND, EVERY_SOURCE
from models.registers.fact_kind import day, one_of, several, text
from models.registers.source import INSURANCES

Question = Mapping[str, str]


@dataclass(frozen=True)
class Statement:
    """One fact as a register states it; `absent` says that it has none. `record` is the register's own number."""

    kind: str
    value: dict[str, Any] = field(default_factory=dict, repr=False)
    record: str = field(default="", repr=False)
    valid_from: str = timeline.ALWAYS
    valid_to: str | None = None
    stated_on: str | None = None
    absent: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells the lines of history of one source apart."""
        return self.kind, self.record if EVERY_KIND[self.kind].many and not self.absent else ""


class _Answer(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE


class _Person(_Answer):
    number, name, birth = text(), text(), day()


class _Cancelled(_Answer):
    reason, on = text(), day()


class _Household(_Person):
    sex = one_of(fact_kind.SEXES)
    household_no, address = text(), text()
    household_type = one_of(fact_kind.HOUSEHOLD_TYPES)
    town_code, village_code = text(), text()
    registered_on, changed_on = day(), ma.fields.Date()
    members = several(fact_kind.Member, 60)
    cancelled = ma.fields.Nested(_Cancelled)


class _Residence(_Person):
    permit_no, address = text(), text()
    town_code, village_code = text(), text()
    issued_on, valid_to = day(), day()


class _Certificate(_Answer):
    certificate_no, location, village_code = text(), text(), text()
    usage = one_of(fact_kind.USAGES)
    registered_on = day()
    owners = several(fact_kind.Owner, 60)


class _Property(_Answer):
    number, certificates = text(), several(_Certificate, 100)


class _LegalPerson(_Answer):
    name, number = text(), text()


def _right(code: str) -> None:
    if not credit_code.is_right(code):
        raise ma.ValidationError("check character")


class _Entity(_Answer):
    credit_code = ma.fields.String(required=True, validate=_right)
    name, industry = text(), text()
    legal_person = ma.fields.Nested(_LegalPerson, required=True)
    status = one_of(fact_kind.STATUSES)
    registered_on, changed_on = day(), ma.fields.Date()


class _Business(_Answer):
    number, credit_code = text(optional=True), text(optional=True)
    entities = several(_Entity, 200)


class _Insurance(_Answer):
    kind, status = one_of(INSURANCES), one_of(fact_kind.PAYING)
    unit = text()
    months_paid = ma.fields.Integer(required=True, strict=True, validate=validate.Range(0, 1200))
    updated_on = day()


class _SocialInsurance(_Person):
    address = text(optional=True)
    insurances = several(_Insurance, len(INSURANCES))


class _Death(_Answer):
    number, certificate_no = text(), text()
    died_on, registered_on = day(), day()


class _Veteran(_Person):
    certificate_no = text()
    issued_on, valid_to = day(), day()


class _Disability(_Veteran):
    kind, grade = one_of(fact_kind.DISABILITIES), fact_kind.grade()


class _Subsistence(_Person):
    kind = one_of(fact_kind.SUBSISTENCE)
    granted_on, reviewed_on, valid_to = day(), day(), day()


class _Student(_Person):
    school, stage = text(), one_of(fact_kind.STAGES)
    enrolled_on, valid_to = day(), day()


class _Military(_Answer):
    number, serving = text(), fact_kind.yes_or_no()
    stated_on, valid_to = day(), day()


Told = dict[str, Any]


def _identity(told: Told, on: date, *kinds: str) -> list[Statement]:
    values = {
        "person.name": {"name": told["name"]},
        "person.birth_date": {"birth": told["birth"].isoformat()},
        "person.sex": {"sex": told.get("sex")},
    }
    return [Statement(kind, values[kind], stated_on=on.isoformat()) for kind in kinds]


def _household(told: Told) -> list[Statement]:
    changed: date = told.get("changed_on") or told["registered_on"]
    since = {"record": told["household_no"], "valid_from": changed.isoformat(), "stated_on": changed.isoformat()}
    home = {name: told[name] for name in ("address", "town_code", "village_code")}
    members = [{**one, **({"birth": one["birth"].isoformat()} if "birth" in one else {})} for one in told["members"]]
    gone = told.get("cancelled")
    died = gone["on"].isoformat() if gone and gone["reason"] == "death" else None
    return [
        *_identity(told, changed, "person.name", "person.birth_date", "person.sex"),
        Statement("household.number", {"number": told["household_no"], "type": told["household_type"]}, **since),
        Statement("household.address", home, **since),
        Statement("household.members", {"members": members}, **since),
        *([Statement("death.date", {"died_on": died}, valid_from=died, stated_on=died)] if died else []),
    ]


def _residence(told: Told) -> list[Statement]:
    span = {"valid_from": told["issued_on"].isoformat(), "valid_to": told["valid_to"].isoformat()}
    span |= {"record": told["permit_no"], "stated_on": told["issued_on"].isoformat()}
    home = {name: told[name] for name in ("address", "town_code", "village_code")}
    return [
        *_identity(told, told["issued_on"], "person.name", "person.birth_date"),
        Statement("residence.permit", {"number": told["permit_no"], "valid_to": span["valid_to"]}, **span),
        Statement("residence.address", home, **span),
    ]


def _share(certificate: Told, number: str) -> str:
    share = next((owner["share"] for owner in certificate["owners"] if owner["number"] == number), None)
    if share is None:
        raise ExchangeAnswerRefused("somebody else's certificate")
    return str(share)


def _property(told: Told) -> list[Statement]:
    return [
        Statement(
            "property.certificate",
            {
                "number": one["certificate_no"],
                **{name: one[name] for name in ("location", "village_code", "usage", "owners")},
                "share": _share(one, told["number"]),
            },
            record=one["certificate_no"],
            valid_from=one["registered_on"].isoformat(),
            stated_on=one["registered_on"].isoformat(),
        )
        for one in told["certificates"]
    ]


def _business(told: Told) -> list[Statement]:
    found = []
    for one in told["entities"]:
        on = one.get("changed_on", one["registered_on"]).isoformat()
        value = {name: one[name] for name in ("credit_code", "name", "status", "industry")}
        value["legal_person"] = one["legal_person"]["name"]
        found.append(Statement("business.licence", value, record=one["credit_code"], valid_from=on, stated_on=on))
    return found


def _social_insurance(told: Told) -> list[Statement]:
    latest = max(one["updated_on"] for one in told["insurances"])
    found = _identity(told, latest, "person.name", "person.birth_date")
    if "address" in told:
        found.append(
            Statement(
                "residence.address",
                {"address": told["address"]},
                valid_from=latest.isoformat(),
                stated_on=latest.isoformat(),
            )
        )
    for one in told["insurances"]:
        value = {name: one[name] for name in ("unit", "months_paid", "status")}
        on = one["updated_on"].isoformat()
        found.append(Statement(f"social_insurance.{one['kind']}", value, valid_from=on, stated_on=on))
    return found


def _death(told: Told) -> list[Statement]:
    died, on = told["died_on"].isoformat(), told["registered_on"].isoformat()
    return [Statement("death.date", {"died_on": died}, told["certificate_no"], valid_from=died, stated_on=on)]


def _status(kind: str, since: str, stated: str, *names: str) -> Callable[[Told], list[Statement]]:
    """Return the reader of a status that holds from the day of field `since` to `valid_to`."""

    def read_status(told: Told) -> list[Statement]:
        plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}
        value = {name: plain[name] for name in (*names, "valid_to")}
        record, on = plain.get("certificate_no", ""), plain[stated]
        return [Statement(kind, value, record, valid_from=plain[since], valid_to=plain["valid_to"], stated_on=on)]

    return read_status


def _of_firm(read_rows: Callable[[Told], list[Told]]) -> Callable[[Told], list[Statement]]:
    return lambda told: [Statement(**one) for one in read_rows(told)]


_READERS: dict[str, tuple[ma.Schema, Callable[[Told], list[Statement]]]] = {
    "household": (_Household(), _household),
    "residence": (_Residence(), _residence),
    "property": (_Property(), _property),
    "business": (_Business(), _business),
    "social_insurance": (_SocialInsurance(), _social_insurance),
    "death": (_Death(), _death),
    "veterans": (_Veteran(), _status("status.veteran", "issued_on", "issued_on", "certificate_no", "issued_on")),
    "disability": (
        _Disability(),
        _status("status.disability", "issued_on", "issued_on", "certificate_no", "kind", "grade", "issued_on"),
    ),
    "subsistence": (_Subsistence(), _status("status.subsistence", "granted_on", "reviewed_on", "kind", "reviewed_on")),
    "students": (_Student(), _status("status.student", "enrolled_on", "enrolled_on", "school", "stage")),
    "military": (_Military(), _status("status.serving_military", "stated_on", "stated_on", "serving")),
    **{source: (shape, _of_firm(read_rows)) for source, (shape, read_rows) in firm_answer.READERS.items()},
}


def read(source: str, record: Mapping[str, Any] | None, question: Question, today: str) -> list[Statement]:
    """Return what a source says about every kind of fact that it gives; without a record, that it has none.

    Raises:
        ExchangeAnswerRefused: the record has another form, or is about somebody else than was asked.
    """
    found = [] if record is None else _told(source, record, question)
    said = {one.kind for one in found}
    lacking = [
        Statement(kind, valid_from=today, absent=True) for kind in EVERY_SOURCE[source].gives if kind not in said
    ]
    return found + lacking


def _told(source: str, record: Mapping[str, Any], question: Question) -> list[Statement]:
    schema, reader = _READERS[source]
    try:
        told = schema.load(record)
    except ma.ValidationError as error:
        raise ExchangeAnswerRefused(f"form: {', '.join(sorted(map(str, error.normalized_messages())))}") from None
    about = "credit_code" if "credit_code" in question else "number"
    if told.get(about) != question[about]:
        raise ExchangeAnswerRefused("about somebody else")
    found = reader(told)
    if len({one.key for one in found}) != len(found):
        raise ExchangeAnswerRefused("one record twice")
    return found
