"""The end of the time within which a policy promised to pay: the offer is overdue, and somebody must act.

A case lies on the desk of finance at once; whoever supervises the policy's unit gets it as well when a working day went
by, and then the managers of policies.
"""

from contextlib import suppress

from bson import ObjectId

from backend import clock, outbox
from models.affairs import open_case
from models.affairs.case_errors import AlreadyOpen
from models.affairs.kind import Kind, Level, Limit, Outcome, Step, put
from models.affairs.open_case import Matter, Opener
from models.enterprise import offer, pay_clock, policy
from models.enterprise.offer import Offer

OVERDUE = put(
    Kind(
        code="enterprise_pay_overdue",
        version=1,
        zh="惠企资金逾期未拨付",
        prefix="QYCQ",
        law="即申即享时限由政策主管部门在该政策的拨付条件中承诺",
        limit=Limit(5),
        steps=(
            Step(
                "chase",
                "核实并拨付",
                "policy_finance",
                Limit(1),
                (Outcome("paid", "已拨付"), Outcome("explained", "已向企业说明原因和拨付时间")),
            ),
        ),
        stops=(),
        remind=1,
        levels=(Level(0, "case_supervisor"), Level(1, "policy_manager")),
        appeal=None,
    )
)
SYSTEM = Opener("system:enterprise", None)


def over(offer_id: ObjectId) -> None:
    """Act on the end of an offer's time; what is paid or ended needs nothing. Repeating it changes nothing.

    Raises:
        outbox.Later: a year's holidays came in meanwhile, so the end lies later.
    """
    found = offer.read(offer_id)
    if found["state"] in pay_clock.DONE:
        return
    due, now = pay_clock.due(found), clock.now()
    if now < due:
        Offer._get_collection().update_one({"_id": offer_id}, {"$set": {"pay_by": due}})
        raise outbox.Later((due - now).total_seconds())
    about = {"offer": offer_id, "policy": found["policy"]}
    matter = Matter(policy.read(found["policy"])["unit"], about=about, once=f"pay_overdue:{offer_id}")
    with suppress(AlreadyOpen):
        open_case.open_case(SYSTEM, OVERDUE, matter)
    guard = {"_id": offer_id, "state": {"$nin": list(pay_clock.DONE)}}
    Offer._get_collection().update_one(guard, {"$set": {"overdue": True}})
