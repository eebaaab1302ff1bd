"""The canonical form: the same bytes for the same content, other bytes for any other, and readable by anybody."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import bson
import pytest
from bson import Int64, ObjectId
from hypothesis import given
from hypothesis import strategies as st

from models.audit import canonical

AT = datetime(2026, 11, 23, 1, 30, 0, 123000, UTC)
RECORD = {
    "_id": ObjectId("673ec0a5c0ffee0123456789"), "at": AT, "actor": "staff:1", "details": {"days": 30, "$ne": "关"},
    "salt": b"\x00\xff",
}  # fmt: skip


def test_the_form_is_as_it_is_written_down():
    assert canonical.form("audit_entries", RECORD).decode() == (
        '{"collection":"audit_entries","record":{"_id":{"$oid":"673ec0a5c0ffee0123456789"},"actor":"staff:1",'
        '"at":{"$date":1795397400123},"details":{"$$ne":"关","days":30},"salt":{"$bytes":"00ff"}}}'
    )


def test_the_leaf_hash_is_sha256_over_a_zero_byte_and_the_form():
    expected = hashlib.sha256(b"\x00" + canonical.form("audit_entries", RECORD)).digest()
    assert canonical.leaf_hash("audit_entries", RECORD) == expected


def test_the_marks_of_the_sequencer_and_the_order_of_fields_do_not_count():
    marked = {**dict(reversed(RECORD.items())), "pending": True, "leaf": 7}
    assert canonical.form("x", marked) == canonical.form("x", RECORD)


@pytest.mark.parametrize(
    "change",
    [{"at": AT + timedelta(milliseconds=1)}, {"at": 1795397400123}, {"actor": "staff:2"}, {"actor": None},
     {"_id": "673ec0a5c0ffee0123456789"}, {"details": {"days": 30.0, "$ne": "关"}}, {"details": {"days": True}},
     {"details": {"days": "30", "$ne": "关"}}, {"details": {"days": 30, "ne": "关"}}, {"details": []},
     {"salt": b"\x00"}, {"salt": "00ff"}, {"extra": None}, {"at": {"$date": 1795397400123}}],
)  # fmt: skip
def test_every_change_of_a_value_or_its_type_changes_the_form(change):
    assert canonical.form("x", RECORD | change) != canonical.form("x", RECORD)


def test_the_collection_is_part_of_it():
    assert canonical.form("audit_entries", RECORD) != canonical.form("access_lines", RECORD)


@pytest.mark.parametrize("value", [bson.Decimal128("1.5"), bson.Regex("a"), bson.MinKey(), bson.Timestamp(1, 2)])
def test_a_value_of_an_unusual_kind_has_a_form_too(value):
    assert b'"$bson":' in canonical.form("x", {"a": value})


def test_a_whole_number_is_the_same_in_32_and_64_bits():
    assert canonical.form("x", {"a": Int64(5)}) == canonical.form("x", {"a": 5})


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts.filter(lambda t: t[:1] != "$"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(texts.filter(lambda t: t[:1] != "$" and t not in canonical.MARKS), values, max_size=4))
def test_plain_records_look_as_any_json_library_writes_them_sorted(record):
    told = {"collection": "c", "record": record}
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical.form("c", record).decode() == plain


stored = st.recursive(
    values
    | st.floats()
    | st.binary(max_size=4)
    | st.builds(lambda n: AT + timedelta(milliseconds=n), st.integers(0, 9)),
    lambda inner: st.dictionaries(texts.filter(lambda t: "\0" not in t), inner, max_size=3),
    max_leaves=6,
)


@given(stored)
def test_the_way_through_the_store_changes_nothing(value):
    options = bson.CodecOptions(tz_aware=True, uuid_representation=bson.UuidRepresentation.STANDARD)
    try:
        raw = bson.encode({"a": value})
    except bson.errors.InvalidDocument:  # a name with a zero byte
        return
    assert canonical.form("x", bson.decode(raw, options)) == canonical.form("x", {"a": value})
