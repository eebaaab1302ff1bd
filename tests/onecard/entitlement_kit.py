"""What the tests of entitlements share: residents whom the registers know, and what they are told."""

from bson import ObjectId

from backend import clock, identity_documents
from models.identity import person
from models.onecard import entitlement
from tests.support.phone import Phone

NAME = "张三丰"
STATUSES = ("veterans", "disability", "subsistence", "students", "military")
OF_REGISTER = {
    "veteran": "veterans",
    "disabled": "disability",
    "subsistence": "subsistence",
    "student": "students",
    "serving_military": "military",
}
"""The concessions that hang on one register each."""
PATH = "/mini/v1/card/entitlements"


class Holder:
    """A resident with a phone, matched, whom the household register knows, with records in further ones."""

    def __init__(self, client, sandbox, box, *registers: str, birth: str = "19900307", consents: bool = True):
        self.box, self.phone = box, Phone(client, sandbox).ready(birth).sure()
        self.number = self.phone.document
        box.person(number=self.number, name=NAME, **{"with": list(registers)})
        if consents:
            self.consent()

    def consent(self, *purposes: str) -> "Holder":
        for purpose in purposes or ("facts", "entitlements"):
            assert self.phone.consent(purpose).status_code == 204
        return self

    @property
    def id(self) -> ObjectId:
        return person.find(identity_documents.parse("resident_id", self.number))["_id"]

    def listed(self, **headers) -> dict[str, dict]:
        """Return what the phone shows, by concession."""
        answer = self.phone.get(PATH, **headers)
        assert answer.status_code == 200, answer.json
        return {one["concession"]: one for one in answer.json["items"]}

    def shown(self, concession: str) -> dict:
        return self.listed()[concession]

    def asked(self, concession: str, **options) -> entitlement.Entitlement:
        """Return what the rule says, without HTTP."""
        day = options.pop("day", clock.today())
        return entitlement.entitled(self.id, concession, day=day, seconds=options.pop("seconds", 5.0), **options)

    def change(self, register: str, **record) -> None:
        self.box.change(register, self.number, **record)


def stranger() -> ObjectId:
    """Return somebody whom a companion list would declare."""
    told = identity_documents.parse("resident_id", "360731195001010017")
    return person.find_or_declare(told, NAME)
