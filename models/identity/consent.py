"""Consent: given for one purpose under one text, for a term, through a channel; as easy to withdraw as to give.

The account carries what holds now, so that one read knows it and a withdrawal works with the next request; of what was
signed at a counter (`paper_consent`) the person does. The records tell what was agreed to and when it ended; they are
only ever added to or ended. What registers are asked under is agreed to about oneself: it does not hold for somebody
else to whom the account is bound later.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import NotAllowed, NotFound, Unprocessable
from backend.store import paging, transactions
from models.identity import binding, consent_text, levels, relation
from models.identity.account import Account
from models.identity.actors import Resident
from models.identity.consent_purpose import FOR_REGISTERS, PURPOSES
from models.identity.person import Person

COLLECTION = "consents"
CHANNEL = "mini_program"
PROMPT_PAUSE = timedelta(hours=48)
"""Nobody is pestered after a refusal (Network Data Security Regulation, article 22)."""
outbox.carried_by(COLLECTION)


class ConsentRecord(Document):
    """One consent from beginning to end, an account's or on paper.

    `ended_by` is withdrawn, renewed or account_closed.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["account", "-_id"]}, {"fields": ["person"], "sparse": True}, outbox.INDEX],
    }
    account = ObjectIdField()
    person = ObjectIdField()
    purpose = StringField(choices=tuple(PURPOSES), required=True)
    data = ListField(StringField())
    text_version = StringField(required=True)
    text_digest = StringField(required=True)
    channel = StringField(required=True)
    given_at = DateTimeField(required=True)
    until = DateTimeField()
    ended_at = DateTimeField()
    ended_by = StringField()
    outbox = ListField(DictField())


personal_data.declare(
    personal_data.Holding(
        COLLECTION,
        zh="授权同意记录",
        persons=("person",),
        accounts=("account",),
        at_deletion="restrict",
        because="个人信息保护法第六十九条:处理者须能证明已取得同意",
    )
)


class ConsentNeeded(NotAllowed):
    """403: this needs a consent that was not given, was withdrawn, has ended, or is of an older text."""

    code = "consent_needed"
    zh = "需要您单独同意“{what}”后才能继续。"
    en = "This needs your separate consent ({kind})."

    def __init__(self, purpose: str) -> None:
        super().__init__(kind=purpose, what=PURPOSES[purpose].zh, fields={"consent": [purpose]})


class ConsentBundled(Unprocessable):
    """422: a sensitive purpose came together with another one."""

    code = "consent_bundled"
    zh = "涉及敏感个人信息的用途须逐项单独同意,请分开提交。"
    en = "Sensitive purposes are consented to one by one. Send them separately."

    def __init__(self) -> None:
        super().__init__(fields={"purposes": [self.zh]})


def give(resident: Resident, purposes: Sequence[str], text_version: str) -> None:
    """Record consents under the newest text; giving one again that holds changes nothing.

    Raises:
        ConsentBundled: a sensitive purpose is among several.
        ConsentTextOutdated: the text is not the newest one of a purpose.
    """
    wanted = list(dict.fromkeys(purposes))
    if len(wanted) > 1 and any(PURPOSES[one].sensitive for one in wanted):
        raise ConsentBundled
    texts = [consent_text.require_newest(one, text_version) for one in wanted]
    records = [_record(resident, text) for text in texts if not _holds(resident, text)]
    if records:
        transactions.run(partial(_store, resident, records))


def _holds(resident: Resident, text: dict[str, Any]) -> bool:
    given = resident.document.get("consents", {}).get(text["purpose"])
    return lasts(given, [text["version"]], text["purpose"], resident.person_id)


def lasts(
    given: dict[str, Any] | None, versions: Sequence[str], purpose: str = "", person_id: ObjectId | None = None
) -> bool:
    """Tell whether what an account or a person carries holds now: its text, its term, and about whom it was given."""
    if given is None or given["version"] not in versions:
        return False
    if purpose in FOR_REGISTERS and given.get("person", person_id) != person_id:
        return False
    return not (given.get("until") and given["until"] <= clock.now())


def _record(resident: Resident, text: dict[str, Any]) -> dict[str, Any]:
    told = record(text, CHANNEL) | {"account": resident.account_id}
    return told | ({"person": resident.sure_person_id} if resident.sure_person_id else {})


def record(text: dict[str, Any], channel: str) -> dict[str, Any]:
    """Return a consent to a text that begins now, not stored yet and nobody's."""
    purpose, now = PURPOSES[text["purpose"]], clock.now()
    told = {
        "_id": ObjectId(),
        "purpose": text["purpose"],
        "data": list(purpose.data_zh),
        "text_version": text["version"],
        "text_digest": text["digest"],
        "channel": channel,
        "given_at": now,
    }
    return told | ({"until": now + timedelta(days=purpose.days)} if purpose.days else {})


def held(record: dict[str, Any]) -> dict[str, Any]:
    """Return what an account or a person carries of a consent."""
    told = {"version": record["text_version"], "at": record["given_at"]}
    return told | ({"until": record["until"]} if "until" in record else {})


def _store(resident: Resident, records: list[dict[str, Any]], session: ClientSession) -> None:
    about = {"person": resident.person_id} if resident.person_id else {}
    for one in records:
        purpose = one["purpose"]
        change = {"$set": {f"consents.{purpose}": held(one) | about}, "$unset": {f"consent_refused.{purpose}": ""}}
        _end(resident.account_id, purpose, "renewed", one["given_at"], session)
        ConsentRecord._get_collection().insert_one(one, session=session)
        Account._get_collection().update_one({"_id": resident.account_id}, change, session=session)


def _end(
    account_id: ObjectId,
    purpose: str,
    why: str,
    now: Any,
    session: ClientSession,
    *,
    follow: Sequence[dict[str, Any]] = (),
) -> bool:
    open_one = {"account": account_id, "purpose": purpose, "ended_at": None}
    ended = {"$set": {"ended_at": now, "ended_by": why, "outbox": list(follow)}}
    return ConsentRecord._get_collection().update_many(open_one, ended, session=session).matched_count > 0


def end_on_paper(
    person_id: ObjectId,
    purpose: str,
    why: str,
    now: Any,
    session: ClientSession,
    *,
    follow: Sequence[dict[str, Any]] = (),
) -> bool:
    """End what a person signed at a counter, within a transaction; return whether there was something."""
    open_one = {"person": person_id, "account": None, "purpose": purpose, "ended_at": None}
    ended = {"$set": {"ended_at": now, "ended_by": why, "outbox": list(follow)}}
    found = ConsentRecord._get_collection().update_many(open_one, ended, session=session)
    gone = {"$unset": {f"consents.{purpose}": ""}}
    Person._get_collection().update_one({"_id": person_id}, gone, session=session)
    return found.matched_count > 0


def end_of_accounts(
    person_id: ObjectId, purpose: str, now: Any, session: ClientSession, *, follow: Sequence[dict[str, Any]] = ()
) -> bool:
    """End a consent of the account that surely is a person's, within a transaction; return whether there was one."""
    mine = {"person": person_id, "level": {"$in": list(levels.ONE_ACCOUNT)}}
    ended = False
    for found in Account._get_collection().find(mine, {"_id": 1}, session=session):
        ended |= _end(found["_id"], purpose, "withdrawn", now, session, follow=follow)
        Account._get_collection().update_one({"_id": found["_id"]}, _taken_out(purpose), session=session)
    return ended


def withdraw(resident: Resident, purpose: str) -> None:
    """Withdraw a consent; what was collected under it is taken out with it. Repeating it changes nothing.

    Raises:
        NotFound: no such purpose.
    """
    if purpose not in PURPOSES:
        raise NotFound
    now, account_id, follow = clock.now(), resident.account_id, _forgetting(resident, purpose)

    def change(session: ClientSession) -> None:
        _end(account_id, purpose, "withdrawn", now, session, follow=follow)
        _end_on_paper(resident, purpose, now, session)
        if purpose == "document":
            binding.end(account_id, "consent_withdrawn", now, session)
            relation.end_of_accounts([account_id], by=resident.key, session=session)
        Account._get_collection().update_one({"_id": account_id}, _taken_out(purpose), session=session)

    transactions.run(change)
    for one in follow:
        outbox.wake(one["queue"])


def _end_on_paper(resident: Resident, purpose: str, now: Any, session: ClientSession) -> None:
    """End with a withdrawal what the same person signed; without the document, all of it."""
    if resident.sure_person_id is None:
        return
    for one in FOR_REGISTERS if purpose == "document" else (purpose,):
        if one in FOR_REGISTERS:
            end_on_paper(resident.sure_person_id, one, "withdrawn", now, session)


def _forgetting(resident: Resident, purpose: str) -> list[dict[str, Any]]:
    """Return what follows a withdrawal on a phone.

    Who only declared to be somebody never had anything fetched, and makes nobody forget somebody else's.
    """
    return forgetting(resident.sure_person_id, purpose) if resident.sure_person_id else []


def forgetting(person_id: ObjectId, purpose: str) -> list[dict[str, Any]]:
    """Return what makes others forget what they keep under a purpose: what registers said lies with `registers`.

    Without the document nobody could have them forgotten later, so they go with it.
    """
    if purpose not in {*FOR_REGISTERS, "document"}:
        return []
    only = purpose if purpose in FOR_REGISTERS else ""
    return [outbox.entry("affairs", "registers.forget", person=str(person_id), purpose=only)]


def _taken_out(purpose: str) -> dict[str, Any]:
    removed: dict[str, Any] = {f"consents.{purpose}": ""}
    if purpose == "phone":
        removed |= {"phone": "", "phone_index": ""}
    if purpose == "document":
        removed |= {"person": "", "method": ""}
        return {"$unset": removed, "$set": {"companions": [], "level": "account"}}
    return {"$unset": removed, "$pull": {"companions": {"consent": purpose}}}


def refuse(resident: Resident, purpose: str) -> None:
    """Note that the resident said no, so that they are not asked again soon.

    Raises:
        NotFound: no such purpose.
    """
    if purpose not in PURPOSES:
        raise NotFound
    change = {"$set": {f"consent_refused.{purpose}": clock.now()}}
    Account._get_collection().update_one({"_id": resident.account_id}, change)


def require(resident: Resident, purpose: str) -> None:
    """Check a consent.

    Raises:
        ConsentNeeded: it was not given, ended, or a later text goes beyond it.
    """
    given = resident.document.get("consents", {}).get(purpose)
    if not lasts(given, [text["version"] for text in consent_text.in_force(purpose)], purpose, resident.person_id):
        raise ConsentNeeded(purpose)


def holds(person_id: ObjectId, purpose: str) -> bool:
    """Tell whether a person consents to a purpose at present: an account that surely is theirs, or on paper."""
    surely = {"person": person_id, "level": {"$in": list(levels.ONE_ACCOUNT)}}
    valid = [text["version"] for text in consent_text.in_force(purpose)]
    shown = {f"consents.{purpose}": 1}
    carried = [
        *Account._get_collection().find(surely, shown),
        *Person._get_collection().find({"_id": person_id}, shown),
    ]
    return any(lasts(one.get("consents", {}).get(purpose), valid, purpose, person_id) for one in carried)


def overview(resident: Resident) -> list[dict[str, Any]]:
    """Return every purpose with its newest text, whether it is consented to, and when it may be asked for."""
    return [_told(resident, code) for code in PURPOSES]


def _told(resident: Resident, code: str) -> dict[str, Any]:
    purpose, texts = PURPOSES[code], consent_text.in_force(code)
    given = resident.document.get("consents", {}).get(code)
    refused = resident.document.get("consent_refused", {}).get(code)
    told: dict[str, Any] = {
        "purpose": code,
        "purpose_zh": purpose.zh,
        "data_zh": list(purpose.data_zh),
        "sensitive": purpose.sensitive,
        "text_version": texts[0]["version"] if texts else "",
        "text": texts[0]["body"] if texts else "",
        "text_digest": texts[0]["digest"] if texts else "",
        "given": _is_given(resident, code, [text["version"] for text in texts]),
    }
    if given:
        told["given_at"] = _time(given["at"])
        told |= {"until": _time(given["until"])} if given.get("until") else {}
    if refused and refused + PROMPT_PAUSE > clock.now():
        told["ask_again_from"] = _time(refused + PROMPT_PAUSE)
    return told


def _is_given(resident: Resident, code: str, versions: list[str]) -> bool:
    given, mine = resident.document.get("consents", {}).get(code), resident.person_id
    if given and given["version"] in versions and (code not in FOR_REGISTERS or given.get("person", mine) == mine):
        return True
    return code in FOR_REGISTERS and resident.sure_person_id is not None and holds(resident.sure_person_id, code)


def history(resident: Resident, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the account's consent records and of what the same person signed, newest first."""
    mine: dict[str, Any] = {"account": resident.account_id}
    if resident.sure_person_id:
        mine = {"$or": [mine, {"person": resident.sure_person_id, "account": None}]}
    found, following = paging.page(
        ConsentRecord._get_collection(),
        mine,
        sort=("_id", -1),
        cursor=cursor,
        limit=limit,
    )
    return [_line(one) for one in found], following


def _line(found: dict[str, Any]) -> dict[str, Any]:
    names = ("purpose", "text_version", "text_digest", "channel", "ended_by")
    told = {name: found[name] for name in names if name in found}
    times = {name: _time(found[name]) for name in ("given_at", "until", "ended_at") if found.get(name)}
    zh = PURPOSES[found["purpose"]].zh
    return {"id": str(found["_id"]), "purpose_zh": zh, "data_zh": found["data"], **told, **times}


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
