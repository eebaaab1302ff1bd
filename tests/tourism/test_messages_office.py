"""Messages in the office: what was told to whom, with purpose and access line; problems, figures, templates."""

from datetime import timedelta

import pytest
from mongoengine.connection import get_db

from backend import clock
from tests.office import conftest as staff
from tests.support.messages import Told
from tests.support.queues import drain

admin, auditor, manager, office = staff.admin, staff.auditor, staff.manager, staff.office


@pytest.fixture(autouse=True)
def daytime(seeded, travel):
    """Ten in the morning of tomorrow, after everything was put: no test waits for the real night to end."""
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


@pytest.fixture
def told(phone, sms_box):
    sms_box.forget()
    return Told(phone)


def lines(person: str) -> list[dict]:
    return [
        one
        for one in get_db().access_lines.find({"subjects": {"$exists": True}}).hint("_id_")
        if person in map(str, one["subjects"])
    ]


class TestWhatWasTold:
    def test_of_an_order_with_the_access_line_stored(self, told, office):
        order = told.phone.issued(told.phone.free_slot("pingshan"))
        drain("push")
        answer = office.get(f"/office/v1/orders/{order['id']}/notices")
        assert answer.status_code == 200
        [one] = answer.json["items"]
        assert (one["kind"], one["state"]) == ("order_issued", "done")
        states = {channel["channel"]: channel["state"] for channel in one["channels"]}
        assert states == {"in_app": "put", "subscribe": "not_granted", "sms": "none"}
        [line] = lines(told.person)
        assert (line["purpose"], line["fields"]) == (
            "booking_service",
            ["notices.channels", "notices.kind", "notices.text"],
        )

    def test_of_a_person_whose_account_is_surely_theirs(self, told, office):
        told.tell()
        path = f"/office/v1/persons/{told.person}/notices"
        assert office.get(path).json["items"] == []
        told.phone.sure()
        items = office.get(path).json["items"]
        assert [one["kind"] for one in items] == ["visit_reminder"]
        assert items[0]["text_zh"].startswith("您预约了“屏山牧场”")
        assert len(lines(told.person)) == 2

    def test_a_manager_sees_orders_of_their_places_only(self, told, manager):
        mine = told.phone.issued(told.phone.free_slot("pingshan"))
        other = told.phone.issued(told.phone.free_slot("museum"))
        drain("push")
        assert manager.get(f"/office/v1/orders/{mine['id']}/notices").status_code == 200
        assert manager.get(f"/office/v1/orders/{other['id']}/notices").status_code == 404
        assert manager.get(f"/office/v1/persons/{told.person}/notices").status_code == 403

    def test_others_see_nothing(self, told, auditor):
        for path in ("orders/673ec0a5c0ffee0123456789/notices", f"persons/{told.person}/notices", "message-figures"):
            assert auditor.get(f"/office/v1/{path}").status_code == 403

    @pytest.mark.parametrize("path", ["orders/673ec0a5c0ffee0123456789/notices", "orders/x/notices"])
    def test_an_order_that_there_is_not_is_not_found(self, office, path):
        assert office.get(f"/office/v1/{path}").status_code == 404

    def test_a_person_nobody_knows_is_not_found(self, office):
        assert office.get("/office/v1/persons/673ec0a5c0ffee0123456789/notices").status_code == 404

    def test_pages_follow_each_other(self, told, office):
        told.phone.sure()
        for number in range(3):
            told.tell(key=f"order-{number}")
        path = f"/office/v1/persons/{told.person}/notices"
        first = office.get(f"{path}?limit=2").json
        second = office.get(f"{path}?limit=2&cursor={first['next']}").json
        assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]


class TestProblems:
    def test_a_problem_is_listed_put_right_and_tried_again(self, told, office):
        told.allow("visit_reminder")
        chosen = {"thing1": "{place}", "number3": "{time}"}
        body = {"template_id": "tmpl_visit_reminder", "page": "pages/order/index"}
        assert (
            office.call("PUT", "/office/v1/message-templates/visit_reminder", {**body, "fields": chosen}).status_code
            == 204
        )
        notice_id = told.tell()
        drain("push")
        [problem] = office.get("/office/v1/message-problems").json["items"]
        assert (problem["id"], problem["channel"], problem["code"], problem["field"]) == (
            str(notice_id),
            "subscribe",
            "message_field_unfit",
            "number3",
        )
        chosen["number3"] = "{places}"
        assert (
            office.call("PUT", "/office/v1/message-templates/visit_reminder", {**body, "fields": chosen}).status_code
            == 204
        )
        assert office.call("POST", f"/office/v1/message-problems/{notice_id}/retry").status_code == 204
        drain("push")
        assert told.states()["subscribe"] == "sent"
        assert told.messages()[0]["data"]["number3"] == {"value": "2"}
        assert office.get("/office/v1/message-problems").json["items"] == []

    def test_without_a_problem_there_is_nothing_to_try_again(self, told, office):
        notice_id = told.tell()
        answer = office.call("POST", f"/office/v1/message-problems/{notice_id}/retry")
        assert (answer.status_code, answer.json["code"]) == (409, "notice_without_problem")
        assert office.call("POST", "/office/v1/message-problems/673ec0a5c0ffee0123456789/retry").status_code == 404


class TestFigures:
    def test_each_channels_ends_are_counted_by_kind(self, told, office):
        told.allow("visit_reminder")
        for number in range(3):
            told.tell(key=f"order-{number}")
        drain("push")
        [line] = [
            one for one in office.get("/office/v1/message-figures").json["items"] if one["kind"] == "visit_reminder"
        ]
        assert line["counts"] == {
            "in_app.put": 3,
            "sms.none": 2,
            "subscribe.not_granted": 2,
            "subscribe.sent": 1,
        }

    def test_another_day_is_not_counted(self, told, office, travel):
        told.tell()
        drain("push")
        assert office.get("/office/v1/message-figures?from=2026-01-01&to=2026-01-02").json["items"] == []

    @pytest.mark.parametrize("query", ["from=2026-11-24&to=2026-11-23", "from=2026-01-01&to=2026-12-31", "from=x"])
    def test_a_span_that_is_none_is_refused(self, office, query):
        assert office.get(f"/office/v1/message-figures?{query}").status_code == 400


class TestTemplates:
    BODY = {"template_id": "tmpl_new", "page": "pages/order/index", "fields": {"thing1": "{place}"}}  # noqa: RUF012

    def test_staff_register_a_template_and_the_audit_has_it(self, office):
        assert office.call("PUT", "/office/v1/message-templates/visit_changed", self.BODY).status_code == 204
        items = {one["name"]: one for one in office.get("/office/v1/message-templates").json["items"]}
        assert items["visit_changed"]["template_id"] == "tmpl_new"
        assert items["visit_changed"]["fields"] == {"thing1": "{place}"}
        assert items["visit_changed"]["values"] == ["day", "place", "reason", "time"]
        [line] = get_db().audit_entries.find({"object": "message_template:visit_changed"})
        assert line["details"] == {"template": "tmpl_new"}

    def test_the_seed_leaves_alone_what_staff_set(self, office):
        from seed import county_data  # noqa: PLC0415

        office.call("PUT", "/office/v1/message-templates/visit_changed", self.BODY)
        county_data.load(with_demo=False)
        assert get_db().message_templates.find_one({"_id": "visit_changed"})["template_id"] == "tmpl_new"

    @pytest.mark.parametrize(
        "fields",
        [
            {"colour1": "{place}"},
            {"thing": "{place}"},
            {"thing1": "{nobody}"},
            {"thing1": "{place.name}"},
            {"thing1": "{place!r}"},
            {"thing1": "{"},
            {"thing1": ""},
        ],
    )
    def test_fields_that_are_none_are_refused(self, office, fields):
        answer = office.call("PUT", "/office/v1/message-templates/visit_changed", {**self.BODY, "fields": fields})
        assert answer.status_code == 400
        assert get_db().message_templates.find_one({"_id": "visit_changed"})["template_id"] == "tmpl_visit_changed"

    def test_an_sms_template_is_registered_with_its_parameters(self, office):
        body = {"template_id": "123", "parameters": ["{place}", "{day}"]}
        assert office.call("PUT", "/office/v1/sms-templates/visit_changed", body).status_code == 204
        items = {one["name"]: one for one in office.get("/office/v1/sms-templates").json["items"]}
        assert items["visit_changed"]["parameters"] == ["{place}", "{day}"]

    @pytest.mark.parametrize("body", [{"template_id": "abc"}, {"template_id": "1", "parameters": ["{nobody}"]}, {}])
    def test_an_sms_template_that_is_none_is_refused(self, office, body):
        assert office.call("PUT", "/office/v1/sms-templates/visit_changed", body).status_code == 400

    def test_a_name_that_there_is_not_is_not_found(self, office):
        assert (
            office.call("PUT", "/office/v1/message-templates/nothing", {**self.BODY, "fields": {}}).status_code == 404
        )
        assert office.call("PUT", "/office/v1/sms-templates/nothing", {"template_id": "1"}).status_code == 404

    def test_a_manager_of_a_place_may_not(self, manager):
        assert manager.get("/office/v1/message-templates").status_code == 403
