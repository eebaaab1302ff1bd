"""The file of a firm: asked of the registers, each field with source and date, seen by its own people, disputed."""

from bson import ObjectId

from models.enterprise.firm import Firm
from models.identity.organisation import Organisation
from models.registers import fact
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE
from tests.selenium.grower_kit import credit_code, resident
from tests.support import affairs, queues


def test_a_firm_sees_what_each_register_says_with_its_source_and_date(garments):
    before = garments.get("/firm").json
    assert (before["items"], {one["state"] for one in before["sources"]}) == ([], {"never_asked"})
    kit.asked(garments)
    told = garments.get("/firm").json
    found = kit.file_of(garments)
    assert {one["state"] for one in told["sources"]} == {"answered"}
    kinds = {"business.licence", "firm.tax", "firm.staff", "firm.power", "firm.statistics", "firm.patent"}
    assert set(found) == kinds | {"firm.title", "firm.credit"}
    staff = found["firm.staff"]
    assert (staff["source_zh"], staff["unit_zh"], staff["stated_on"]) == (
        "单位参保登记",
        "县社会保险服务中心",
        "2026-01-31",
    )
    fields = {one["field"]: one["value_zh"] for one in staff["fields"]}
    assert (fields["insured_staff"], fields["layoff_rate"], fields["premiums_fen"]) == ("32 人", "3.5%", "10000.01 元")
    assert staff["fetched_at"].startswith("2026-11-20T")
    assert found["business.licence"]["value_zh"].startswith("于都县演示服装有限公司")
    assert len([one for one in told["items"] if one["kind"] == "firm.patent"]) == 3


def test_what_is_fresh_is_not_asked_again_and_what_is_not_is(garments, box, shift_clock):
    kit.asked(garments)
    first = box.calls("tax")
    kit.asked(garments)
    assert box.calls("tax") == first == 1
    shift_clock(8 * 24 * 3600)
    garments.phone.log_in()
    answers = {one["code"]: one["result"] for one in garments.post("/firm/refresh").json["items"]}
    assert (answers["tax"], answers["power"]) == ("asking", "fresh")


def test_that_a_register_has_no_record_is_told_as_such(client, sandbox, box):
    made = kit.joined(client, sandbox)
    kit.known(box, made, without=("patents",))
    kit.asked(made)
    assert kit.file_of(made)["firm.patent"]["value_zh"] == "登记部门没有记录"


def test_an_answer_about_another_firm_is_not_taken(garments, box):
    box.fault("other_person", register="tax", count=1)
    kit.asked(garments)
    assert "firm.tax" not in kit.file_of(garments)


def test_another_firm_s_people_and_strangers_see_nothing_of_it(garments, client, sandbox, box):
    kit.asked(garments)
    other = kit.joined(client, sandbox, "别家公司")
    assert other.get("/firm").json["items"] == []
    assert garments.by(other.phone).get("/firm").status_code == 404
    (staff,) = [one for one in garments.get("/firm").json["items"] if one["kind"] == "firm.staff"]
    answer = other.post(f"/firm/facts/{staff['id']}/dispute", {"text": "不对"})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_firm_disputes_what_a_register_says_and_the_unit_of_the_register_corrects_it(garments, client):
    kit.asked(garments)
    staff = kit.file_of(garments)["firm.staff"]
    answer = garments.post(f"/firm/facts/{staff['id']}/dispute", {"text": "参保人数应为 33 人"})
    assert (answer.status_code, answer.json["state"]) == (201, "open")
    again = garments.post(f"/firm/facts/{staff['id']}/dispute", {"text": "参保人数应为 33 人"})
    assert (again.status_code, again.json["code"]) == (409, "case_already_open")
    assert kit.file_of(garments)["firm.staff"]["state"] == "disputed"
    handler = affairs.seat(client, "case_handler", unit="social_insurance_centre")
    affairs.move(handler, answer.json["id"], "claim")
    value = dict(fact.read(ObjectId(staff["id"])).value) | {"insured_staff": 33}
    affairs.decide(handler, answer.json["id"], "corrected", value=value)
    told = {one["field"]: one["value_zh"] for one in kit.file_of(garments)["firm.staff"]["fields"]}
    assert told["insured_staff"] == "33 人"


def test_a_correction_that_is_no_such_fact_is_refused(garments, client):
    kit.asked(garments)
    staff = kit.file_of(garments)["firm.staff"]
    case = garments.post(f"/firm/facts/{staff['id']}/dispute", {"text": "参保人数有误"}).json
    handler = affairs.seat(client, "case_handler", unit="social_insurance_centre")
    affairs.move(handler, case["id"], "claim")
    answer = affairs.decide(handler, case["id"], "corrected", value={"insured_staff": -1}, status=422)
    assert answer["code"] == "fact_value_wrong"


def test_a_clerk_of_the_firm_sees_the_file_but_does_not_dispute(garments, client, sandbox):
    kit.asked(garments)
    helper = garments.joined(resident(client, sandbox), "clerk")
    staff = kit.file_of(helper)["firm.staff"]
    assert helper.post(f"/firm/facts/{staff['id']}/dispute", {"text": "不对"}).status_code == 403


def test_the_office_takes_in_a_firm_that_the_business_register_knows(clerk, box):
    made = box.firm(seed=11)
    code = made["credit_code"]
    answer = clerk.post(f"{OFFICE}/firms", {"credit_code": f" {code.lower()} "})
    assert (answer.status_code, answer.json["name"]) == (201, made["name"])
    queues.drain("affairs")
    told = clerk.get(f"{OFFICE}/firms/{code}").json
    assert {one["kind"] for one in told["items"]} >= {"firm.tax", "firm.credit"}
    assert "legal_person" not in str(told["items"][0]["fields"])
    assert [one["credit_code"] for one in clerk.get(f"{OFFICE}/firms").json["items"]] == [code]


def test_a_code_that_is_none_or_that_nobody_registered_is_refused(clerk, box):
    wrong = clerk.post(f"{OFFICE}/firms", {"credit_code": "91360731MA35FAKE00"})
    assert (wrong.status_code, wrong.json["code"]) == (400, "credit_code_wrong")
    unknown = clerk.post(f"{OFFICE}/firms", {"credit_code": credit_code()})
    assert (unknown.status_code, unknown.json["code"]) == (422, "enterprise_firm_unknown")
    box.fault("error_500", register="business", count=1)
    away = clerk.post(f"{OFFICE}/firms", {"credit_code": credit_code()})
    assert (away.status_code, away.json["code"]) == (502, "business_register_away")
    assert clerk.get(f"{OFFICE}/firms/{credit_code()}").status_code == 404


def test_a_job_takes_in_all_who_have_joined_and_asks_the_registers(clerk, garments):
    answer = clerk.post(f"{OFFICE}/firms/collect")
    assert answer.status_code == 202, answer.json
    queues.drain("reports", "affairs")
    job = clerk.get(f"/office/v1/jobs/{answer.json['job_id']}").json
    assert (job["state"], job["done"]) == ("done", job["total"])
    stored = Firm._get_collection().find_one({"_id": kit.code_of(garments)})
    assert stored["division"] == "360731"
    joined = Organisation._get_collection().estimated_document_count()
    assert Firm._get_collection().estimated_document_count() == joined
    assert set(kit.file_of(garments)) >= {"firm.tax", "firm.staff"}
