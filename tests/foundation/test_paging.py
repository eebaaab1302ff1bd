import base64

import orjson
import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend.store import paging
from backend.store.paging import BadCursor, page


@pytest.fixture
def jobs(store):
    """A collection with 25 documents of one unit and one of another."""
    collection = get_db()["jobs"]
    collection.insert_many([{"_id": ObjectId(), "unit": "a", "n": number} for number in range(25)])
    collection.insert_one({"unit": "b"})
    return collection


@pytest.fixture
def places(store):
    """Eight documents, four of which share a rank."""
    collection = get_db()["places"]
    ranks = [3, 1, 2, 2, 2, 2, 5, 4]
    collection.insert_many([{"_id": f"p{n}", "kind": "k", "rank": rank} for n, rank in enumerate(ranks)])
    return collection


def walk(collection, query, **options):
    """Return the pages of a list from first to last."""
    pages, cursor = [], None
    while True:
        items, cursor = page(collection, query, cursor=cursor, **options)
        pages.append(items)
        if cursor is None:
            return pages
        assert len(pages) < 50


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26])
def test_pages_hold_every_document_once_and_the_last_one_has_no_next(jobs, limit):
    pages = walk(jobs, {"unit": "a"}, sort=("_id", -1), limit=limit)
    assert [one["n"] for items in pages for one in items] == list(range(24, -1, -1))
    assert len(pages) == -(-25 // limit)


@pytest.mark.parametrize("direction", [1, -1])
def test_documents_of_equal_rank_are_neither_lost_nor_repeated(places, direction):
    pages = walk(places, {"kind": "k"}, sort=("rank", direction), limit=3)
    found = [(one["rank"], one["_id"]) for items in pages for one in items]
    assert found == sorted(found, reverse=direction < 0)
    assert len(found) == 8


@pytest.mark.parametrize(("limit", "count"), [(-5, 1), (0, 1), (1000, 25)])
def test_a_page_is_bounded(jobs, limit, count):
    assert len(page(jobs, {"unit": "a"}, sort=("_id", 1), limit=limit)[0]) == count
    assert paging.MOST == 100


def test_what_is_added_before_the_cursor_does_not_move_the_pages(jobs):
    items, cursor = page(jobs, {"unit": "a"}, sort=("_id", -1), limit=10)
    jobs.insert_one({"unit": "a", "n": 99})
    following, _ = page(jobs, {"unit": "a"}, sort=("_id", -1), limit=10, cursor=cursor)
    assert [one["n"] for one in items + following] == list(range(24, 4, -1))


def test_an_empty_list_is_one_empty_page(jobs):
    assert page(jobs, {"unit": "none"}, sort=("_id", 1)) == ([], None)


def test_a_projection_leaves_fields_out(jobs):
    items, _ = page(jobs, {"unit": "a"}, sort=("_id", 1), limit=1, projection={"n": 1})
    assert set(items[0]) == {"_id", "n"}


def cursor_of(*parts):
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


BAD = [
    "x",
    "é",
    "====",
    "A" * 199,
    base64.b64encode(b"[1").decode(),
    base64.b64encode(b"7").decode(),
    cursor_of(),
    cursor_of(1),
    cursor_of(1, 2, 3),
    cursor_of(None, "x"),
    cursor_of(1, {"$gt": ""}),
    cursor_of({"oid": "x"}, "y"),
    cursor_of({"oid": 7}, "y"),
    cursor_of([1], "y"),
    cursor_of(1.5, "y"),
    cursor_of(2**64 - 1, "y"),
    cursor_of("x", 2**63),
    cursor_of({"at": "0001-01-01T00:00:00+08:00"}, "y"),
    cursor_of({"at": "9999-12-31T23:59:59-08:00"}, "y"),
    cursor_of({"at": 7}, "y"),
]


@pytest.mark.parametrize("cursor", BAD)
def test_a_cursor_that_no_list_made_is_refused(places, cursor):
    with pytest.raises(BadCursor) as caught:
        page(places, {"kind": "k"}, sort=("rank", 1), cursor=cursor)
    assert list(caught.value.fields) == ["cursor"]


def test_over_http_such_a_cursor_is_a_400_that_names_its_field(phone):
    answer = phone.get(f"/mini/v1/orders?cursor={cursor_of('x', 2**63)}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_cursor")
    assert answer.json["fields"] == {"cursor": ["翻页参数有误,请从第一页重新打开。"]}
