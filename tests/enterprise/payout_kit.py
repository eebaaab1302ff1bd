"""What the tests of paying firms share: finance, money in the fund, firms that confirmed, a batch on its way."""

import itertools
import uuid

from bson import ObjectId

from backend import clock
from models.enterprise import offer
from models.enterprise.firm import Firm
from models.enterprise.offer import Offer
from models.enterprise.payout_payment import FirmPayment
from models.enterprise.policy import Policy
from models.identity.staff import StaffMember
from models.payments import ledger_account, transfer
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE
from tests.selenium.grower_kit import credit_code
from tests.support import affairs
from tests.support.clerk import Clerk
from tests.support.queues import drain

CODE = "garment_growth"
PATH = f"{OFFICE}/policies/{CODE}"
NAME = "于都县演示服装有限公司"
FUND = "fund:enterprise"
EACH = 500_000
_accounts = itertools.count(1)


def number() -> str:
    """Return an account's number that nobody used in this run."""
    return f"6218{next(_accounts):015d}"


def account(**told) -> dict[str, str]:
    return {"bank": "于都农村商业银行", "number": number(), "holder": NAME, **told}


def finance(client) -> Clerk:
    return affairs.seat(client, "policy_finance", unit="finance")


def fund(fen: int) -> None:
    """Put money into the fund, as the treasury does; less than nothing takes it out."""
    ledger_account.open_account(FUND)
    way = ("suspense:treasury", FUND) if fen > 0 else (FUND, "suspense:treasury")
    transfer.post(f"test:{uuid.uuid4().hex}", *way, abs(fen), what="allocation", about={})


def in_fund() -> tuple[int, int]:
    """Return balance and promised amount of the fund."""
    found = ledger_account.read(FUND)
    return found["balance_fen"], found["held_fen"]


def terms(manager: Clerk, **told) -> dict:
    answer = manager.call("PUT", f"{PATH}/payout-terms", told)
    assert answer.status_code == 200, answer.json
    return answer.json


def ran(clerk: Clerk) -> None:
    assert clerk.post(f"{PATH}/runs").status_code == 202
    drain("reports")


def offered(garments) -> dict:
    """Return the one offer of the garment firm."""
    (told,) = garments.get("/offers").json["items"]
    return told


def tapped(garments, **told) -> dict:
    """Let the garment firm confirm; return the offer."""
    mine = offered(garments)
    answer = garments.post(f"/offers/{mine['id']}/confirm", {"account": account(), **told})
    assert answer.status_code == 200, answer.json
    return answer.json


def opened(clerk: Clerk, manager: Clerk, garments, **told) -> None:
    """Open the policy and let it find the garment firm."""
    kit.asked(garments)
    kit.opened(clerk, manager, CODE, TEXTILE)
    if told:
        terms(manager, **told)
    ran(clerk)


def crowd(how_many: int, *, state: str = "payable", fen: int = EACH) -> list[ObjectId]:
    """Let so many firms have confirmed the open policy, as if each had tapped."""
    now, rows, firms = clock.now(), [], []
    for one in range(how_many):
        offer_id, code, name = ObjectId(), credit_code(), f"演示企业{one}"
        firms.append({"_id": code, "name": name, "division": "360731", "since": now})
        rows.append(
            {"_id": offer_id, "policy": CODE, "firm": code, "amount_fen": fen, "run": ObjectId(), "at": now}
            | {"state": state, "confirmed_at": now, "confirmed_by": "member:test"}
            | {"account": offer.sealed_account(offer_id, account(holder=name)), "outbox": []}
        )
    Firm._get_collection().insert_many(firms)
    Offer._get_collection().insert_many(rows)
    Policy._get_collection().update_one({"_id": CODE}, {"$inc": {"left_fen": -fen * how_many}})
    return [one["_id"] for one in rows]


def proposed(by: Clerk) -> dict:
    answer = by.post(f"{PATH}/payouts", {"reason": "公示期满无异议"})
    assert answer.status_code == 201, answer.json
    return answer.json


def agreed(by: Clerk, other: Clerk) -> str:
    """Propose a batch and let a second person agree; return its number. It has not gone to the bank yet."""
    made = proposed(by)
    answer = other.post(f"/office/v1/approvals/{made['approval_id']}/approve")
    assert answer.status_code == 200, answer.json
    drain("trust")
    return made["number"]


def sent(by: Clerk, other: Clerk) -> dict:
    """Bring a batch to the bank and back; return it."""
    made = agreed(by, other)
    drain("bills")
    return read(by, made)


def read(by: Clerk, made: str) -> dict:
    answer = by.get(f"{OFFICE}/payouts/{made}")
    assert answer.status_code == 200, answer.json
    return answer.json


def months_later() -> None:
    """Let all who are seated be there still, each with a new password."""
    affairs.stay_awake()
    change = {"$set": {"password_changed_at": clock.now()}}
    StaffMember._get_collection().update_many({"login": {"$gte": "seat-"}}, change)


def states() -> dict[str, int]:
    """Return how many offers of the policy stand where."""
    told: dict[str, int] = {}
    for one in Offer._get_collection().find({"policy": CODE}):
        told[one["state"]] = told.get(one["state"], 0) + 1
    return told


def left() -> int:
    return Policy._get_collection().find_one({"_id": CODE})["left_fen"]


def agree() -> None:
    """Check that offers, payments and the ledger say the same."""
    payments = list(FirmPayment._get_collection().find({"payout": {"$gte": ""}}))
    live = [one["offer"] for one in payments if one.get("live")]
    assert len(live) == len(set(live))
    paid = {one["offer"]: one["amount_fen"] for one in payments if one["state"] == "paid"}
    rows = list(Offer._get_collection().find({"policy": CODE}))
    assert {one["_id"] for one in rows if one["state"] == "paid"} == set(paid)
    assert {one["_id"] for one in rows if one["state"] in ("paid", "in_batch")} == set(live)
    assert ledger_account.total()["balance_fen"] == 0
