"""The firm that a resident of the cast owns, so that somebody may call what members of organisations call."""

import secrets

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.credit_code import ALPHABET
from backend.store import transactions
from models.enterprise.firm import Firm
from models.identity import membership, organisation
from models.identity.organisation import Told

DIVISION = "360731"
_BY = "system:fuzz"


def firm(person: ObjectId) -> str:
    """Make an organisation that a person owns, a firm that policies look at, and return its id."""
    code = _credit_code()
    made = organisation.record(Told(code, f"于都县演示服装{code[-4:]}有限公司"), source="demo", by=_BY)

    def change(session: ClientSession) -> None:
        organisation.insert(made, session)
        membership.insert(membership.record(made["_id"], person, "owner", how="register", by=_BY, evidence={}), session)

    transactions.run(change)
    told = {"_id": code, "name": made["name"], "division": DIVISION, "since": clock.now()}
    Firm._get_collection().insert_one(told)
    return str(made["_id"])


def _credit_code() -> str:
    body = f"91{DIVISION}" + "".join(secrets.choice(ALPHABET) for _ in range(9))
    total = sum(ALPHABET.index(one) * pow(3, place, 31) for place, one in enumerate(body))
    return body + ALPHABET[-total % 31]
