"""The phone number of an account, taken from WeChat's one-time phone code."""

from bson import ObjectId

from backend import runtime
from backend.identity_documents import mask_phone
from models.identity import consent
from models.identity.account import Account
from models.identity.actors import Resident


def take(resident: Resident, code: str) -> str:
    """Exchange a phone code and keep the number; return it masked.

    Raises:
        ConsentNeeded: no consent to use the phone number, or it was withdrawn meanwhile.
        WeChatLoginCodeRefused: WeChat does not know the code, or it was used.
    """
    consent.require(resident, "phone")
    parts = runtime.current()
    number = parts.mini_program.phone_number(code).number
    change = {
        "phone": parts.sealer.seal("accounts.phone", resident.account_id, number),
        "phone_index": parts.sealer.blinds("accounts.phone", number),
    }
    guard = {"_id": resident.account_id, "consents.phone": {"$exists": True}}
    if not Account._get_collection().update_one(guard, {"$set": change}).matched_count:
        raise consent.ConsentNeeded("phone")
    return mask_phone(number)


def of_account(account_id: ObjectId) -> str | None:
    """Return the number that an account agreed to be called at, None where there is none."""
    given = {"_id": account_id, "consents.phone": {"$exists": True}, "closing": {"$ne": True}}
    found = Account._get_collection().find_one(given, {"phone": 1})
    if found is None or "phone" not in found:
        return None
    return runtime.current().sealer.open("accounts.phone", account_id, found["phone"])
