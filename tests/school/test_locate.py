"""Where a home belongs: house number, position, village, borders, and the words for a parent."""

import pytest

from backend import clock, geo
from backend.errors import NotFound
from models.rules.parameters import RuleParameter
from models.school import district_map, locate
from models.school.locate import Asked
from tests.school import ground
from tests.school.ground import ROUND, VILLAGES, at, feature, rectangle, street


@pytest.fixture
def laid(seeded):
    """Two districts side by side, a border at 1,000 m east."""
    ground.prepare()
    return ground.lay(ground.two())


def found(**told):
    return locate.locate(ROUND, **told)


def test_a_position_well_inside_is_certain(laid):
    told = found(point=at(500, 500))
    assert (told.districts, told.schools, told.certain, told.how) == (("west",), ("s_west",), True, "point")
    assert told.distance_m == pytest.approx(500, abs=1)
    assert told.why_zh == "所填位置在west片区范围内。对应学校:s_west小学。"


@pytest.mark.parametrize(
    ("east", "district", "certain"),
    [(979, "west", True), (981, "west", False), (999.5, "west", False), (1001, "east", False), (1021, "east", True)],
)
def test_within_20_metres_of_a_border_a_person_decides_on_both_sides(laid, east, district, certain):
    told = found(point=at(east, 500))
    assert (told.districts, told.certain) == ((district,), certain)
    assert ("须由工作人员核实" in told.why_zh) is not certain
    if not certain:
        other = {"west": "east", "east": "west"}[district]
        assert f"与{other}片区的分界线约 {told.distance_m:.0f} 米" in told.why_zh
        assert "20 米以内" in told.why_zh


def test_how_near_is_too_near_is_dated_data(laid):
    assert found(point=at(970, 500)).certain
    later = {"value": 40, "valid_from": clock.today().isoformat(), "source": {}}
    RuleParameter._get_collection().update_one({"_id": "school_border_metres"}, {"$push": {"values": later}})
    told = found(point=at(970, 500))
    assert not told.certain
    assert "40 米以内" in told.why_zh


def test_the_outer_edge_is_a_border_and_beyond_it_is_nothing(laid):
    inside, beyond, far = (found(point=at(east, 500)) for east in (10, -10, -30))
    assert (inside.districts, inside.certain) == (("west",), False)
    assert "学区外缘约 10 米" in inside.why_zh
    assert (beyond.districts, beyond.certain, beyond.how) == (("west",), False, "point")
    assert "不在任何学区范围内,最近的是west片区" in beyond.why_zh
    assert (far.districts, far.schools, far.certain, far.how) == ((), (), False, "none")


def test_between_districts_of_the_same_schools_there_is_no_border(seeded):
    ground.prepare()
    parts = [feature(f"p{n}", rectangle(1000 * n, 0, 1000, 1000), ["s_west", "s_both"]) for n in (0, 1)]
    ground.lay(ground.collection(*parts))
    told = found(point=at(995, 500))
    assert (told.schools, told.certain) == (("s_west", "s_both"), True)
    assert told.distance_m == pytest.approx(500, abs=1)
    assert "对应学校(2 所,可按志愿选择):s_west小学、s_both小学。" in told.why_zh


def test_where_districts_overlap_both_are_named_and_a_person_decides(seeded):
    ground.prepare()
    one = feature("a", rectangle(0, 0, 1000, 1000), ["s_west"], overflow=["s_north"])
    ground.lay(ground.collection(one, feature("b", rectangle(800, 0, 1000, 1000), ["s_east"])))
    told = found(point=at(900, 500))
    assert (told.districts, told.schools, told.certain) == (("a", "b"), ("s_west", "s_east"), False)
    assert "a片区、b片区都包含此处,而学校不同" in told.why_zh
    assert told.overflow == ("s_north",)


@pytest.mark.parametrize(
    ("address", "district"),
    [("红军路1号", "west"), ("红军路2号", "east"), ("红军路99号", "west"), ("红军路十二号", "east")],
)
def test_odd_and_even_sides_of_a_street_belong_to_different_districts(seeded, address, district):
    ground.prepare()
    told = ground.two(streets=[street("红军路", 1, 99, "odd")])
    told["features"][1]["properties"]["streets"] = [street("红军路", 2, 98, "even")]
    ground.lay(told)
    found_ = found(address=address)
    assert (found_.districts, found_.how, found_.certain, found_.distance_m) == (
        (district,),
        "house_number",
        True,
        None,
    )
    assert "按“红军路" in found_.why_zh
    assert ("号单号”" if district == "west" else "号双号”") in found_.why_zh


def test_the_house_number_goes_before_the_position_and_both_agree(seeded):
    ground.prepare()
    ground.lay(ground.two(streets=[street("红军路")]))
    ground.house("红军路", "5", 500, 500)
    told = found(address="于都县贡江镇红军路5号")
    assert (told.districts, told.how, told.certain) == (("west",), "house_number", True)
    assert told.distance_m == pytest.approx(500, abs=1)


def test_where_rule_and_polygon_disagree_a_person_decides(seeded):
    ground.prepare()
    ground.lay(ground.two(streets=[street("红军路")]))
    ground.house("红军路", "5", 1500, 500)
    told = found(address="红军路5号")
    assert (told.districts, told.how, told.certain) == (("west",), "house_number", False)
    assert "该位置在east片区范围内,与门牌规定不一致" in told.why_zh


def test_a_house_at_the_border_goes_to_a_person_even_under_a_rule(seeded):
    ground.prepare()
    ground.lay(ground.two(streets=[street("红军路")]))
    ground.house("红军路", "5", 990, 500)
    assert not found(address="红军路5号").certain


def test_a_standard_address_gives_the_position_where_no_rule_does(laid):
    ground.house("解放路", "7", 500, 500)
    ground.house("解放路", "7-2", 1500, 500)
    whole, part, other = (found(address=f"解放路{number}号") for number in ("7", "7附2", "7附9"))
    assert (whole.districts, whole.how, whole.certain) == (("west",), "point", True)
    assert "该门牌的位置在west片区范围内" in whole.why_zh
    assert part.districts == ("east",)
    assert other.districts == ("west",), "an unknown part stands where its house does"
    nothing = found(address="解放路8号")
    assert (nothing.how, nothing.certain) == ("none", False)
    assert "解放路 8 号没有学区规定,也没有查到门牌位置" in nothing.why_zh


def test_the_same_street_in_two_towns_is_no_position_until_the_town_is_told(laid):
    ground.house("圩镇街", "1", 500, 500)
    ground.house("圩镇街", "1", 1500, 500, town="360731105")
    assert found(address="圩镇街1号").how == "none"
    assert found(address="于都县贡江镇圩镇街1号").districts == ("west",)
    assert found(address="于都县梓山镇圩镇街1号").districts == ("east",)
    assert found(address="圩镇街1号", village=f"{ground.TOWN}001").districts == ("west",)


def test_a_village_decides_where_nothing_else_is_known(seeded):
    ground.prepare()
    ground.lay(ground.two(villages=[VILLAGES[0]]))
    told = found(village=VILLAGES[0])
    assert (told.districts, told.how, told.certain) == (("west",), "village", True)
    assert "整体划入west片区" in told.why_zh
    assert found(village=VILLAGES[1]).how == "none"


def test_a_village_against_the_position_or_the_number_is_for_a_person(seeded):
    ground.prepare()
    ground.lay(ground.two(villages=[VILLAGES[0]], streets=[street("红军路")]))
    by_point = found(point=at(1500, 500), village=VILLAGES[0])
    assert (by_point.districts, by_point.how, by_point.certain) == (("east",), "point", False)
    assert "所在村(社区)属west片区,两者不一致" in by_point.why_zh
    assert found(point=at(500, 500), village=VILLAGES[0]).certain
    outside = found(point=at(-900, 500), village=VILLAGES[0])
    assert (outside.how, outside.certain) == ("village", False)
    assert "不在任何学区范围内" in outside.why_zh


def test_nothing_known_says_what_to_write(laid):
    told = found(address="我家")
    assert (told.districts, told.schools, told.certain, told.how) == ((), (), False, "none")
    assert "请写明街道名和门牌号" in told.why_zh
    assert "不在任何学区范围内" in found(point=at(90_000, 0)).why_zh


def test_a_round_without_districts_answers_that_nothing_is_known(seeded):
    ground.prepare()
    assert found(point=at(500, 500)).how == "none"
    with pytest.raises(NotFound):
        locate.locate("2027-missing", address="红军路1号")


def test_many_at_once_are_answered_as_one_by_one(seeded):
    ground.prepare()
    ground.lay(ground.two(streets=[street("红军路", 1, 99, "odd")], villages=[VILLAGES[0]]))
    ground.house("解放路", "7", 500, 500)
    asked = [
        Asked("红军路5号"),
        Asked("解放路7号"),
        Asked("解放路8号"),
        Asked(point=at(985, 500)),
        Asked(point=at(-900, 0), village=VILLAGES[0]),
        Asked(),
    ]
    told = locate.many(ROUND, asked)
    assert told == [locate.locate(ROUND, address=one.address, village=one.village, point=one.point) for one in asked]
    assert [one.how for one in told] == ["house_number", "point", "none", "point", "village", "none"]
    assert locate.many(ROUND, []) == []
    crowd = [*asked, *(Asked(f"解放路{number}号") for number in range(100, 101 + locate.FEW))]
    assert locate.many(ROUND, crowd)[: len(asked)] == told, "more than a few are looked up in another way"


def test_a_new_generation_is_seen_at_once_by_whoever_asks_again(laid):
    assert found(point=at(500, 500)).schools == ("s_west",)
    ground.lay(ground.collection(feature("all", rectangle(0, 0, 2000, 1000), ["s_north"])))
    assert found(point=at(500, 500)).schools == ("s_north",)


def test_the_map_of_a_generation_is_built_once(laid, monkeypatch):
    first = district_map.of_round(ROUND)
    monkeypatch.setattr(district_map, "build", None)
    assert district_map.of_round(ROUND) is first


def test_a_position_in_gcj02_moves_by_hundreds_of_metres(laid):
    """The control of every conversion below: taken as it is, the position would lie elsewhere."""
    lon, lat = at(500, 500)
    shown = geo.to_gcj02(lon, lat)
    assert geo.distance_m(lon, lat, *shown) > 300
    assert geo.to_wgs84(*shown) == pytest.approx((lon, lat), abs=1e-6)


def test_outside_is_what_a_known_position_beyond_the_border_zone_is(laid):
    """Twenty metres are the border zone; what has no position, or a village of a district, is not outside for sure."""
    ground.house("荒山路", "1", -21, 500)
    ground.house("荒山路", "2", -19, 500)
    far, near = found(address="荒山路1号"), found(address="荒山路2号")
    assert (far.outside, far.certain, far.districts) == (True, False, ())
    assert (near.outside, near.districts) == (False, ("west",))
    assert not found(address="荒山路3号").outside
    assert not found(point=at(500, 500)).outside
