"""The stores of the main job learn who was bound when, and lose the indexes that searching by time replaced."""

from typing import Any

from pymongo.database import Database

from backend.store.migrations import Step

NUMBER, NAME = 2, "trust"
REPLACED = {
    "audit_entries": ("actor_1__id_-1", "object_1__id_-1"),
    "access_lines": ("who_1__id_-1", "subjects_1__id_-1"),
}
BATCH = 500
_TOLD = {"person": 1, "created_at": 1, "companions.self": 1, "companions.added_at": 1}


def run(db: Database[dict[str, Any]], step: Step) -> None:
    """Drop the replaced indexes and open a binding record for every account that has a person; repeating is safe."""
    for collection, names in REPLACED.items():
        there = db[collection].index_information()
        for name in names:
            if name in there:
                db[collection].drop_index(name)
    bound = db.accounts.find({"level": "declared"}, _TOLD).hint("_id_")
    total = db.accounts.estimated_document_count()
    for number, account in enumerate(bound.batch_size(BATCH), start=1):
        if account.get("person"):
            _record(db, account)
        if number % BATCH == 0:
            step(number, total)
    step(total, total)


def _record(db: Database[dict[str, Any]], account: dict[str, Any]) -> None:
    """Store what the account itself tells; the record's id is the account's, so that a second run finds it."""
    own: dict[str, Any] = next((one for one in account.get("companions", []) if one.get("self")), {})
    told = {
        "account": account["_id"],
        "person": account["person"],
        "level": "declared",
        "method": "declared",
        "evidence": [],
        "by": f"resident:{account['_id']}",
        "since": own.get("added_at", account["created_at"]),
        "open": True,
    }
    db.bindings.update_one({"_id": account["_id"]}, {"$setOnInsert": told}, upsert=True)
