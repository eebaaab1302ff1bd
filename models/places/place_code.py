"""The mini-program code of a place, to print at its entrance. WeChat is asked once, the picture is kept."""

from mongoengine import BinaryField, DateTimeField, Document, StringField

from backend import clock, runtime
from models.identity.actors import Staff
from models.places import scope

PAGE = "pages/place/index"
_PNG = b"\x89PNG"


class PlaceCode(Document):
    """The id is the place's."""

    meta = {"collection": "place_codes", "auto_create_index": False}
    id = StringField(primary_key=True)
    picture = BinaryField(required=True)
    made_at = DateTimeField(required=True)


def picture(actor: Staff, place_id: str) -> bytes:
    """Return the code of a place, as WeChat made it.

    Raises:
        NotFound: no such place in the actor's scope.
        WeChatFailure: WeChat could not make it; ask again later.
    """
    scope.place(actor, "place.read", place_id)
    if kept := PlaceCode._get_collection().find_one({"_id": place_id}):
        return bytes(kept["picture"])
    made = runtime.current().mini_program.code_image(f"p={place_id}", PAGE)
    first = {"$setOnInsert": {"picture": made, "made_at": clock.now()}}
    PlaceCode._get_collection().update_one({"_id": place_id}, first, upsert=True)
    return made


def media_type(made: bytes) -> str:
    """Return the picture's media type: WeChat answers PNG or JPEG as it likes."""
    return "image/png" if made.startswith(_PNG) else "image/jpeg"
