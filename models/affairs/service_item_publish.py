"""Publishing a version of a service item: who proposes it and who agrees are two persons.

The version that counted until then is retired in the same transaction: there is one at each moment, and the cases that
were opened under the old one stay bound to it.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox
from backend.store import transactions
from models.affairs import service_item, service_item_content, staffed
from models.affairs.service_item import ServiceItem
from models.affairs.service_item_errors import ItemWrong
from models.audit import entry
from models.identity import approval, staff
from models.identity.actors import Staff


def propose(actor: Staff, item_id: str, reason: str) -> tuple[dict[str, Any], ObjectId]:
    """Propose a draft; return the version and the approval's id. Whoever edited it last cannot agree to it either.

    Raises:
        NotFound: no such version of the actor's unit.
        ItemStateWrong: it is no draft, or was edited meanwhile.
        ItemWrong: a step would lie on a desk at which nobody sits.
    """
    found = service_item.within(actor, "item.edit", item_id)
    if found["state"] != "draft":
        raise service_item.refused(item_id)
    if missing := staffed.problems(service_item_content.kind_of(found), found["unit"]):
        raise ItemWrong(fields={"steps": missing})
    made = ObjectId()
    waiting = approval.record(
        actor,
        "service_item",
        f"service_item:{item_id}",
        reason=reason,
        approval_id=made,
        member=found["edited_by"],
        effect=outbox.entry("trust", "affairs.publish_item", approval=str(made)),
        otherwise=outbox.entry("trust", "affairs.reopen_item", approval=str(made)),
        details={"item": item_id, "moves": found["moves"] + 1},
    )
    guard = {"_id": item_id, "state": "draft", "moves": found["moves"]}
    change = {"$set": {"state": "proposed", "approval": made}, "$inc": {"moves": 1}}

    def move(session: ClientSession) -> bool:
        staff.require_acting(actor, {"at": waiting["proposed_at"]}, session)
        if not ServiceItem._get_collection().update_one(guard, change, session=session).matched_count:
            return False
        approval.store(actor, waiting, session)
        return True

    if not transactions.run(move):
        raise service_item.refused(item_id)
    return service_item.read(item_id), made


def publish(approval_id: ObjectId) -> None:
    """Publish a version that two persons agreed on, and retire the one before; again changes nothing."""
    found = approval.read(approval_id)
    told, now = found["details"], clock.now()
    guard = {"_id": told["item"], "state": "proposed", "approval": approval_id, "moves": told["moves"]}
    line = entry.line(
        f"staff:{found['decided_by']}",
        "service_item.publish",
        found["about"],
        unit=found["unit"],
        approval=str(approval_id),
    )
    code = told["item"].partition(":")[0]

    def move(session: ClientSession) -> None:
        if not approval.finish(approval_id, "done", session):
            return
        items, counted = ServiceItem._get_collection(), {"$inc": {"moves": 1}}
        before = {"$set": {"state": "retired"}, **counted}
        items.update_one({"code": code, "state": "published"}, before, session=session)
        after = {"$set": {"state": "published", "published_at": now}, "$unset": {"writing": ""}, **counted}
        if not items.update_one(guard, after, session=session).matched_count:
            raise service_item.refused(told["item"])
        entry.write(line, session)

    transactions.run(move)


def reopen(approval_id: ObjectId) -> None:
    """Turn a version that was not agreed on into a draft again."""
    item_id = approval.read(approval_id)["details"]["item"]
    guard = {"_id": item_id, "state": "proposed", "approval": approval_id}
    change = {"$set": {"state": "draft"}, "$unset": {"approval": ""}, "$inc": {"moves": 1}}
    ServiceItem._get_collection().update_one(guard, change)


def seed(code: str, told: Mapping[str, Any], *, unit_code: str) -> bool:
    """Put the first version of an item of the reference data as published; return whether it was put.

    Raises:
        ItemWrong: a case of it could get stuck, or its form cannot be filled.
    """
    content = service_item_content.checked(code, told)
    if ServiceItem._get_collection().find_one({"code": code}, {"_id": 1}):
        return False
    made = {"_id": service_item.id_of(code, 1), "code": code, "version": 1, "state": "published", **content}
    made |= {"unit": unit_code, "published_at": clock.now(), "moves": 0}
    try:
        ServiceItem._get_collection().insert_one(made)
    except DuplicateKeyError:
        return False
    return True
