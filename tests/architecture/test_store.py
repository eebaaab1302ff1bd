"""The store: declared indexes are there, queries of the suite may not scan, and the seed gives the same store twice."""

import pytest
from mongoengine.connection import get_connection, get_db
from pymongo.errors import OperationFailure

from backend import clock
from backend.store import indexes
from models.places import place
from seed import county_data
from tests.architecture.house import ROOT, sources, tree


def kinds():
    return indexes.documents()


def dump() -> dict[str, list[dict]]:
    """Return everything in the store by collection."""
    names = [name for name in get_db().list_collection_names() if not name.startswith("system.")]
    return {name: list(get_db()[name].find().sort("_id", 1).hint("_id_")) for name in names}


def test_the_suites_server_refuses_queries_without_an_index(store):
    admin = get_connection().admin
    assert admin.command("getParameter", 1, notablescan=1)["notablescan"] is True
    get_db().orders.insert_one({"slot": "x", "places": 0, "state": "held"})
    with pytest.raises(OperationFailure, match="notablescan"):
        list(get_db().orders.find({"no_such_field": 1}))


def test_every_document_has_its_declared_indexes_in_the_store_and_no_others(store):
    always = [("_id", 1)]  # missing while a collection without other indexes has not been written to
    told = {kind.__name__: kind.compare_indexes() for kind in kinds()}
    lacking = {name: [keys for keys in one["missing"] if keys != always] for name, one in told.items()}
    assert {name: keys for name, keys in lacking.items() if keys} == {}
    assert {name: one["extra"] for name, one in told.items() if one["extra"]} == {}


def test_what_is_declared_unique_or_sparse_is_so_in_the_store(store):
    wrong, seen = [], 0
    for kind in kinds():
        there = kind._get_collection().index_information()
        for declared in kind._meta.get("index_specs", []):
            keys = list(declared["fields"])
            match = [told for told in there.values() if list(told["key"]) == keys]
            for option in ("unique", "sparse", "expireAfterSeconds", "partialFilterExpression"):
                if declared.get(option):
                    seen += 1
                    if not any(told.get(option) == declared[option] for told in match):
                        wrong.append((kind.__name__, keys, option))
    assert seen > 5
    assert wrong == []


def test_no_document_builds_indexes_while_it_serves():
    assert [kind.__name__ for kind in kinds() if kind._meta.get("auto_create_index") is not False] == []


def test_no_two_documents_share_a_collection():
    names = [kind._get_collection_name() for kind in kinds()]
    assert len(names) == len(set(names))


def test_each_documents_own_collection_is_written_only_from_its_domain():
    """`Order._get_collection()` in another domain would go around the rules that guard an order."""
    wrong = []
    for path in [*sources("blueprints"), *sources("mini_program_api"), *sources("tasks")]:
        code = path.read_text(encoding="utf-8")
        if "_get_collection" in code or "get_db" in code:
            wrong.append(path.relative_to(ROOT).as_posix())
        assert tree(path)
    assert wrong == []


@pytest.mark.parametrize("with_demo", [True, False])
def test_the_seed_twice_gives_the_same_store(store, with_demo):
    county_data.load(with_demo=with_demo)
    first = dump()
    assert len(first["areas"]) > 300
    county_data.load(with_demo=with_demo)
    assert dump() == first


def test_the_seed_leaves_alone_what_the_staff_changed(store):
    county_data.load(with_demo=True)
    today = clock.today()
    place.post_notice("museum", "明日闭馆", today, today, "staff:test")
    slot = get_db().slots.find_one({"_id": {"$gte": "museum"}})
    get_db().slots.update_one({"_id": slot["_id"]}, {"$set": {"state": "closed", "quota": 7, "left": 3}})
    before = dump()
    county_data.load(with_demo=True)
    assert dump() == before


def test_in_production_the_seed_makes_nothing_up(store):
    county_data.load(with_demo=False)
    assert get_db().slots.find_one({"_id": {"$gte": ""}}) is None
    made_up = [one["_id"] for one in get_db().places.find({"_id": {"$gte": ""}}) if one.get("demo") or one["bookable"]]
    assert made_up == []
