"""Which units care for an elder now, as alerts ask them."""

from bson import ObjectId

from models.eldercare.subject import HealthSubject


def of(subject_id: ObjectId) -> list[str]:
    """Return the units that care for an elder, none for who has none or was erased."""
    found = HealthSubject._get_collection().find_one({"_id": subject_id}, {"units.unit": 1}) or {}
    return sorted({one["unit"] for one in found.get("units", ())})
