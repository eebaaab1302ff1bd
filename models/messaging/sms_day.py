"""How many SMS an account got on a civil day: the cap of a person. One guarded update decides."""

from datetime import timedelta

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, ListField, ObjectIdField, StringField

from backend import clock, personal_data

KEPT = timedelta(days=3)


class SmsDay(Document):
    """The id reads account and day; `taken` names the notices, so that one counts once."""

    meta = {
        "collection": "sms_days",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["at"], "expireAfterSeconds": int(KEPT.total_seconds())},
            "account",
        ],
    }
    id = StringField(primary_key=True)
    account = ObjectIdField(required=True)
    count = IntField(required=True)
    taken = ListField(ObjectIdField())
    at = DateTimeField(required=True)


personal_data.declare(personal_data.Holding("sms_days", zh="短信每日条数", accounts=("account",)))


def take(account_id: ObjectId, notice_id: ObjectId, most: int) -> bool:
    """Count a notice's SMS on today; return False where the day is full. The same notice counts once a day."""
    days, day_id = SmsDay._get_collection(), f"{account_id}:{clock.today().isoformat()}"
    made = {"account": account_id, "count": 0, "taken": [], "at": clock.now()}
    # An upsert by `_id` alone is made again by the server when two at once insert it.
    days.update_one({"_id": day_id}, {"$setOnInsert": made}, upsert=True)
    room = {"_id": day_id, "count": {"$lt": most}, "taken": {"$ne": notice_id}}
    if days.update_one(room, {"$inc": {"count": 1}, "$push": {"taken": notice_id}}).matched_count:
        return True
    return days.find_one({"_id": day_id, "taken": notice_id}, {"_id": 1}) is not None


def give_back(account_id: ObjectId, notice_id: ObjectId) -> None:
    """Uncount an SMS that surely was not sent; repeating it changes nothing."""
    query = {"_id": f"{account_id}:{clock.today().isoformat()}", "taken": notice_id}
    SmsDay._get_collection().update_one(query, {"$inc": {"count": -1}, "$pull": {"taken": notice_id}})
