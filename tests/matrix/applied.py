"""What families have who are applying: a guardianship, a draft with a paper; and papers of what was submitted."""

from bson import ObjectId

from backend.store import transactions
from models.affairs.case import Case
from models.identity import account, person, relation
from models.media.file import File
from models.school import applying, draft, kinds, points
from models.school.application import SchoolApplication
from tests.matrix.placed import Placed
from tests.matrix.schools import ANNOUNCED
from tests.school.after_kit import child
from tests.support import files


class Applied(Placed):
    """A cast of which some apply for a child."""

    def make_applied(self) -> None:
        self.make_points()
        for which in ("own", "other"):
            born = child()
            transactions.run(lambda session, one=born: person.raise_level(one, "matched", session))
            me = ObjectId(self.person_ids[which])
            told = {"method": "register", "evidence": ["test"], "by": "system:test"}
            self.keep("school relation", which, relation.establish("guardian", born, me, **told)["_id"])
            self.keep("school child", which, born)
            who = applying.by(account.authenticate(self.phones[which].token))
            begun = self.keep("school draft", which, draft.begin(who, ANNOUNCED, born)["_id"])
            self._paper("school material", which, begun)
            self._paper("school paper", which, self.ids["school application"][which])

    def make_points(self) -> None:
        """Cases that check a point of an application, on the desks where the cast's other cases lie."""
        application = ObjectId(self.ids["school application"]["own"])
        point = points.new("residence", "by_hand")
        SchoolApplication._get_collection().update_one({"_id": application}, {"$set": {"points": [point]}})
        for which, case_id in self.ids["case"].items():
            found = Case._get_collection().find_one({"_id": ObjectId(case_id)})
            for name in ("once", "outbox", "person", "account", "declared_person", "text"):
                found.pop(name, None)
            made = {"_id": ObjectId(), "number": f"RXSH-{which}", "kind": f"{kinds.CODE}residence", "kind_version": 1}
            made |= {"about": {"application": application, "round": ANNOUNCED, "point": "residence"}}
            made |= {"work": found["work"] | {"step": kinds.KINDS["residence"].steps[0].code}}
            Case._get_collection().insert_one(found | made)
            self.keep("point case", which, made["_id"])

    def _paper(self, kind: str, which: str, application_id: str) -> None:
        """Put a paper into an application, as saving its form would."""
        made = files.upload(self.phones[which], "mini", files.png(), purpose="school_material")
        paper = ObjectId(self.keep(kind, which, self.made(made, 200)))
        place = {"attached_to": f"school_application:{application_id}", "state": "attached"}
        File._get_collection().update_one({"_id": paper}, {"$set": place})
        row = {"id": paper, "point": "residence"}
        SchoolApplication._get_collection().update_one({"_id": ObjectId(application_id)}, {"$push": {"files": row}})
