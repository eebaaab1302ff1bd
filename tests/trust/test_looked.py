"""Paragraph 5: who looked at me, in words, at once."""

import pytest
from mongoengine.connection import get_db

from backend import runtime
from models.audit import field_words
from models.identity import binding
from tests.support.clerk import first_admin
from tests.support.counter import in_days, resident
from tests.support.phone import person


@pytest.fixture
def clerk(client, phone):
    return first_admin(client).hire("tourism_office", unit="culture_tourism")


@pytest.fixture
def order(phone):
    return phone.issued(phone.free_slot("museum"), (phone.me, "adult"))


def matched(phone):
    index = runtime.current().sealer.blinds("accounts.openid", phone.user["openid"])
    account = get_db().accounts.find_one({"openid_index": {"$in": index}})
    binding.raise_level(account["_id"], account["person"], "matched", method="register", evidence=["t"], by="system:t")
    return phone


def looks(phone) -> list[dict]:
    answer = phone.get("/mini/v1/access-lines")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def test_a_look_is_shown_with_the_next_request_in_words(phone, clerk, order):
    matched(phone)
    assert looks(phone) == []
    assert clerk.get(f"/office/v1/orders/{order['id']}").status_code == 200
    (group,) = looks(phone)
    assert (group["unit"], group["unit_zh"], group["count"]) == ("culture_tourism", "县文广新旅局", 1)
    assert "县文广新旅局因“办理预约、入园和退票”查看了您的姓名、" in group["sentence"]
    assert "姓名" in group["fields_zh"]


def test_looks_of_one_day_unit_and_purpose_stand_together(phone, clerk, order):
    matched(phone)
    for _ in range(3):
        clerk.get(f"/office/v1/orders/{order['id']}")
    (group,) = looks(phone)
    assert (group["count"], len({one["id"] for one in group["lines"]})) == (3, 3)
    assert group["sentence"].endswith("共 3 次。")


def test_the_reader_is_named_by_unit_and_never_in_person(phone, clerk, order):
    matched(phone)
    clerk.get(f"/office/v1/orders/{order['id']}")
    told = phone.get("/mini/v1/access-lines").get_data(as_text=True)
    assert clerk.id not in told
    assert "刘芳" not in told


def test_nobody_sees_looks_at_somebody_else(phone, clerk, order, client, sandbox):
    other = matched(type(phone)(client, sandbox).ready())
    clerk.get(f"/office/v1/orders/{order['id']}")
    assert looks(other) == []


def test_a_declared_binding_may_be_anybodys_and_sees_no_looks(phone, clerk, order):
    answer = phone.get("/mini/v1/access-lines")
    assert (answer.status_code, answer.json["code"]) == (403, "level_needed")


def test_every_field_that_a_line_names_has_a_word(phone, clerk, order):
    clerk.get(f"/office/v1/orders/{order['id']}")
    clerk.get("/office/v1/orders?place=museum&day=" + order["day"])
    named = {field for line in get_db().access_lines.find({"_id": {"$exists": True}}) for field in line["fields"]}
    assert named
    assert named - set(field_words.FIELD_ZH) == set()


class TestWhoActsForSomebody:
    @pytest.fixture
    def elder(self, counter):
        return counter.registered(person(name="钟桂花", birth="19440307"))

    @pytest.fixture
    def daughter(self, client, sandbox, counter):
        phone = resident(client, sandbox)
        phone.person_id = counter.verified(phone, person(name="李小红"))
        return phone

    def acting(self, counter, elder, daughter, *scope) -> dict[str, str]:
        made = counter.relate("helper", elder, daughter.person_id, scope=list(scope), last_day=in_days(30))
        assert made.status_code == 201, made.json
        return {"Acting-For": made.json["id"]}

    def test_sees_who_looked_at_them_in_a_sentence_that_names_them(self, counter, elder, daughter):
        acting = self.acting(counter, elder, daughter, "affairs")
        answer = daughter.get("/mini/v1/access-lines", **acting)
        assert answer.status_code == 200, answer.json
        sentences = [one["sentence"] for one in answer.json["items"]]
        assert any("因“窗口核验身份、办理绑定、监护和代办”查看了钟**的姓名" in one for one in sentences), sentences
        assert "钟桂花" not in answer.text
        own = daughter.get("/mini/v1/access-lines").json["items"]
        assert not any("钟" in one["sentence"] for one in own)

    def test_leaves_a_line_that_the_next_look_shows(self, counter, elder, daughter):
        acting = self.acting(counter, elder, daughter, "affairs")
        for _ in range(2):
            items = daughter.get("/mini/v1/access-lines", **acting).json["items"]
        looked = [one for one in items if one["purpose"] == "acting_for"]
        assert [one["count"] for one in looked] == [2]
        assert "因“代办人或监护人为钟**办理”查看了钟**的姓名" in looked[0]["sentence"]
        assert looked[0]["fields_zh"] == ["姓名", "谁查看过信息的记录"]

    def test_sees_nothing_by_another_scope_or_after_the_end(self, counter, elder, daughter):
        acting = self.acting(counter, elder, daughter, "book", "card")
        assert daughter.get("/mini/v1/access-lines", **acting).json["code"] == "scope_missing"
        end = f"/office/v1/relations/{acting['Acting-For']}/end"
        assert counter.clerk.post(end, **counter.standing(elder)).status_code == 204
        assert daughter.get("/mini/v1/access-lines", **acting).json["code"] == "acting_refused"

    def test_asks_in_ones_own_name_only_about_looks_at_oneself(self, counter, elder, daughter):
        acting = self.acting(counter, elder, daughter, "affairs")
        line = daughter.get("/mini/v1/access-lines", **acting).json["items"][0]["lines"][0]["id"]
        asked = daughter.post(f"/mini/v1/access-lines/{line}/question", {"text": "为什么查看?"})
        assert asked.status_code == 404
