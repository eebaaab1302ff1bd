"""Searching: by characters, pinyin, initials, aliases and facts, over HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import clock, geo, outbox
from models.content import item
from models.places import place_change
from models.places.place import Place
from models.tourism import search, search_index, search_match, search_term, search_text
from models.tourism.search import Asked
from models.tourism.search_term import SearchTerm, Told
from tests.support import county, queues
from tests.support.crowd import at_once
from tests.tourism.content_kit import ITEMS, Newsroom

SEARCH = "/mini/v1/search"
MUSEUM = geo.to_gcj02(115.41, 25.956)


def ids(answer):
    return [one["id"] for one in answer["items"]]


@pytest.mark.parametrize(
    ("asked", "matched"),
    [
        ("罗田岩", "name"),
        ("罗田", "prefix"),
        ("田岩", "inside"),
        ("岩", "inside"),
        ("善山", "alias"),
        ("tianyan", "pinyin"),
        ("tian yan", "pinyin"),
        ("Tiányán", "pinyin"),
        ("tian2yan2", "pinyin"),
        ("luotianyan", "pinyin"),
        ("LuoTian'Yan", "pinyin"),
        ("tiany", "pinyin"),
        ("罗tian", "pinyin"),
        ("lty", "initials"),
        ("ty", "initials"),
        ("罗天岩", "pinyin"),
        ("羅田巖", "pinyin"),
        ("tienyan", "typo"),
        ("tainyan", "typo"),
        ("luotiayan", "typo"),
        ("丹霞地貌", "fact"),
    ],
)
def test_luotianyan_is_found_however_it_is_typed(look, asked, matched):
    found = {one["id"]: one for one in look(SEARCH, q=asked)["items"]}
    assert found["luotianyan"]["matched"] == matched
    assert (found["luotianyan"]["kind"], found["luotianyan"]["name"]) == ("place", "罗田岩")


def test_what_does_not_begin_with_a_syllable_is_not_found(look):
    assert "luotianyan" not in ids(look(SEARCH, q="ianya"))
    assert "luotianyan" not in ids(look(SEARCH, q="an"))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("yuduchangzheng", "cz_college"),
        ("yudou", "cz_college"),
        ("xibo", "selenium_museum"),
        ("dukou", "ferry_dongmen"),
        ("zhangzheng", "cz_college"),
        ("1934", "ferry_nanmen"),
        ("changzhengyuan", None),
    ],
)
def test_every_reading_of_a_character_counts(look, asked, wanted):
    found = ids(look(SEARCH, q=asked, limit=50))
    assert (wanted in found) if wanted else found == []


def test_the_order_is_exact_name_beginning_alias_inside_pinyin_initials_facts(client, seeded):
    told = {
        "e": Told("石桥", 9),
        "p": Told("石桥村", 8),
        "a": Told("老街", 7, aliases=("石桥",)),
        "i": Told("大石桥", 6),
        "s": Told("时桥", 5),
        "n": Told("苏青", 4),
        "f": Told("水车", 3, facts=("村口有石桥一座",)),
    }
    for ref, one in told.items():
        search_term.put("venue", ref, one)
    by_letters = client.get(SEARCH, query_string={"q": "石桥", "kind": "venue"}).json
    assert ids(by_letters) == ["e", "p", "a", "i", "f"]
    assert [one["matched"] for one in by_letters["items"]] == ["name", "prefix", "alias", "inside", "fact"]
    by_sound = client.get(SEARCH, query_string={"q": "shiqiao", "kind": "venue"}).json
    assert ids(by_sound) == ["s", "e", "a", "p", "i"]
    assert ids(client.get(SEARCH, query_string={"q": "sq", "kind": "venue"}).json)[:3] == ["n", "s", "e"]


def test_what_was_found_is_marked(look):
    found = next(one for one in look(SEARCH, q="tianyan")["items"] if one["id"] == "luotianyan")
    assert found["highlights"] == [{"field": "name", "text": "罗田岩", "ranges": [[1, 3]]}]
    alias = look(SEARCH, q="衙背街")["items"][0]
    assert (alias["id"], alias["highlights"]) == (
        "yudu_old_street",
        [{"field": "alias", "text": "衙背街", "ranges": [[0, 3]]}],
    )


def test_signs_between_the_letters_do_not_matter(look):
    found = next(one for one in look(SEARCH, q="中国于都硒博馆")["items"] if one["id"] == "selenium_museum")
    assert (found["matched"], found["highlights"][0]["ranges"]) == ("name", [[0, 8]])


def test_of_equals_the_nearer_comes_first(look):
    asked = {"q": "长征", "kind": "place", "limit": 50}
    near = look(SEARCH, **asked, lon=MUSEUM[0], lat=MUSEUM[1])["items"]
    inside = [one for one in near if one["matched"] == "inside"]
    away = [one.get("distance_m", 10**9) for one in inside]
    assert away == sorted(away)
    assert away[0] < 5
    assert inside[0]["id"] == "museum"
    assert [one["id"] for one in inside] != [one["id"] for one in look(SEARCH, **asked)["items"] if one in inside]


def test_pages_follow_each_other_without_loss_or_repetition(look):
    whole = ids(look(SEARCH, q="渡口", limit=50))
    seen, cursor = [], {}
    while cursor is not None:
        page = look(SEARCH, q="渡口", limit=3, **cursor)
        seen += ids(page)
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert seen == whole
    assert len(whole) >= 8


def test_a_foreign_cursor_is_refused(client, seeded):
    answer = client.get(SEARCH, query_string={"q": "渡口", "cursor": "place:luotianyan"})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_cursor")


def test_where_nothing_fits_the_nearest_spellings_are_offered(look):
    far = look(SEARCH, q="luotuanyun")
    assert (far["items"], far["suggestions"][0]) == ([], "罗田岩")
    wrong = look(SEARCH, q="罗田山洞")
    assert (wrong["items"], "罗田岩" in wrong["suggestions"]) == ([], True)
    assert look(SEARCH, q="qqqq")["suggestions"] == []
    assert look(SEARCH, q="罗田岩")["suggestions"] == []


@pytest.mark.parametrize("asked", ["·", "  ", "()", "😀", "'", "　"])
def test_a_query_without_letters_finds_nothing(look, asked):
    assert look(SEARCH, q=asked) == {"items": [], "next": None, "suggestions": []}


@pytest.mark.parametrize("asked", ["", "x" * 41, None])
def test_a_query_is_one_to_forty_letters(client, seeded, asked):
    answer = client.get(SEARCH, query_string={} if asked is None else {"q": asked})
    assert answer.status_code == 400
    assert "q" in answer.json["fields"]


def test_venues_are_found_and_told_apart(look):
    hospital = look(SEARCH, q="rmyy")["items"][0]
    assert (hospital["id"], hospital["kind"], hospital["type"]) == ("hosp_people", "venue", "医院")
    assert ids(look(SEARCH, q="于都站", kind="place")) == []
    assert ids(look(SEARCH, q="于都站", kind="venue")) == ["rail_yudu"]


def test_a_place_that_staff_change_is_found_by_its_new_name_after_the_next_drain(look, office):
    before = ids(look(SEARCH, q="moya"))
    place_change.put(office.actor(), "luotianyan", {"name": "罗田岩摩崖石刻"})
    assert (before, ids(look(SEARCH, q="moya"))) == ([], [])
    queues.drain("reports")
    found = look(SEARCH, q="moya")["items"][0]
    assert (found["id"], found["name"]) == ("luotianyan", "罗田岩摩崖石刻")


def test_the_rebuilding_makes_the_same_records_again_and_drops_what_is_gone(seeded):
    before = list(SearchTerm._get_collection().find().sort("_id", 1))
    shown = [one["_id"] for one in Place._get_collection().find({"rank": {"$gte": 0}}, {"_id": 1})]
    assert {one["ref"] for one in before if one["kind"] in search_index.OF_PLACES} == set(shown)
    assert {one["kind"] for one in before} == set(search_term.KINDS)
    SearchTerm._get_collection().delete_one({"_id": "place:luotianyan"})
    search_term.put("place", "gone", Told("没有了", 1))
    search_index.rebuild()
    assert list(SearchTerm._get_collection().find().sort("_id", 1)) == before


def test_a_hidden_place_is_not_found(look):
    Place._get_collection().update_one({"_id": "luotianyan"}, {"$set": {"rank": -1}})
    search_index.place("luotianyan")
    assert ids(look(SEARCH, q="lty", kind="place")) == []


# Rules


@pytest.fixture(scope="module")
def seeded_once(parts):
    """The county's data for many examples that only read."""
    county.put()


def find(text, **more):
    return search.find(Asked(text, limit=400, **more))


@given(st.text(max_size=40))
def test_whatever_is_typed_is_answered(seeded_once, text):
    told = find(text)
    for one in told["items"]:
        for mark in one["highlights"]:
            assert all(0 <= begin < end <= len(mark["text"]) for begin, end in mark["ranges"])
    assert len(told["suggestions"]) <= search.MOST_SUGGESTIONS


@given(st.data())
def test_every_part_of_a_name_finds_it_by_letters_by_syllables_and_by_initials(seeded_once, data):
    record = data.draw(st.sampled_from(list(SearchTerm._get_collection().find().sort("_id", 1))))
    name = data.draw(st.sampled_from([record["name"], *record["aliases"]]))
    read = search_text.units(name)
    start = data.draw(st.integers(0, len(read) - 1))
    part = read[start : data.draw(st.integers(start + 1, min(len(read), start + 8)))]
    spelled = "".join(data.draw(st.sampled_from(one.readings)) for one in part)
    for text in (name[part[0].start : part[-1].end], spelled[:40], "".join(one.readings[0][0] for one in part)):
        assert record["_id"] in {f"{one['kind']}:{one['id']}" for one in find(text)["items"]}, text


@given(st.text("abcdefg", min_size=5, max_size=9), st.data())
def test_one_edit_is_exactly_one_letter_wrong_missing_too_many_or_exchanged(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    changed = {
        word[:at] + "z" + word[at + 1 :],
        word[:at] + word[at + 1 :],
        word[:at] + "z" + word[at:],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    } - {word}
    assert all(search_match.one_edit(word, one) and search_match.one_edit(one, word) for one in changed)
    assert not search_match.one_edit(word, word)
    assert not search_match.one_edit(word, "zz" + word)
    assert not search_match.one_edit(word, "zz" + word[2:])


def test_a_search_reads_bounded_many_records_the_best_ranked_first(seeded, monkeypatch):
    monkeypatch.setattr(search, "MOST", 5)
    monkeypatch.setattr(search, "MOST_FACTS", 2)
    for number in range(20):
        search_term.put("venue", f"v{number:02d}", Told(f"石桥{number}号", number, facts=("石拱",)))
    assert [one["id"] for one in find("石桥", kind="venue")["items"]] == [f"v{n:02d}" for n in range(5)]
    assert [one["id"] for one in find("石拱", kind="venue")["items"]] == ["v00", "v01"]


def test_a_search_scans_no_more_of_the_index_than_it_reads(seeded, monkeypatch):
    for number in range(300):
        search_term.put("venue", f"v{number:03d}", Told(f"石桥{number}号", number))
    collection = SearchTerm._get_collection()
    told = collection.find({"terms": {"$in": ["h石桥", "pshiqia"]}}).sort("rank", 1).limit(10).explain()
    stats = told["executionStats"]
    assert (stats["totalDocsExamined"], stats["nReturned"]) == (10, 10)
    assert stats["totalKeysExamined"] <= 30


def test_what_is_shown_no_more_is_found_no_more_before_any_job_runs(look):
    found = look(SEARCH, q="手摇缝纫机", kind="exhibit")["items"]
    assert [one["id"] for one in found] == ["museum_sewing_machine"]
    item.ContentItem._get_collection().update_one(
        {"_id": "guide_exhibit:museum_sewing_machine"}, {"$set": {"live": []}}
    )
    assert look(SEARCH, q="手摇缝纫机", kind="exhibit")["items"] == []
    queues.drain("reports")
    search_index.guide()
    assert SearchTerm._get_collection().find_one({"_id": "exhibit:museum_sewing_machine"}) is None


def test_two_workers_leave_the_newest_name(seeded):
    names = [f"罗田岩{n}" for n in range(8)]

    def rename(name):
        Place._get_collection().update_one({"_id": "luotianyan"}, {"$set": {"name": name}})
        search_index.place("luotianyan")

    for _ in range(5):
        at_once([lambda n=n: rename(n) for n in names])
        kept = Place._get_collection().find_one({"_id": "luotianyan"})["name"]
        assert SearchTerm._get_collection().find_one({"_id": "place:luotianyan"})["name"] == kept


def test_a_price_needs_no_new_search_record_and_a_name_does(office):
    place_change.put_price(office.actor(), "museum", {"code": "adult", "name_zh": "成人", "price_fen": 100})
    assert not Place._get_collection().find_one({"_id": "museum"}).get("outbox")
    place_change.put(office.actor(), "museum", {"name": "新名"})
    (entry,) = Place._get_collection().find_one({"_id": "museum"})["outbox"]
    assert (entry["task"], entry["args"]) == ("tourism.index_place", {"place": "museum"})


# What content does


@pytest.fixture
def news(client, seeded):
    return Newsroom(client)


def test_published_content_is_found_and_withdrawn_content_dropped_by_their_own_entries(look, news):
    made = news.made(title_zh="杨公桥旧址")
    own = news.bring_out(made)
    (entry,) = item.read(made)["outbox"]
    assert (entry["task"], entry["args"]) == ("tourism.index_content", {"kind": "guide_point", "own": own})
    assert ids(look(SEARCH, q="yanggongqiao")) == []
    queues.drain("reports")
    assert ids(look(SEARCH, q="yanggongqiao")) == [own]
    news.write(made, title_zh="长丰桥旧址")
    news.bring_out(made, 2)
    queues.drain("reports")
    assert (ids(look(SEARCH, q="yanggongqiao")), ids(look(SEARCH, q="changfengqiao"))) == ([], [own])
    news.publisher.post(f"{ITEMS}/{made}/withdraw", {"reason": "有误"})
    queues.drain("reports")
    assert SearchTerm._get_collection().find_one({"_id": f"point:{own}"}) is None


def test_content_that_begins_and_ends_by_the_clock_is_found_from_then_to_then(look, news, travel):
    made = news.made(title_zh="杨公桥旧址")
    own = made.partition(":")[2]
    news.bring_out(made, **{"from": "2026-11-23T09:00:00+08:00", "to": "2026-11-23T10:00:00+08:00"})
    found = []
    for at in ("08:30", "09:30", "10:30"):
        travel("2026-11-23", at)
        outbox.drain("reports")
        found.append(SearchTerm._get_collection().find_one({"_id": f"point:{own}"}) is not None)
    assert found == [False, True, False]


def test_a_kind_that_nobody_asks_for_carries_nothing(news):
    assert item.followed_by("itinerary", "itinerary:x", [clock.now()]) == []


def test_more_content_than_a_list_shows_is_found_too(look, news, monkeypatch):
    own = [news.shown(title_zh=f"杨公桥{n}号") for n in range(3)]
    monkeypatch.setattr(item, "MOST_SHOWN", 1)
    search_index.rebuild()
    assert set(ids(look(SEARCH, q="杨公桥"))) == set(own)
