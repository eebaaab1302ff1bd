"""What a scan says: each verdict, and that nothing can be told apart which may not be."""

from dataclasses import replace

import pytest
from bson import ObjectId

from backend import clock, runtime
from backend.codes import product_code
from backend.codes.product_code import GS1, SHORT, ProductKeys
from models.selenium import code, covering, lot, pack, trade_item, verdict
from models.selenium.code import Code
from models.selenium.roll import Roll
from tests.selenium.code_kit import Packing, path
from tests.selenium.grower_kit import ORANGE, producing, town_clerk
from tests.support.crowd import at_once

GTIN, OTHER_GTIN = "06901234500011", "06901234500028"
PREFIX = "69012345"


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def gs1(client, seeded, sandbox):
    return Packing(producing(client, sandbox, gtin_prefix=PREFIX), town_clerk(client), gtin=GTIN)


@pytest.fixture
def keys(packing):
    """Install other keys for a test."""
    parts = runtime.current()
    yield lambda masters, retired=(): runtime.install(
        replace(parts, product_keys=ProductKeys(masters, frozenset(retired)))
    )
    runtime.install(parts)


def kind(labels, n=1) -> str:
    return verdict.look(code.text(labels, n), labels.get("gtin", "")).kind


def test_a_package_on_the_market_is_genuine_and_the_page_says_what_it_is(packing, client):
    labels, made = packing.packed()
    answer = client.get(path(labels))
    text = answer.text
    assert (answer.status_code, answer.mimetype, len(answer.data) < 30_000) == (200, "text/html", True)
    for told in (
        "正品,查验通过",
        "富硒脐橙 5 kg 礼盒",
        "5 公斤",
        "于都县测试种植专业合作社",
        "梓山镇潭头社区",
        made["lot"],
    ):
        assert told in text
    assert "2026-11-20 采收" in text
    assert "累计查验:1 次" in text
    assert "<script" not in text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "138" not in text


def test_the_first_scan_stays_and_the_count_grows(packing, client, travel):
    labels, _ = packing.packed()
    first = clock.civil(clock.now()).strftime("%Y-%m-%d %H:%M")
    client.get(path(labels))
    travel("2026-11-25", "18:00")
    text = client.get(path(labels).lower().replace("/t/", "/t/")).text
    assert f"首次查验:{first}" in text
    assert "累计查验:2 次" in text
    assert "累计查验:1 次" in client.get(path(labels, 2)).text


def test_scans_at_once_all_count_and_have_one_first(packing):
    labels, _ = packing.packed()
    head = product_code.read(code.text(labels, 1)).head
    counted = at_once([lambda: code.count_scan(head, labels["_id"], 1)] * 12)
    assert sorted(one["scans"] for one in counted) == list(range(1, 13))
    stored = code.read(head)
    assert (stored["scans"], stored["first_scan"]) == (12, min(one["first_scan"] for one in counted))


def test_a_label_that_is_printed_or_bound_is_not_active_and_its_scan_does_not_count(packing, client):
    labels = packing.rolled(4)
    assert kind(labels) == "not_active"
    made = pack.bind(packing.grower, labels["_id"], packing.lot, 1, 2)
    assert "标签尚未启用" in client.get(path(labels)).text
    assert "scans" not in code.read(product_code.read(code.text(labels, 1)).head)
    pack.activate(packing.grower, made["_id"])
    assert (kind(labels, 2), kind(labels, 3)) == ("genuine", "not_active")


def test_sold_void_frozen_and_recalled_are_told(packing, client):
    labels, made = packing.packed(state="sold")
    assert kind(labels) == "sold"
    path_of = f"/office/v1/packs/{made['_id']}"
    assert packing.clerk.post(f"{path_of}/freeze", {"reason": "suspected"}).json["state"] == "frozen"
    assert "请勿食用" in client.get(path(labels)).text
    assert kind(labels) == "frozen"
    assert packing.clerk.post(f"{path_of}/release", {}).json["state"] == "sold"
    lot.hold(packing.lot, "failed_test", by="staff:test")
    assert kind(labels) == "frozen"
    lot.recall(packing.lot, by="staff:test")
    assert (kind(labels), "已召回" in client.get(path(labels)).text) == ("recalled", True)


def test_a_void_label_is_void_and_its_weight_goes_back(packing):
    labels, made = packing.packed(state="bound")
    left = lot.read(packing.lot)["left_grams"]
    pack.void(packing.grower, made["_id"])
    assert (kind(labels), lot.read(packing.lot)["left_grams"]) == ("void", left + 15_000)
    pack.void(packing.grower, made["_id"])
    assert lot.read(packing.lot)["left_grams"] == left + 15_000
    with pytest.raises(pack.PackMoved):
        pack.activate(packing.grower, made["_id"])


def test_a_right_tag_without_a_record_is_unissued(packing, gs1):
    labels, with_gtin = packing.rolled(3), gs1.rolled(3)
    for made in (labels, with_gtin):
        Code._get_collection().delete_one({"roll": made["_id"], "n": 2})
        assert (kind(made, 1), kind(made, 2)) == ("not_active", "unissued")
    beyond = runtime.current().product_keys.issue(GS1, 1, 999_999, product_code.gtin_scope(GTIN))
    assert verdict.look(beyond, GTIN).kind == "unissued"


def test_a_code_under_another_gtin_is_moved(gs1, client):
    labels, _ = gs1.packed()
    assert "/01/06901234500011/21/" in path(labels)
    assert kind(labels) == "genuine"
    text = code.text(labels, 1)
    assert verdict.look(text, OTHER_GTIN).kind == "moved"
    assert verdict.look(text).kind == "genuine"
    counter = runtime.current().product_keys.counter(product_code.read(text))
    swapped = runtime.current().product_keys.issue(GS1, 1, counter, product_code.gtin_scope(OTHER_GTIN))
    assert verdict.look(swapped, OTHER_GTIN).kind == "moved"
    assert "已登记" not in client.get(f"/01/{OTHER_GTIN}/21/{text}").text
    assert client.get(f"/01/{GTIN}/21/{text.lower()}").status_code == 200


def test_a_short_code_under_a_gtin_is_moved(packing, gs1):
    labels, _ = packing.packed()
    assert verdict.look(code.text(labels, 1), GTIN).kind == "moved"


def test_an_old_key_verifies_until_it_is_retired(packing, keys):
    labels, _ = packing.packed()
    text, master = code.text(labels, 1), runtime.current().product_keys.masters[1]
    keys({1: master, 2: bytes(range(100, 132))})
    assert verdict.look(text).kind == "genuine"
    assert packing.rolled(1)["key_id"] == 2
    keys({1: master, 2: bytes(range(100, 132))}, retired=[1])
    assert verdict.look(text).kind == "old_key"
    keys({2: bytes(range(100, 132))})
    assert verdict.look(text).kind == "unknown"


def test_one_changed_character_is_told_and_never_genuine(packing, gs1):
    labels, _ = packing.packed()
    with_gtin, _ = gs1.packed()
    for made, number in ((labels, ""), (with_gtin, GTIN)):
        text = code.text(made, 1)
        for place in range(len(text)):
            letter = product_code.ALPHABET[product_code.ALPHABET.index(text[place]) ^ 7]
            found = verdict.look(text[:place] + letter + text[place + 1 :], number)
            assert found.kind == "changed" if not number or place >= GS1.head else found.kind == "unknown"
    assert verdict.look(code.text(with_gtin, 1), "06901234500017").kind == "changed"


def checked(body: str) -> str:
    """Return 22 characters with the check character that fits."""
    for letter in product_code.ALPHABET:
        try:
            product_code.read(body + letter)
        except product_code.CheckWrong:
            continue
        return body + letter
    raise AssertionError(body)


def test_a_wrong_tag_and_a_serial_that_never_was_answer_with_the_same_bytes(packing, gs1, client):
    labels, _ = packing.packed()
    with_gtin, _ = gs1.packed()
    text = code.text(labels, 1)
    wrong_tag = checked(text[:10] + "".join(reversed(text[10:22])))
    no_serial = checked(text[:2] + "0" * 8 + text[10:22])
    own = code.text(with_gtin, 1)
    paths = [f"/t/{wrong_tag}", f"/t/{no_serial}", f"/t/{checked('Z' * 22)}", "/t/nonsense"]
    paths += [f"/01/{GTIN}/21/{own[:8]}{own[:7:-1]}", f"/01/{GTIN}/21/{'7' * 16}", f"/01/{OTHER_GTIN}/21/{'7' * 16}"]
    answers = [client.get(one) for one in paths]
    assert {one.status_code for one in answers} == {404}
    assert len({one.data for one in answers}) == 1
    named = [{name: value for name, value in one.headers if name != "X-Request-Id"} for one in answers]
    assert all(one == named[0] for one in named)
    assert "查无此码" in answers[0].text


def test_guessing_from_one_address_is_slowed_down(packing, client):
    seen = [client.get("/t/" + "0" * 22, environ_base={"REMOTE_ADDR": "192.0.2.77"}).status_code for _ in range(62)]
    assert (seen[0], seen[-1]) == (404, 429)
    labels, _ = packing.packed()
    assert client.get(path(labels), environ_base={"REMOTE_ADDR": "192.0.2.77"}).status_code == 200


def secret_of(labels, n=1) -> str:
    return code.scratch(labels["key_id"], code.text(labels, n)[: SHORT.head])


def test_the_scratch_code_opens_once_and_says_when(packing, client):
    labels, _ = packing.packed(scratch=True)
    page = client.get(path(labels)).text
    assert '<form method="post">' in page
    assert secret_of(labels) not in page
    typed = f"{secret_of(labels)[:4]}-{secret_of(labels)[4:]}".lower()
    right = client.post(path(labels), data={"secret": typed}).text
    assert "刮刮码正确,首次验证于 2026-11-20" in right
    assert "累计查验:1 次" in right
    assert "还可再试 4 次" in client.post(path(labels), data={"secret": "00000000"}).text


def test_five_wrong_scratch_codes_lock_it_also_at_once(packing, client):
    labels, _ = packing.packed(scratch=True)

    def wrong():
        return client.application.test_client().post(path(labels), data={"secret": "ZZZZZZZZ"}).status_code

    assert sorted(at_once([wrong] * 9)) == [200] * 5 + [409] * 4
    locked = client.post(path(labels), data={"secret": secret_of(labels)})
    assert (locked.status_code, "五次" in locked.text, locked.mimetype) == (409, True, "text/html")
    assert "正确" in client.post(path(labels, 2), data={"secret": secret_of(labels, 2)}).text


def test_a_package_without_a_scratch_layer_takes_no_secret(packing, client):
    labels, _ = packing.packed()
    page = client.post(path(labels), data={"secret": secret_of(labels)}).text
    assert ("刮刮码" in page, "正品" in page) == (False, True)
    assert client.post(path(labels), data={}).status_code == 400


def test_the_shown_name_is_what_the_producer_says_today(packing, client):
    labels, _ = packing.packed()
    from models.selenium.producer import Producer  # noqa: PLC0415 - only here

    Producer._get_collection().update_one({"_id": packing.grower.producer_id}, {"$set": {"shown_name": "新名称合作社"}})
    assert "新名称合作社" in client.get(path(labels)).text
    assert Roll._get_collection().find_one({"_id": labels["_id"]})["scope"] == product_code.item_scope(
        ORANGE, str(packing.grower.producer_id)
    )
    assert trade_item.read(packing.item)["product"] == ORANGE
    assert verdict.look("0" * 16).kind == "unknown"
    assert covering.read(labels["_id"], 99) is None
    assert isinstance(labels["job"], ObjectId)
