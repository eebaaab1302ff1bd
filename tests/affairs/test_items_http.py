"""Service items from the office's draft to the resident's case."""

from models.affairs import form_answers
from models.affairs.case import Case
from tests.affairs import kit
from tests.affairs.kit import FILLED, OFFICE, applied, opened
from tests.support import affairs, files, queues
from tests.support.affairs import decide, inbox, move, stored
from tests.support.phone import Phone


class TestWriting:
    def test_a_version_is_published_by_a_second_person(self, editor, manager, offices, resident):
        code = kit.new_code()
        item_id = kit.drafted(editor, code)
        assert resident.get(f"/mini/v1/service-items/{code}").json["code"] == "service_item_not_open"
        approval_id = kit.proposed(editor, item_id)
        own = editor.post(f"/office/v1/approvals/{approval_id}/approve")
        assert own.status_code in {403, 404, 409}
        assert manager.post(f"/office/v1/approvals/{approval_id}/approve").status_code == 200
        queues.drain("trust")
        assert editor.get(f"{OFFICE}/{item_id}").json["state"] == "published"
        guide = resident.get(f"/mini/v1/service-items/{code}").json
        assert (guide["version"], guide["limit_zh"], list(guide["form"]["properties"])) == (
            1,
            "10个工作日",
            list(kit.FORM["properties"]),
        )

    def test_what_was_refused_is_a_draft_again(self, editor, manager, offices):
        item_id = kit.drafted(editor, kit.new_code())
        manager.post(f"/office/v1/approvals/{kit.proposed(editor, item_id)}/refuse")
        queues.drain("trust")
        assert editor.get(f"{OFFICE}/{item_id}").json["state"] == "draft"
        assert editor.call("PUT", f"{OFFICE}/{item_id}", _body(zh="改名")).json["zh"] == "改名"

    def test_a_published_version_never_changes(self, editor, item):
        answer = editor.call("PUT", f"{OFFICE}/{item}:1", _body(zh="改名"))
        assert (answer.status_code, answer.json["code"]) == (409, "service_item_state_wrong")

    def test_one_version_is_written_at_a_time(self, editor):
        code = kit.new_code()
        kit.drafted(editor, code)
        again = editor.post(OFFICE, kit.told(code))
        assert (again.status_code, again.json["code"]) == (409, "service_item_draft_open")

    def test_another_unit_neither_sees_nor_changes_it(self, client, editor, item):
        other = kit.editor(client, "transport")
        assert other.get(f"{OFFICE}/{item}:1").status_code == 404
        assert other.call("PUT", f"{OFFICE}/{item}:1", _body()).status_code == 404
        assert other.post(OFFICE, kit.told(item)).status_code == 404
        assert other.get(OFFICE).json["items"] == []

    def test_a_step_on_an_empty_desk_is_not_proposed(self, editor, client):
        item_id = kit.drafted(editor, kit.new_code())
        answer = editor.post(f"{OFFICE}/{item_id}/propose", {"reason": "按新办法编制"})
        assert (answer.status_code, answer.json["code"]) == (422, "service_item_wrong")
        assert any("没有在岗的" in one for one in answer.json["fields"]["steps"])

    def test_a_filled_form_is_tried_without_a_trace(self, editor):
        item_id = kit.drafted(editor, kit.new_code())
        tried = editor.post(f"{OFFICE}/{item_id}/try", {"answers": {**FILLED, "copies": 9, "agreed": False}}).json
        assert {one["field"]: one["code"] for one in tried["problems"]} == {
            "form.copies": "too_large",
            "form.agreed": "not_agreed",
        }
        assert Case._get_collection().find_one({"_id": {"$exists": True}}, hint="_id_") is None

    def test_two_versions_are_compared_place_by_place(self, editor, manager, item):
        steps = [dict(one) for one in kit.ITEM["steps"]]
        steps[1] = {**steps[1], "limit": {"days": 5}}
        kit.published(editor, manager, item, steps=steps, zh="新名")
        lines = editor.get(f"{OFFICE}/{item}:2/difference?before={item}:1").json["items"]
        assert {one["path"]: (one["before"], one["after"]) for one in lines} == {
            "zh": ("老年人优待证办理", "新名"),
            "steps.check.limit.days": (3, 5),
        }


def _body(**changed) -> dict:
    told = kit.told("x", **changed)
    del told["code"]
    return told


class TestApplying:
    def test_each_wrong_field_has_a_code_and_a_sentence(self, resident, item):
        wrong = {**FILLED, "copies": "two", "lost_on": "2026-11-01", "phone": "12", "town": "", "other": 1}
        answer = applied(resident, item, wrong)
        assert (answer.status_code, answer.json["code"]) == (422, "form_answers_wrong")
        assert answer.json["field_codes"] == {
            "form.copies": "wrong_type",
            "form.lost_on": "not_asked",
            "form.phone": "wrong_pattern",
            "form.town": "too_short",
            "form.other": "unknown",
        }
        assert answer.json["fields"]["form.phone"] == ["格式不对,请按示例填写。"]

    def test_answers_are_sealed_in_the_case_but_for_those_that_need_no_seal(self, resident, item):
        found = stored(opened(resident, item))
        assert (found["kind"], found["kind_version"], found["answers"]) == (item, 1, {"sort": "first"})
        assert "张三丰".encode() not in found["form"]
        assert form_answers.of_case(found) == FILLED

    def test_the_same_key_opens_one_case(self, resident, item):
        first, again = (applied(resident, item, key="k-1") for _ in range(2))
        assert first.json["id"] == again.json["id"]

    def test_an_item_that_says_so_is_open_once(self, resident, item):
        opened(resident, item)
        again = applied(resident, item)
        assert (again.status_code, again.json["code"]) == (409, "case_already_open")

    def test_a_file_of_another_is_refused_like_a_missing_one(self, client, sandbox, resident, item):
        theirs = files.upload(Phone(client, sandbox).ready(), "mini", files.png()).json["id"]
        refused = [applied(resident, item, body={"attachments": [one]}) for one in (theirs, "0" * 24)]
        assert [(one.status_code, one.json["code"]) for one in refused] == [(422, "case_bad_attachment")] * 2
        assert resident.get("/mini/v1/cases").json["items"] == []

    def test_a_draft_is_kept_as_it_is_and_ends_with_the_application(self, resident, item):
        path = f"/mini/v1/service-items/{item}/draft"
        assert resident.get(path).status_code == 404
        saved = resident.call("PUT", path, {"answers": {"name": "张三", "copies": 99}})
        assert saved.status_code == 200, saved.json
        assert resident.get(path).json["answers"] == {"name": "张三", "copies": 99}
        resident.call("PUT", path, {"answers": {"name": "张三丰"}})
        opened(resident, item)
        assert resident.get(path).status_code == 404

    def test_who_read_an_older_form_reads_the_new_one_first(self, editor, manager, resident, item):
        kit.published(editor, manager, item)
        answer = applied(resident, item)
        assert (answer.status_code, answer.json["code"]) == (409, "service_item_changed")
        assert stored(opened(resident, item, version=2))["kind_version"] == 2

    def test_a_retired_item_takes_no_case_and_runs_those_it_has(self, editor, resident, item, offices):
        case_id = opened(resident, item)
        assert editor.post(f"{OFFICE}/{item}:1/retire").json["state"] == "retired"
        assert applied(resident, item).status_code == 404
        move(offices["town"], case_id, "claim")
        assert decide(offices["town"], case_id, "refused")["state"] == "closed"

    def test_an_item_for_firms_takes_no_residents(self, editor, manager, resident, offices):
        code = kit.new_code()
        kit.published(editor, manager, code, applicants=["firm"])
        assert applied(resident, code).json["code"] == "service_item_not_open"
        assert code not in [one["code"] for one in resident.get("/mini/v1/service-items").json["items"]]


class TestWorking:
    def test_it_goes_to_the_town_then_to_a_second_person_and_back(self, resident, item, offices, client):
        case_id, town, supervisor = opened(resident, item), offices["town"], offices["supervisor"]
        elsewhere = affairs.seat(client, "case_handler", unit="town_360731101")
        assert [one["id"] for one in inbox(town)] == [case_id]
        assert inbox(elsewhere) == []
        move(town, case_id, "claim")
        assert decide(town, case_id, "accepted")["step"] == "check"
        move(supervisor, case_id, "claim")
        assert decide(supervisor, case_id, "again")["step"] == "accept"
        move(town, case_id, "claim")
        decide(town, case_id, "accepted")
        move(supervisor, case_id, "claim")
        assert decide(supervisor, case_id, "agreed")["state"] == "closed"

    def test_staff_read_the_answers_in_the_words_of_the_form(self, resident, item, offices):
        case_id = opened(resident, item)
        shown = offices["town"].get(f"/office/v1/cases/{case_id}").json
        assert [(one["zh"], one["answer_zh"]) for one in shown["form"]][:3] == [
            ("姓名", "张三丰"),
            ("办理方式", "首次"),
            ("份数", "2"),
        ]
        assert resident.get(f"/mini/v1/cases/{case_id}").json["form"] == shown["form"]

    def test_a_running_case_keeps_its_version(self, editor, manager, resident, item, offices):
        case_id = opened(resident, item)
        steps = [kit.step("other", ("done", ""), by_area=True)]
        kit.published(editor, manager, item, steps=steps)
        move(offices["town"], case_id, "claim")
        assert decide(offices["town"], case_id, "accepted")["step"] == "check"

    def test_a_supplement_is_asked_for_once(self, resident, item, offices):
        case_id, town = opened(resident, item), offices["town"]
        move(town, case_id, "claim")
        move(town, case_id, "ask", {"text": "请补充照片", "supplement": True})
        assert resident.get(f"/mini/v1/cases/{case_id}").json["waits_for_me"]
        assert resident.post(f"/mini/v1/cases/{case_id}/answer", {"text": "已补充"}).status_code == 200
        again = move(town, case_id, "ask", {"text": "再补充", "supplement": True}, status=409)
        assert again["code"] == "case_stop_used"
