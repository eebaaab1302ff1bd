"""即申即享: a policy that promises to pay within so many working days; the end of the time acts, overdue is shown."""

import pytest

from models.affairs.case import Case
from models.enterprise import pay_overdue
from models.enterprise.offer import Offer
from tests.enterprise import payout_kit as kit
from tests.enterprise.kit import OFFICE
from tests.support import affairs
from tests.support.queues import drain

DAY = 24 * 3600


@pytest.fixture
def promised(clerk, manager, garments):
    """The garment firm confirmed on Friday 20 November what is to be paid within three working days."""
    kit.opened(clerk, manager, garments, skip_publicity=True, pay_within=3)
    kit.fund(1_000_000)
    return kit.tapped(garments)


def later(shift_clock, days: int) -> None:
    shift_clock(days * DAY)
    affairs.stay_awake()
    drain("affairs")


def cases() -> list[dict]:
    return list(Case._get_collection().find({"kind": "enterprise_pay_overdue"}).hint("_id_"))


def overdue(by) -> list[dict]:
    answer = by.get(f"{OFFICE}/to-do/overdue")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def test_the_firm_reads_by_when_it_is_paid(promised):
    assert (promised["pay_by"], promised["overdue"]) == ("2026-11-26T00:00:00+08:00", False)


def test_the_end_of_the_time_puts_a_case_before_finance_then_the_supervisor_then_the_managers(
    client, clerk, manager, finance, garments, promised, shift_clock
):
    supervisor = affairs.seat(client, "case_supervisor", unit="industry_information")
    later(shift_clock, 5)
    assert (cases(), overdue(finance[0])) == ([], [])
    later(shift_clock, 6)
    (late,) = overdue(finance[0])
    assert (late["credit_code"], late["pay_by"]) == (kit.kit.code_of(garments), promised["pay_by"])
    garments.phone.log_in()
    assert kit.offered(garments)["overdue"] is True
    (case,) = affairs.inbox(finance[0])
    assert case["kind"] == "enterprise_pay_overdue"
    assert (affairs.inbox(supervisor), affairs.inbox(manager)) == ([], [])
    later(shift_clock, 8)
    assert [one["id"] for one in affairs.inbox(supervisor)] == [case["id"]]
    later(shift_clock, 11)
    assert [one["id"] for one in affairs.inbox(manager)] == [case["id"]]
    assert supervisor.get(f"{OFFICE}/to-do/overdue").status_code == 403

    told = kit.sent(*finance)
    assert told["counts"]["paid"] == 1
    assert overdue(finance[0]) == []
    garments.phone.log_in()
    assert kit.offered(garments)["overdue"] is False
    affairs.move(finance[0], case["id"], "claim")
    affairs.decide(finance[0], case["id"], "paid")
    assert cases()[0]["state"] == "closed"


def test_who_was_paid_in_time_disturbs_nobody(finance, promised, shift_clock):
    kit.sent(*finance)
    later(shift_clock, 10)
    assert (cases(), overdue(finance[0])) == ([], [])


def test_the_end_that_comes_twice_opens_one_case(finance, promised, shift_clock):
    later(shift_clock, 6)
    offer_id = Offer._get_collection().find_one({"policy": kit.CODE})["_id"]
    for _ in range(2):
        pay_overdue.over(offer_id)
    assert len(cases()) == 1


def test_terms_that_change_later_leave_a_given_word_as_it_is(manager, finance, garments, promised, shift_clock):
    kit.terms(manager, skip_publicity=True, pay_within=200)
    assert kit.offered(garments)["pay_by"] == promised["pay_by"]
    later(shift_clock, 6)
    assert len(overdue(finance[0])) == 1
