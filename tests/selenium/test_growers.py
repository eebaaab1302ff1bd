"""Producers, plots, products, trade items: the same rules for a farmer and for a co-operative."""

from datetime import date
from functools import partial

import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.selenium import plot, product
from models.selenium.plot import Plot
from models.selenium.producer import Producer
from models.selenium.trade_item import TradeItem
from tests.selenium.grower_kit import (
    ORANGE,
    OTHER_VILLAGE,
    TANTOU,
    confirmed_plot,
    farmer,
    firm,
    office,
    person_of,
    plot_body,
    producing,
    resident,
    town_clerk,
)
from tests.support.crowd import at_once

MINI = "/mini/v1/selenium"


@pytest.fixture
def own(client, seeded, sandbox):
    return producing(client, sandbox)


@pytest.fixture
def peasant(client, seeded, sandbox):
    return farmer(client, sandbox)


@pytest.fixture
def clerk(client, seeded):
    return town_clerk(client)


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def declared(who, base=MINI, **told) -> dict:
    answer = who.post(f"{base}/plots", plot_body(**told))
    assert answer.status_code == 201, answer.json
    return answer.json


def confirm(clerk, plot_id: str, area: str = "12.5", evidence: str = "measured"):
    return clerk.post(f"/office/v1/plots/{plot_id}/confirm", {"area_mu": area, "evidence": evidence})


def test_a_farmer_is_shown_to_the_public_by_the_village_unless_they_agree_to_more(peasant):
    shown = peasant.get(f"{MINI}/producer").json
    assert (shown["kind"], shown["shown_name"], shown["show_name"]) == ("person", "梓山镇潭头社区种植户", False)
    assert shown["phone"] == "139****0000"
    agreed = peasant.call("PUT", f"{MINI}/producer", {"show_name": True}).json
    assert (agreed["shown_name"], agreed["show_name"]) == ("梓山镇潭头社区种植户张**", True)
    moved = peasant.call("PUT", f"{MINI}/producer", {"village": OTHER_VILLAGE, "show_name": False}).json
    assert (moved["shown_name"], moved["village"]) == ("贡江镇长龙社区种植户", OTHER_VILLAGE)


def test_an_organisation_is_shown_by_its_name(own):
    shown = own.get("/selenium/producer").json
    assert (shown["kind"], shown["shown_name"]) == ("organisation", "于都县测试种植专业合作社")


def test_the_phone_lies_sealed(peasant):
    found = Producer._get_collection().find_one({"person": person_of(peasant)})
    assert isinstance(found["phone"], bytes)
    assert b"139" not in found["phone"]


def test_nobody_registers_twice_or_in_a_village_that_is_none(client, seeded, sandbox, peasant, own):
    body = {"village": TANTOU, "phone": "13900000000"}
    assert code(peasant.post(f"{MINI}/producer", body)) == (409, "producer_known")
    assert code(own.post("/selenium/producer", body)) == (409, "producer_known")
    other = resident(client, sandbox, "matched")
    wrong = other.post(f"{MINI}/producer", body | {"village": "360731105999"})
    assert code(wrong) == (422, "village_unknown")
    declared_only = resident(client, sandbox, "declared")
    assert code(declared_only.post(f"{MINI}/producer", body)) == (403, "level_needed")


def test_many_registrations_at_once_are_one_producer(app, client, seeded, sandbox):
    phone = resident(client, sandbox, "matched")
    body = {"village": TANTOU, "phone": "13900000000"}
    twins = [phone.twin(app.test_client()) for _ in range(5)]
    calls = [partial(one.post, f"{MINI}/producer", body) for one in twins]
    assert sorted(one.status_code for one in at_once(calls)) == [201] + [409] * 4


def test_who_is_no_producer_is_told_what_to_do_first(client, seeded, sandbox):
    phone, company = resident(client, sandbox, "matched"), firm(client, sandbox)
    assert code(phone.get(f"{MINI}/plots")) == (409, "producer_needed")
    assert code(company.get("/selenium/lots")) == (409, "producer_needed")


def test_a_clerk_of_a_firm_declares_plots_but_does_not_register_the_firm(client, seeded, sandbox):
    company = firm(client, sandbox)
    joined = company.joined(resident(client, sandbox, "matched"))
    body = {"village": TANTOU, "phone": "13900000000"}
    assert code(joined.post("/selenium/producer", body)) == (403, "not_allowed")
    assert company.post("/selenium/producer", body).status_code == 201
    assert joined.post("/selenium/plots", plot_body()).status_code == 201


def test_a_plot_counts_once_the_town_has_confirmed_it_and_only_as_large_as_it_found(peasant, clerk):
    made = declared(peasant)
    mine = Producer._get_collection().find_one({"person": person_of(peasant)})["_id"]
    assert (made["state"], made["area_mu"], plot.confirmed_area(mine, ORANGE)) == ("declared", "12.50", 0)
    assert confirm(clerk, made["id"], "10").json["confirmed_mu"] == "10.00"
    assert plot.confirmed_area(mine, ORANGE) == 6667
    assert plot.ceiling_grams(mine, ORANGE, date(2026, 11, 20)) == 6667 * 3000 * 1000 * 3 // 2000
    shown = peasant.get(f"{MINI}/plots/{made['id']}").json
    assert (shown["state"], shown["confirmed_mu"]) == ("confirmed", "10.00")


def test_a_changed_plot_is_confirmed_again_and_a_renamed_one_is_not(peasant, clerk):
    made = confirmed_plot(peasant, clerk)
    renamed = peasant.call("PUT", f"{MINI}/plots/{made}", plot_body(name="村西园")).json
    assert (renamed["state"], renamed["name"]) == ("confirmed", "村西园")
    larger = peasant.call("PUT", f"{MINI}/plots/{made}", plot_body(area_mu="99")).json
    assert (larger["state"], "confirmed_mu" in larger) == ("declared", False)


def test_what_a_family_calls_its_plot_is_sealed(peasant, clerk):
    made = confirmed_plot(peasant, clerk, name="欧阳家的园子")
    kept = Plot._get_collection().find_one({"_id": ObjectId(made)})
    assert "欧阳".encode() not in bytes(kept["name"])
    assert clerk.get(f"/office/v1/plots/{made}").json["name"] == "欧阳家的园子"
    same = peasant.call("PUT", f"{MINI}/plots/{made}", plot_body(name="欧阳家的园子"))
    assert same.json["state"] == "confirmed"
    assert Plot._get_collection().find_one({"_id": ObjectId(made)})["name"] == kept["name"]


def test_a_refused_plot_says_why_and_may_be_declared_again(peasant, clerk):
    made = declared(peasant)
    path = f"/office/v1/plots/{made['id']}/refuse"
    assert clerk.post(path, {"reason": "area_wrong"}).json["state"] == "refused"
    assert clerk.post(path, {"reason": "area_wrong"}).status_code == 200
    assert peasant.get(f"{MINI}/plots/{made['id']}").json["reason_zh"] == "面积与实际不符"
    again = peasant.call("PUT", f"{MINI}/plots/{made['id']}", plot_body(area_mu="8"))
    assert (again.json["state"], "reason" in again.json) == ("declared", False)


def test_a_confirmation_and_a_change_at_once_leave_one_or_the_other(peasant, clerk, app):
    for _ in range(4):
        made = declared(peasant)["id"]
        phone, staff = peasant.twin(app.test_client()), clerk.twin(app.test_client())
        change = partial(phone.call, "PUT", f"{MINI}/plots/{made}", plot_body(area_mu="500"))
        at_once([change, partial(confirm, staff, made)])
        found = Plot._get_collection().find_one({"_id": ObjectId(made)})
        assert (found["state"], found.get("confirmed_m2")) in {("declared", None), ("confirmed", 8333)}


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"area_mu": "0"}, (422, "plot_area_wrong")),
        ({"area_mu": "-3"}, (400, "bad_input")),
        ({"area_mu": "1.234"}, (400, "bad_input")),
        ({"area_mu": "100000.01"}, (422, "plot_area_wrong")),
        ({"area_mu": 12.5}, (400, "bad_input")),
        ({"area_mu": "1e9"}, (400, "bad_input")),
        ({"area_mu": "NaN"}, (400, "bad_input")),
        ({"products": ["no_such"]}, (422, "product_unknown")),
        ({"products": []}, (400, "bad_input")),
        ({"village": "360731105999"}, (422, "village_unknown")),
        ({"name": " "}, (400, "bad_input")),
        ({"name": "\x00"}, (400, "bad_input")),
    ],
)
def test_a_plot_that_cannot_be_is_refused(peasant, told, wanted):
    assert code(peasant.post(f"{MINI}/plots", plot_body(**told))) == wanted


def test_another_producers_things_are_not_found(client, sandbox, peasant, own, clerk):
    theirs = own.post("/selenium/plots", plot_body()).json["id"]
    item = own.post("/selenium/trade-items", {"product": ORANGE, "name_zh": "礼盒", "net_grams": 5000}).json["id"]
    for method, path, body in (
        ("GET", f"/plots/{theirs}", None),
        ("PUT", f"/plots/{theirs}", plot_body()),
        ("DELETE", f"/plots/{theirs}", None),
        ("DELETE", f"/trade-items/{item}", None),
        ("GET", "/lots/20261120K7M3Q9X2", None),
    ):
        assert code(peasant.call(method, f"{MINI}{path}", body)) == (404, "not_found"), path
    assert peasant.get(f"{MINI}/plots").json["items"] == []


def test_a_town_clerk_sees_the_town_and_leaves_a_line(client, peasant, clerk):
    made, elsewhere = declared(peasant), town_clerk(client, "360731100")
    listed = clerk.get("/office/v1/plots?state=declared").json["items"]
    assert [(one["id"], one["producer_name"]) for one in listed] == [(made["id"], "梓山镇潭头社区种植户")]
    line = AccessLine._get_collection().find_one({"purpose": "produce_supervision"})
    assert (line["subjects"], line["unit"], line["fields"]) == ([person_of(peasant)], "town_360731105", ["plots.area"])
    assert elsewhere.get("/office/v1/plots?state=declared").json["items"] == []
    assert elsewhere.get(f"/office/v1/plots/{made['id']}").status_code == 404
    assert confirm(elsewhere, made["id"]).status_code == 404


def test_a_suspended_producer_changes_nothing(client, peasant, clerk):
    mine = peasant.get(f"{MINI}/producer").json["id"]
    shown = clerk.post(f"/office/v1/producers/{mine}/suspend", {"reason": "false_data"})
    assert (shown.status_code, shown.json["reason_zh"]) == (200, "申报不实")
    assert code(peasant.post(f"{MINI}/plots", plot_body())) == (403, "producer_suspended")
    assert peasant.get(f"{MINI}/producer").json["state"] == "suspended"
    assert clerk.post(f"/office/v1/producers/{mine}/resume").json["state"] == "active"
    assert peasant.post(f"{MINI}/plots", plot_body()).status_code == 201


def test_a_producers_list_of_the_county_turns_pages(client, peasant, own):
    staff = office(client)
    first = staff.get("/office/v1/producers?limit=2").json
    second = staff.get(f"/office/v1/producers?limit=100&cursor={first['next']}").json
    ids = [one["id"] for one in first["items"] + second["items"]]
    assert len(ids) == len(set(ids)) == 3
    assert {peasant.get(f"{MINI}/producer").json["id"], own.get("/selenium/producer").json["id"]} < set(ids)


def test_a_gtin_is_taken_from_its_firm_only_and_once(client, seeded, sandbox, peasant):
    company = producing(client, sandbox, gtin_prefix="69012345")
    body = {"product": ORANGE, "name_zh": "礼盒", "net_grams": 5000, "gtin": "6901234500011"}
    wrong = company.post("/selenium/trade-items", body | {"gtin": "6901234500012"})
    assert code(wrong) == (400, "gtin_wrong")
    assert code(company.post("/selenium/trade-items", body | {"gtin": "6921234500019"})) == (422, "gtin_not_yours")
    made = company.post("/selenium/trade-items", body)
    assert (made.status_code, made.json["gtin"]) == (201, "06901234500011")
    again = company.post("/selenium/trade-items", body | {"gtin": "06901234500011"})
    assert code(again) == (409, "gtin_taken")
    assert code(peasant.post(f"{MINI}/trade-items", body)) == (422, "gtin_not_yours")


def test_one_gtin_at_once_gives_one_trade_item(app, client, seeded, sandbox):
    company = producing(client, sandbox, gtin_prefix="69012346")
    body = {"product": ORANGE, "name_zh": "礼盒", "net_grams": 5000, "gtin": "6901234600018"}
    sides = [company.by(company.phone.twin(app.test_client())) for _ in range(5)]
    answers = at_once([lambda s=side: s.post("/selenium/trade-items", body) for side in sides])
    assert sorted(one.status_code for one in answers) == [201] + [409] * 4
    assert len(list(TradeItem._get_collection().find({"gtin": "06901234600018"}))) == 1


def test_a_trade_item_without_a_gtin_and_its_end(peasant):
    made = peasant.post(f"{MINI}/trade-items", {"product": ORANGE, "name_zh": "散装 2.5 kg", "net_grams": 2500}).json
    assert "gtin" not in made
    assert peasant.call("DELETE", f"{MINI}/trade-items/{made['id']}").status_code == 204
    assert peasant.call("DELETE", f"{MINI}/trade-items/{made['id']}").status_code == 204
    assert [one["state"] for one in peasant.get(f"{MINI}/trade-items").json["items"]] == ["retired"]


def test_a_ceiling_holds_from_its_day_and_the_row_before_stays(client, peasant):
    staff = office(client)
    told = {"kg_per_mu": 2200, "valid_from": "2026-12-01", "source": "县农业农村局 2026 年单产测定通报"}
    shown = staff.call("PUT", f"/office/v1/products/{ORANGE}/ceiling", told).json
    assert [(row["kg_per_mu"], row.get("valid_to")) for row in shown["yields"]] == [(3000, "2026-11-30"), (2200, None)]
    assert shown["ceiling"] == {
        "kg_per_mu": 3000, "valid_from": "2026-01-01", "demo": True,
        "source": "演示用, 没有来源; 由县农业农村局核定后替换",
    }  # fmt: skip
    found = product.read(ORANGE)
    rows = [product.ceiling(found, date(2026, *day))["kg_per_mu"] for day in ((11, 30), (12, 1), (12, 31))]
    assert rows == [3000, 2200, 2200]
    earlier = staff.call("PUT", f"/office/v1/products/{ORANGE}/ceiling", told | {"valid_from": "2026-05-01"})
    assert code(earlier) == (422, "yield_ceiling_past")
    with pytest.raises(product.NoCeiling):
        product.ceiling(found, date(2025, 12, 31))


def test_products_are_the_countys_with_their_sources_and_no_ceiling_without_one(client, peasant):
    items = {one["id"]: one for one in peasant.get(f"{MINI}/products").json["items"]}
    assert {"navel_orange", "rice", "vegetable", "tea", "egg"} <= set(items)
    assert "ceiling" not in items["egg"]
    assert all(product.read(each)["source"] for each in items)


def test_only_the_countys_office_edits_products(client, peasant, clerk):
    body = {"name_zh": "富硒大蒜", "group": "vegetable"}
    assert code(clerk.call("PUT", "/office/v1/products/garlic", body)) == (403, "not_allowed")
    staff = office(client)
    made = staff.call("PUT", "/office/v1/products/garlic", body)
    assert (made.status_code, made.json["group_zh"]) == (200, "蔬菜")
    assert staff.call("PUT", "/office/v1/products/Not%20A%20Code", body).status_code == 404
    assert staff.call("PUT", "/office/v1/products/garlic", body | {"retired": True}).json["state"] == "retired"
    assert "garlic" not in {one["id"] for one in peasant.get(f"{MINI}/products").json["items"]}
    refused = peasant.post(f"{MINI}/plots", plot_body(products=["garlic"]))
    assert code(refused) == (422, "product_unknown")
