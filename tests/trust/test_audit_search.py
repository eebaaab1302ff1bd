"""The auditor's search: every combination of conditions, exact, in pages, and never through the whole log."""

from datetime import timedelta
from itertools import combinations

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from backend.store import search
from models.audit import access_line, entry
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from tests.support.audit_log import Reader

ACTORS, ACTIONS, OBJECTS, UNITS = (
    ["staff:a", "staff:b"],
    ["slot.close", "slot.open"],
    ["slot:1", "slot:2"],
    ["u1", "u2"],
)
PEOPLE = [ObjectId() for _ in range(3)]


@pytest.fixture
def start(store):
    """Sixteen entries of all combinations, then the same again, a minute apart; and lines likewise."""
    begin = clock.now() - timedelta(hours=2)
    marks = [(a, b, c, d) for a in ACTORS for b in ACTIONS for c in OBJECTS for d in UNITS] * 2
    entries = [
        {**entry.line(a, b, c, unit=d, n=n), "at": begin + timedelta(minutes=n)} for n, (a, b, c, d) in enumerate(marks)
    ]
    get_db().audit_entries.insert_many(entries)
    lines = [
        {"at": begin + timedelta(minutes=n), "who": a, "purpose": b, "unit": d, "subjects": PEOPLE[n % 2 :],
         "fields": [], "request_id": ""}
        for n, (a, b, _, d) in enumerate(marks)
    ]  # fmt: skip
    get_db().access_lines.insert_many(lines)
    return begin


def pages(auditor, path: str, limit: int = 100) -> list[dict]:
    seen, cursor = [], ""
    while cursor is not None:
        told = auditor.get(f"/office/v1/audit/{path}&limit={limit}{cursor and '&cursor='}{cursor}")
        assert told.status_code == 200, told.json
        seen += told.json["items"]
        cursor = told.json["next"]
    return seen


FILTERS = {"actor": "staff:a", "action": "slot.open", "object": "slot:2", "unit": "u1"}
LINE_FILTERS = {"who": "staff:b", "purpose": "slot.close", "unit": "u2", "subject": str(PEOPLE[0])}


def subsets(filters: dict) -> list[dict]:
    names = [names for count in range(1, len(filters) + 1) for names in combinations(filters, count)]
    return [{name: filters[name] for name in some} for some in names]


def asked(conditions: dict) -> str:
    return "&".join(f"{name}={value}" for name, value in conditions.items())


@pytest.mark.parametrize("limit", [3, 100])
def test_every_combination_of_conditions_finds_exactly_what_has_them_newest_first(auditor, start, limit):
    for conditions in subsets(FILTERS):
        found = pages(auditor, f"entries?{asked(conditions)}", limit)
        assert len(found) == 32 >> len(conditions), conditions
        assert all(one[name] == value for one in found for name, value in conditions.items())
        assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
        assert len({one["id"] for one in found}) == len(found)


@pytest.mark.parametrize("limit", [2, 100])
def test_lines_are_found_by_every_combination_too(auditor, start, limit):
    everything = pages(auditor, "access-lines?unit=u1") + pages(auditor, "access-lines?unit=u2")
    assert len(everything) == 32
    for conditions in subsets(LINE_FILTERS):
        plain = {name: value for name, value in conditions.items() if name != "subject"}
        expected = [
            one["id"]
            for one in everything
            if all(one[name] == value for name, value in plain.items())
            and ("subject" not in conditions or conditions["subject"] in one["subjects"])
        ]
        assert {one["id"] for one in pages(auditor, f"access-lines?{asked(conditions)}", limit)} == set(expected)


def test_whose_records_somebody_saw_between_two_instants(auditor, start):
    since, until = (clock.civil(start + timedelta(minutes=n)).isoformat().replace("+", "%2B") for n in (4, 9))
    found = pages(auditor, f"access-lines?who=staff:a&from={since}&to={until}")
    assert len(found) == 4  # minutes 4 to 7 are theirs; 8 is the other's
    assert {one["who"] for one in found} == {"staff:a"}
    seen = {subject for one in found for subject in one["subjects"]}
    assert seen == {str(one) for one in PEOPLE}


@pytest.mark.parametrize(("since", "until", "count"), [(0, 32, 32), (0, 31, 31), (5, 5, 0), (5, 6, 1), (30, 99, 2)])
def test_from_is_within_and_to_is_not(auditor, start, since, until, count):
    first, last = (clock.civil(start + timedelta(minutes=n)).isoformat().replace("+", "%2B") for n in (since, until))
    found = pages(auditor, f"entries?from={first}&to={last}", 4)
    assert len([one for one in found if "n" in one["details"]]) == count


def test_the_offset_of_a_time_counts_and_one_without_is_refused(auditor, start):
    utc = (start + timedelta(minutes=31)).isoformat().replace("+", "%2B")
    civil = clock.civil(start + timedelta(minutes=31)).isoformat().replace("+", "%2B")
    assert pages(auditor, f"entries?unit=u2&from={utc}") == pages(auditor, f"entries?unit=u2&from={civil}") != []
    naive = auditor.get("/office/v1/audit/entries?from=2026-11-23T00:00:00")
    assert (naive.status_code, list(naive.json["fields"])) == (400, ["from"])


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "from=1", "to=9999-12-31T23:59:59-12:00", "from=0001-01-01T00:00:00%2B12:00", "action=$ne",
     "unit[$gt]=", "unit=", "action=A%0A", "cursor=1-x", "cursor=999999999999999-673ec0a5c0ffee0123456789", "when=now"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["entries", "access-lines"])
def test_odd_conditions_are_bad_requests(auditor, kind, query):
    answer = auditor.get(f"/office/v1/audit/{kind}?{query}")
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_records_of_one_millisecond_are_all_found_over_pages(auditor, store):
    at = clock.now() - timedelta(minutes=5)
    get_db().audit_entries.insert_many([{**entry.line("staff:z", "x.y", f"o:{n}"), "at": at} for n in range(11)])
    found = pages(auditor, "entries?actor=staff:z", 2)
    assert sorted(one["object"] for one in found) == sorted(f"o:{n}" for n in range(11))


class TestThePlan:
    """What the store reads for an answer is bounded, whatever is asked and however long the log is."""

    @pytest.fixture
    def long_log(self, store, monkeypatch):
        monkeypatch.setattr(search, "MOST_READ", 50)
        begin = clock.now() - timedelta(days=1)
        rows = [
            {**entry.line("staff:busy", "slot.close", f"slot:{n}", unit="rare" if n == 0 else "u1"),
             "at": begin + timedelta(seconds=n)}
            for n in range(230)
        ]  # fmt: skip
        get_db().audit_entries.insert_many(rows)

    def test_a_rare_condition_beside_a_common_one_is_found_over_short_pages(self, long_log):
        window, turns, found = search.Window(limit=20), 0, []
        while True:
            items, cursor = search.newest(
                AuditEntry._get_collection(), {"actor": "staff:busy", "unit": "rare"}, window, fields=("actor",)
            )
            found, turns = found + items, turns + 1
            if cursor is None:
                break
            window = search.Window(limit=20, cursor=cursor)
        assert [one["object"] for one in found] == ["slot:0"]
        assert turns == 5

    def test_each_turn_reads_no_more_than_its_bound(self, long_log):
        stages = [{"$match": {"actor": "staff:busy"}}, {"$sort": {"at": -1, "_id": -1}}, {"$limit": 50}]
        hint = {"actor": 1, "at": -1, "_id": -1}
        told = get_db().command(
            "explain",
            {
                "aggregate": "audit_entries",
                "pipeline": [*stages, {"$match": {"unit": "rare"}}],
                "cursor": {},
                "hint": hint,
            },
            verbosity="executionStats",
        )
        assert examined(told) == {"totalDocsExamined": 50, "totalKeysExamined": 50}

    @pytest.mark.parametrize(("kind", "fields"), [(AuditEntry, entry._SEARCHED), (AccessLine, access_line._SEARCHED)])
    def test_every_field_that_can_be_searched_has_its_index(self, store, kind, fields):
        there = [list(told["key"]) for told in kind._get_collection().index_information().values()]
        for name in fields:
            assert [(name, 1), ("at", -1), ("_id", -1)] in there
        assert [("at", -1), ("_id", -1)] in there


def examined(told) -> dict:
    found = told["stages"][0]["$cursor"] if "stages" in told else told
    return {name: found["executionStats"][name] for name in ("totalDocsExamined", "totalKeysExamined")}


def test_a_line_is_stored_before_the_answer_and_threads_share_the_command(store):
    for _ in range(3):
        access_line.record(Reader(), purpose="booking_service", subjects=PEOPLE, fields=["visitors.name"])
    found = list(get_db().access_lines.find({"who": Reader().key}))
    assert len(found) == 3
    assert all(one["pending"] is True and one["subjects"] == sorted(PEOPLE) for one in found)
