"""What enrolment has: a round that is being prepared, one that anybody may read, their schools and districts."""

from models.school import district
from models.school.district import SchoolDistrict
from models.school.round import SchoolRound
from tests.matrix.produce import Produce

ROUND, ANNOUNCED = "2027-primary", "2027-primary_announced"


class Schools(Produce):
    """A cast in a county whose next round stands in the books."""

    def make_schools(self) -> None:
        prepared = SchoolRound._get_collection().find_one({"_id": ROUND})
        announced = prepared | {"_id": ANNOUNCED, "state": "open"}
        SchoolRound._get_collection().insert_one(announced)
        copies = [
            one | {"_id": f"{ANNOUNCED}:{one['code']}", "round": ANNOUNCED}
            for one in district.of_generation(ROUND, prepared["districts"]["generation"])
        ]
        SchoolDistrict._get_collection().insert_many(copies)
        self.keep("round", "own", ROUND)
        self.keep("public round", "own", ANNOUNCED)
        self.keep("school", "own", "shiyan_primary")
        self.keep("district", "own", "d1")
