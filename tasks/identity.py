"""What follows when bindings and relations change: both sides are told, and terms end."""

from contextlib import suppress

from bson import ObjectId

from backend import clock, outbox, periodic
from backend.errors import NotFound
from backend.store import transactions
from models.identity import account, agent, member_accounts, relation
from models.messaging import inbox, send
from models.onecard import credential, family


@outbox.function("identity.binding_moved")
def binding_moved(account: str, notice: str, event: str) -> None:
    """Tell an account's holder what became of its binding; a phone that lost its person draws no codes any more."""
    if notice == "binding_lost":
        transactions.run(lambda session: credential.revoke_of_account(ObjectId(account), notice, session))
    tell(ObjectId(account), notice, event)


@outbox.function("identity.relation_changed")
def relation_changed(relation: str, what: str, event: str) -> None:
    """Tell whoever is concerned by a relation, on the phones that are surely theirs; what rests on it ends with it."""
    if what == "relation_ended":
        family.end_of_relation(ObjectId(relation))
    with suppress(NotFound):  # both sides have closed their accounts
        tell_sides(ObjectId(relation), what, event)


def tell_sides(relation_id: ObjectId, what: str, event: str) -> None:
    """Tell the one who is asked, or both sides."""
    found = relation.read(relation_id)
    sides = [found["agent"]] if what == "relation_proposed" else [found["for_person"], found["agent"]]
    for person_id in sides:
        for account_id in account.of_person(person_id):
            tell(account_id, what, event)


def tell(account_id: ObjectId, what: str, event: str) -> None:
    """Leave a message in the inbox, and send it by WeChat where that was allowed."""
    inbox.put(account_id, what, key=event)
    fields = {"thing1": inbox.KINDS[what][0], "time2": clock.civil(clock.now()).strftime("%Y-%m-%d %H:%M")}
    with suppress(NotFound):  # who closed the account is not told
        send.notify(account_id, "identity_changed", fields)


@outbox.function("identity.owner_added")
def owner_added(membership: str) -> None:
    """Tell the owners of an organisation that there is another one: by the register, a counter or an invitation."""
    for account_id in member_accounts.of_other_owners(ObjectId(membership)):
        tell(account_id, "owner_added", f"owner_added:{membership}")


@outbox.function("identity.owner_questioned")
def owner_questioned(membership: str) -> None:
    """Tell an owner that the register names another legal person."""
    for account_id in member_accounts.of_questioned(ObjectId(membership)):
        tell(account_id, "owner_questioned", f"owner_questioned:{membership}")


@outbox.function("identity.end_agency")
def end_agency(membership: str) -> None:
    """Write the end of an agency down whose time is over."""
    agent.end(ObjectId(membership))


@periodic.every("identity.end_relations", queue="trust", seconds=900)
def end_relations() -> None:
    """End relations and proposals whose time is over."""
    while relation.end_due() == relation.BATCH:
        continue
