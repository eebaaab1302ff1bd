"""At a counter: a person who shows their identity document is bound to the phone in their hand, or to none.

Their bindings to other accounts end with it, and everybody concerned is told. One transaction holds all of it.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.store import transactions
from models.audit import entry
from models.identity import binding, binding_code, companion, person, relation, staff
from models.identity.account import Account
from models.identity.actors import Staff
from models.identity.binding_code import BindingCodeWrong
from models.identity.companion import GuardianNeeded
from models.identity.counter import Serving


def move(actor: Staff, person_id: ObjectId, code: str, *, seen: str) -> None:
    """Bind a person to the account whose phone shows the code; `seen` is the document that the clerk saw.

    Raises:
        NotFound: no such person.
        GuardianNeeded: the person is a child.
        BindingCodeWrong: no phone shows this code, or it was used.
    """
    actor.require("person.bind")
    known = person.read(person_id)
    if known.is_child:
        raise GuardianNeeded
    account_id = binding_code.owner(code)
    new = binding.record(
        account_id, person_id, "verified", method="counter", evidence=[f"seen:{seen}"], by=actor.key
    ) | {"outbox": [binding.told("binding_gained", account_id)]}
    me = companion.own_entry(account_id, known)
    line = entry.line(
        actor.key, "person.bind", f"person:{person_id}", unit=actor.unit, account=str(account_id), seen=seen
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        binding_code.use(account_id, code, line["at"], session)
        person.claim(person_id, line["at"], session)
        ended = binding.end_others(person_id, account_id, line["at"], by=actor.key, session=session)
        if _bind(new, me, session):
            entry.write(line | {"details": line["details"] | {"ended": [str(one) for one in ended]}}, session)

    transactions.run(change)
    outbox.wake("notify")


def _bind(new: dict[str, Any], me: dict[str, Any], session: ClientSession) -> bool:
    """Bind the account; return False where it is the person's already, as surely."""
    accounts, mine = Account._get_collection(), {"_id": new["account"]}
    was = accounts.find_one(mine, {"person": 1, "level": 1, "consents.document": 1}, session=session)
    if was is None or "document" not in was.get("consents", {}):
        raise BindingCodeWrong
    same = was.get("person") == new["person"]
    if same and was["level"] == "verified":
        return False
    if not same:
        relation.end_of_accounts([new["account"]], by=new["by"], session=session)
        replaced = {"$or": [{"self": True}, {"person": new["person"]}]}
        accounts.update_one(mine, {"$pull": {"companions": replaced}}, session=session)
        accounts.update_one(mine, {"$push": {"companions": me}}, session=session)
    bound = {"person": new["person"], "level": "verified", "method": "counter"}
    accounts.update_one(mine, {"$set": bound}, session=session)
    binding.begin(new, session)
    return True


def release(actor: Staff, serving: Serving) -> None:
    """End all bindings of the person who stands at the counter, for a lost phone; repeating it changes nothing."""
    actor.require("person.bind")
    line = entry.line(
        actor.key, "person.unbind", f"person:{serving.person_id}", unit=actor.unit, counter_session=str(serving.id)
    )

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        person.claim(serving.person_id, line["at"], session)
        ended = binding.end_others(serving.person_id, None, line["at"], by=actor.key, session=session)
        if ended:
            entry.write(line | {"details": line["details"] | {"ended": [str(one) for one in ended]}}, session)

    transactions.run(change)
    outbox.wake("notify")
