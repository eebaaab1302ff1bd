"""Telling the families that were found, what they see, and the village's list of whom nothing reached."""

import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.identity import approval
from models.identity.relation import Relation
from models.messaging.notice import Notice
from models.registers import fact
from models.school import candidate
from models.school.candidate import SchoolCandidate
from models.school.round import SchoolRound
from tests.school import family_kit, ground
from tests.school.after_kit import manager
from tests.school.family_kit import BORN_FROM, BORN_TO, EAST, WEST, family
from tests.school.family_kit import with_grandparent as elder_family
from tests.support import affairs, files
from tests.support.crowd import at_once
from tests.support.messages import Told
from tests.support.queues import drain

OFFICE = f"/office/v1/school/rounds/{ground.ROUND}"
MINI = "/mini/v1/school"
DAY = 24 * 3600
SPAN = {"born_from": BORN_FROM, "born_to": BORN_TO}


@pytest.fixture
def box(box, sms_box):
    sms_box.forget()
    return box


@pytest.fixture
def in_round(box):
    return family_kit.begin(state="open")


@pytest.fixture
def bureau(client, in_round):
    return manager(client)


def find(bureau) -> None:
    assert bureau.post(f"{OFFICE}/find", SPAN).status_code == 202
    drain("reports")


def tell(bureau) -> None:
    answer = bureau.post(f"{OFFICE}/tell")
    assert answer.status_code == 202, answer.json
    drain("reports", "push")


def of(made) -> dict:
    return candidate.of_child(ground.ROUND, made.child_id)


def notices() -> list[dict]:
    return list(Notice._get_collection().find({"key": {"$regex": "^school_found:"}}).sort("_id", 1))


def unreached(clerk, **query) -> list[dict]:
    told = "&".join(f"{name}={value}" for name, value in query.items())
    answer = clerk.get(f"{OFFICE}/unreached?{told}")
    assert answer.status_code == 200, answer.json
    return sorted(answer.json["items"], key=lambda one: one["village"])


def visit(clerk, one: str, outcome: str = "told", note: str = ""):
    return clerk.post(f"{OFFICE}/unreached/{one}/visited", {"outcome": outcome, "note": note})


class TestTelling:
    def test_a_message_names_school_tier_and_what_is_missing_once(self, client, sandbox, box, bureau):
        made = family(box, home=EAST)
        phone = made.phone(client, sandbox)
        find(bureau)
        tell(bureau)
        (one,) = notices()
        assert one["values"]["school"] == "s_east小学"
        assert (one["values"]["tier"], one["values"]["missing"]) == ("第 1 梯次", "无")
        (message,) = [m for m in phone.get("/mini/v1/notices").json["items"] if m["kind"] == "school_found"]
        assert "先后提交不影响结果" in str(message)
        tell(bureau)
        assert len(notices()) == 1

    def test_the_childs_name_stands_masked_in_every_channel(self, client, sandbox, box, bureau, sms_box):
        made = family(box, home=EAST)
        phone = made.phone(client, sandbox)
        Told(phone).number("13800000002")
        find(bureau)
        tell(bureau)
        (one,) = notices()
        assert one["values"]["child"] == "张**"
        assert made.child["name"] not in str(one) + phone.get("/mini/v1/notices").text

    def test_both_parents_are_told_and_who_only_declared_to_be_one_is_not(self, client, sandbox, box, bureau):
        made, declared = family(box, parents=2, home=EAST), family(box, home=EAST)
        made.phone(client, sandbox, 0), made.phone(client, sandbox, 1)
        declared.phone(client, sandbox, level="declared")
        find(bureau)
        tell(bureau)
        assert len(notices()) == 2
        assert (of(made)["reach"], of(declared)["reach"]) == ("told", "no_account")

    def test_a_second_run_tells_only_those_for_whom_something_changed(self, client, sandbox, box, bureau):
        same, other = family(box, home=EAST), family(box)
        for made in (same, other):
            made.phone(client, sandbox)
        find(bureau)
        tell(bureau)
        assert len(notices()) == 2
        SchoolCandidate._get_collection().update_one({"_id": of(other)["_id"]}, {"$set": {"digest": "changed"}})
        tell(bureau)
        assert sorted(one["about"] for one in notices()) == sorted([str(of(same)["_id"]), *[str(of(other)["_id"])] * 2])

    def test_who_waits_for_a_register_is_not_told_something_half(self, client, sandbox, box, bureau):
        made = family(box, home=EAST)
        made.phone(client, sandbox)
        box.fault("error_500", register="property", count=5)
        find(bureau)
        tell(bureau)
        assert (notices(), of(made)["reach"]) == ([], "")

    def test_a_round_that_was_not_announced_tells_nobody(self, box, bureau):
        SchoolRound._get_collection().update_one({"_id": ground.ROUND}, {"$set": {"state": "preparing"}})
        assert bureau.post(f"{OFFICE}/tell").json["code"] == "school_round_state_wrong"


class TestFound:
    def test_a_guardian_sees_the_child_and_becomes_its_guardian_by_the_register(self, client, sandbox, box, bureau):
        made = family(box, home=EAST)
        phone = made.phone(client, sandbox)
        find(bureau)
        (one,) = phone.get(f"{MINI}/found").json["items"]
        assert (one["child_name"], one["tier_zh"], one["missing"]) == ("张**", "第 1 梯次", [])
        assert one["schools"] == [{"code": "s_east", "name": "s_east小学"}]
        assert "relation_id" not in one
        made_one = phone.post(f"{MINI}/found/{one['id']}/guardianship")
        assert made_one.status_code == 200, made_one.json
        assert phone.post(f"{MINI}/found/{one['id']}/guardianship").json == made_one.json
        (again,) = phone.get(f"{MINI}/found").json["items"]
        assert again["relation_id"] == made_one.json["relation_id"]

    def test_a_round_in_preparation_shows_nothing(self, client, sandbox, box, bureau):
        made = family(box)
        phone = made.phone(client, sandbox)
        find(bureau)
        SchoolRound._get_collection().update_one({"_id": ground.ROUND}, {"$set": {"state": "preparing"}})
        assert phone.get(f"{MINI}/found").json["items"] == []
        assert phone.post(f"{MINI}/found/{of(made)['_id']}/guardianship").status_code == 404

    def test_somebody_elses_child_is_not_found(self, client, sandbox, box, bureau):
        made, other = family(box), family(box)
        phone = other.phone(client, sandbox)
        find(bureau)
        assert phone.post(f"{MINI}/found/{of(made)['_id']}/guardianship").status_code == 404
        assert phone.post(f"{MINI}/found/{ObjectId()}/guardianship").status_code == 404
        assert [one["id"] for one in phone.get(f"{MINI}/found").json["items"]] == [str(of(other)["_id"])]
        assert family(box).phone(client, sandbox, level="declared").get(f"{MINI}/found").status_code == 403

    def test_a_parent_who_is_not_head_or_spouse_goes_to_a_counter(self, client, sandbox, box, bureau):
        made = elder_family(box)
        phone = made.phone(client, sandbox)
        find(bureau)
        answer = phone.post(f"{MINI}/found/{of(made)['_id']}/guardianship")
        assert (answer.status_code, answer.json["code"]) == (422, "guardian_not_in_register")


class TestFacts:
    @pytest.fixture
    def ours(self, client, sandbox, box, bureau):
        made = family(box, parents=2, home=EAST)
        phone = made.phone(client, sandbox)
        find(bureau)
        phone.post(f"{MINI}/found/{of(made)['_id']}/guardianship")
        return made, phone

    def path(self, made, round_code=ground.ROUND) -> str:
        return f"{MINI}/children/{made.child_id}/facts?round={round_code}"

    def test_each_entry_has_source_date_and_what_is_missing_a_reason(self, ours):
        made, phone = ours
        told = phone.get(self.path(made)).json
        home = next(one for one in told["items"] if one["kind"] == "household.address")
        assert (home["source_zh"], home["date"], home["about_zh"]) == ("户籍登记", "2022-01-01", "孩子")
        assert {one["kind"] for one in told["bases"]} == {"household", "property"}
        missing = {one["name"]: one["why_zh"] for one in told["missing"]}
        assert missing["guardian.veteran"] == "本县登记中没有记录"
        text = phone.get(self.path(made)).text
        assert [one for one in (made.certificate, made.child["number"], made.parents[1]["name"]) if one in text] == []

    def test_the_childs_entry_is_disputed_on_the_spot_and_counts_as_missing(self, ours):
        made, phone = ours
        told = phone.get(self.path(made)).json
        home = next(one for one in told["items"] if one["kind"] == "household.address")
        body = {"text": "我们去年已搬家,户籍地址未更新。"}
        answer = phone.post(home["dispute"], body, **{"Acting-For": home["acting_for"]})
        assert answer.status_code == 201, answer.json
        after = phone.get(self.path(made)).json
        now = next(one for one in after["items"] if one["kind"] == "household.address")
        assert (now["state"], now["disputable"]) == ("disputed", False)
        assert "dispute" not in now
        assert "household.in_district" in {one["name"] for one in after["missing"]}
        assert fact.read(ObjectId(home["fact"])).disputed

    def test_ones_own_entry_is_disputed_in_ones_own_name(self, ours):
        made, phone = ours
        told = phone.get(self.path(made)).json
        mine = next(one for one in told["items"] if one["kind"] == "property.certificate")
        assert "acting_for" not in mine
        assert phone.post(mine["dispute"], {"text": "这套房已出售。"}).status_code == 201

    def test_another_guardians_entries_stand_in_part_and_are_not_ours_to_dispute(self, client, sandbox, ours):
        made, _ = ours
        mother = made.phone(client, sandbox, 1)
        mother.post(f"{MINI}/found/{of(made)['_id']}/guardianship")
        told = mother.get(self.path(made)).json
        fathers = next(one for one in told["items"] if one["kind"] == "property.certificate")
        assert (fathers["about_zh"], fathers["disputable"]) == ("监护人", False)
        assert "dispute" not in fathers
        assert mother.post(f"/mini/v1/facts/{fathers['fact']}/dispute", {"text": "不对。"}).status_code == 404

    def test_that_a_guardian_looked_is_noted_for_the_child(self, ours):
        made, phone = ours
        AccessLine._get_collection().delete_many({"subjects": made.child_id})
        phone.get(self.path(made))
        (line,) = AccessLine._get_collection().find({"subjects": made.child_id})
        assert (line["purpose"], line["fields"]) == ("acting_for", ["facts.value"])

    def test_nobody_else_and_no_other_round_shows_them(self, client, sandbox, box, ours):
        made, phone = ours
        stranger = family(box).phone(client, sandbox)
        assert stranger.get(self.path(made)).status_code == 404
        assert phone.get(self.path(made, "2027-nothing")).status_code == 404
        assert phone.get(self.path(made, "x")).status_code == 400
        assert phone.get(f"{MINI}/children/nobody/facts?round={ground.ROUND}").status_code == 404
        Relation._get_collection().update_many({"for_person": made.child_id}, {"$set": {"state": "ended"}})
        assert phone.get(self.path(made)).status_code == 404

    def test_registers_are_not_asked_without_the_consent(self, client, sandbox, ours, box):
        made, phone = ours
        assert phone.call("DELETE", "/mini/v1/consents/facts").status_code in (200, 204)
        assert phone.get(self.path(made)).status_code == 403


class TestUnreached:
    @pytest.fixture
    def lost(self, box, bureau):
        """Two families without an account, one in each of two villages."""
        made = family(box, home=EAST), family(box, village=WEST, home=WEST)
        find(bureau)
        tell(bureau)
        return made

    def test_who_has_no_account_stands_on_the_list_masked_with_the_whole_address(self, box, bureau, lost):
        items = unreached(bureau)
        assert [one["village"] for one in items] == [EAST, WEST]
        assert items[0]["address"] == candidate.home_of(of(lost[0]))["address"]
        assert (items[0]["guardians"], items[0]["child"]) == (["张**"], "未满14周岁,需审批")
        assert (items[0]["reach_zh"], items[0]["tier_zh"]) == ("监护人均未使用小程序", "第 1 梯次")
        assert lost[0].parents[0]["name"] not in str(items)

    def test_it_is_noted_whom_the_list_showed(self, bureau, lost):
        unreached(bureau)
        (line,) = AccessLine._get_collection().find({"purpose": "school_enrolment"})
        assert sorted(line["subjects"]) == sorted([*lost[0].parent_ids, *lost[1].parent_ids])
        assert line["fields"] == ["person.name", "school.candidate"]

    def test_a_liaison_reaches_the_own_town_or_village_alone(self, client, bureau, lost):
        town = affairs.seat(client, "school_liaison", unit="town_360731100")
        village = affairs.seat(client, "school_liaison", unit="town_360731100", area=WEST)
        other = affairs.seat(client, "school_liaison", unit="town_360731101")
        assert [one["village"] for one in unreached(town)] == [EAST, WEST]
        assert [one["village"] for one in unreached(village)] == [WEST]
        assert unreached(other) == []
        assert village.get(f"{OFFICE}/unreached?village={EAST}").status_code == 404
        assert [one["village"] for one in unreached(town, village=EAST)] == [EAST]
        east = str(of(lost[0])["_id"])
        assert visit(village, east).status_code == 404
        assert visit(other, east).status_code == 404
        assert visit(town, east).status_code == 200

    def test_a_unit_without_an_area_reaches_nobody_and_is_told_what_to_do(self, client, bureau, lost):
        nowhere = affairs.seat(client, "school_liaison", unit="big_data_centre")
        told = nowhere.get(f"{OFFICE}/unreached")
        assert (told.status_code, told.json["items"], told.json["next"]) == (200, [], None)
        assert "请联系单位管理员" in told.json["note_zh"]
        assert AccessLine._get_collection().find_one({"who": nowhere.actor().key}) is None
        for answer in (
            nowhere.get(f"{OFFICE}/unreached.xlsx"),
            nowhere.post(f"{OFFICE}/unreached/exports", {"reason": "上门"}),
        ):
            assert (answer.status_code, answer.json["code"]) == (409, "school_area_missing")
            assert answer.json["message"] == told.json["note_zh"]
        assert visit(nowhere, str(of(lost[0])["_id"])).status_code == 404
        assert "note_zh" not in bureau.get(f"{OFFICE}/unreached").json

    def test_other_roles_reach_nobody(self, client, bureau, lost):
        clerk = affairs.seat(client, "school_clerk", unit="education_sports")
        assert clerk.get(f"{OFFICE}/unreached").status_code == 403

    def test_a_visit_takes_the_family_from_the_list_and_the_same_again_changes_nothing(self, bureau, lost):
        east = str(of(lost[0])["_id"])
        first = visit(bureau, east, "told", "奶奶转告")
        assert (first.status_code, first.json["reach"]) == (200, "visited")
        stored = of(lost[0])
        assert visit(bureau, east, "told", "奶奶转告").json == first.json
        assert of(lost[0]) == stored
        assert "奶奶" not in str(stored)
        assert [one["village"] for one in unreached(bureau)] == [WEST]
        (shown,) = unreached(bureau, visited="true")
        assert (shown["visit"]["outcome_zh"], shown["visit"]["note"]) == ("已当面告知", "奶奶转告")
        assert visit(bureau, east, "moved").json["visit"]["outcome"] == "moved"
        tell(bureau)
        assert of(lost[0])["reach"] == "visited"

    def test_two_visits_at_once_are_one_or_the_other(self, app, bureau, lost):
        east = str(of(lost[0])["_id"])
        clerks = [bureau.twin(app.test_client()) for _ in range(4)]
        for clerk in clerks:
            clerk.token = bureau.token
        answers = at_once(
            [lambda clerk=clerk, n=n: visit(clerk, east, "told", f"{n}") for n, clerk in enumerate(clerks)]
        )
        assert {answer.status_code for answer in answers} == {200}
        assert of(lost[0])["visit"]["outcome"] == "told"

    @pytest.mark.parametrize("body", [{}, {"outcome": "x"}, {"outcome": "told", "note": "长" * 501}, {"outcome": None}])
    def test_a_visit_that_says_nothing_is_refused(self, bureau, lost, body):
        answer = bureau.post(f"{OFFICE}/unreached/{of(lost[0])['_id']}/visited", body)
        assert answer.status_code == 400
        assert of(lost[0])["reach"] == "no_account"

    def test_a_family_that_was_told_is_not_on_the_list(self, client, sandbox, box, bureau):
        made = family(box, home=EAST)
        made.phone(client, sandbox)
        find(bureau)
        tell(bureau)
        assert unreached(bureau) == []
        answer = visit(bureau, str(of(made)["_id"]))
        assert (answer.status_code, answer.json["code"]) == (409, "school_not_unreached")

    def test_whom_no_message_reached_and_who_opened_nothing_comes_on_the_list(
        self, client, sandbox, box, bureau, shift_clock
    ):
        silent, reader = family(box, home=EAST), family(box, home=EAST)
        silent.phone(client, sandbox)
        phone = reader.phone(client, sandbox)
        find(bureau)
        tell(bureau)
        phone.get(f"{MINI}/found")
        shift_clock(DAY + 3600)
        drain("affairs")
        assert (of(silent)["reach"], of(reader)["reach"]) == ("undelivered", "told")

    def test_who_opens_the_page_after_all_leaves_the_list(self, client, sandbox, box, bureau, lost):
        phone = lost[0].phone(client, sandbox)
        phone.get(f"{MINI}/found")
        assert [one["village"] for one in unreached(bureau)] == [WEST]

    def test_the_list_leaves_as_a_workbook_and_a_long_one_by_two_persons(self, client, bureau, lost, monkeypatch):
        answer = bureau.get(f"{OFFICE}/unreached.xlsx")
        assert answer.status_code == 200
        head, first, _ = files.cells(answer.data)
        assert first[head.index("监护人(已打码)")] == "张**"
        monkeypatch.setattr(approval, "EXPORT_ROWS", 1)
        assert bureau.get(f"{OFFICE}/unreached.xlsx").json["code"] == "school_export_needs_approval"
        made = bureau.post(f"{OFFICE}/unreached/exports", {"reason": "打印后交各村"}).json
        assert (made["approval_needed"], made["rows"]) == (True, 2)
        path = f"/office/v1/school/unreached/exports/{made['approval_id']}/content.xlsx"
        assert bureau.get(path).json["code"] == "school_reach_export_not_approved"
        officer = affairs.seat(client, "privacy_officer", unit="big_data_centre")
        approval.approve(officer.actor(), ObjectId(made["approval_id"]))
        assert len(files.cells(bureau.get(path).data)) == 3
        assert manager(client).get(path).status_code == 404


class TestRoster:
    HEAD = ("批次代码", "儿童姓名", "儿童身份证号码", "监护人姓名", "监护人身份证号码", "村代码", "住址")

    def row(self, made, **told) -> list:
        parent = made.parents[0]
        values = [
            ground.ROUND,
            made.child["name"],
            made.child["number"],
            parent["name"],
            parent["number"],
            EAST,
            "某路1号",
        ]
        return [told.get(name, value) for name, value in zip(self.HEAD, values, strict=True)]

    def bring(self, bureau, *rows):
        answer = files.send_sheet(bureau, "school-roster", files.sheet(self.HEAD, *rows))
        assert answer.status_code == 200, answer.json
        return answer.json

    def test_a_roster_brings_candidates_where_the_register_cannot_be_asked(self, box, bureau):
        made = family(box, home=EAST)
        told = self.bring(bureau, self.row(made))
        assert of(made) is None
        bureau.post(f"/office/v1/sheets/school-roster/imports/{told['id']}/commit", {"leave_out_wrong": False})
        drain("reports")
        found = of(made)
        assert (found["source"], found["tier"], found["guardians"]) == ("roster", 1, made.parent_ids)
        find(bureau)
        assert of(made)["source"] == "register"

    def test_wrong_rows_are_named_and_written_by_nobody(self, box, bureau):
        made, other = family(box), family(box)
        wrong = [
            self.row(made, 批次代码="2030-nothing"),
            self.row(other, 监护人姓名=""),
            self.row(family(box), 儿童身份证号码="360731202103050000"),
        ]
        told = self.bring(bureau, *wrong)
        assert told["counts"] == {"rows": 3, "right": 0, "wrong": 3}
        assert {one["row"] for one in told["errors"]} == {2, 3, 4}
        assert made.child["number"] not in str(told)
        assert of(made) is None

    def test_the_template_is_for_who_finds_children(self, client, bureau):
        path = "/office/v1/sheets/school-roster/template.xlsx"
        assert bureau.get(path).status_code == 200
        assert affairs.seat(client, "school_liaison", unit="town_360731100").get(path).status_code == 403
