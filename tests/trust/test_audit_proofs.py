"""Heads and proofs over HTTP: what a monitor outside verifies, and what the auditor shows of one record."""

import json

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import merkle
from backend.http import limits
from models.audit import canonical, tree_head
from tests.support import slots
from tests.support.audit_log import Monitor, chain, fill, leaves, records


@pytest.fixture(autouse=True)
def fresh_limits():
    limits._general._counts.clear()


@pytest.fixture
def monitor(client, store):
    return Monitor(client)


def get(monitor, path):
    answer = monitor.client.get(f"/public/v1/audit/{path}")
    return answer.status_code, answer.json


class TestHeads:
    def test_before_the_first_head_there_is_none(self, monitor):
        assert get(monitor, "tree-head")[0] == 404
        assert get(monitor, "tree-heads")[1] == {"items": [], "next": None}
        assert get(monitor, "consistency?first=1&second=1")[0] == 404
        assert get(monitor, f"inclusion?hash={'0' * 64}")[0] == 404

    def test_the_newest_head_is_signed_over_size_root_and_time(self, monitor):
        fill(5)
        chain()
        head = monitor.head()
        assert (head["tree_size"], head["number"], head["key_id"]) == (5, 0, 1)
        assert head["root_hash"] == tree_head.newest().root.hex()
        assert head["at"].endswith("+08:00")

    def test_all_heads_are_there_newest_first_page_by_page(self, monitor):
        for _ in range(5):
            fill(2)
            chain()
        seen, cursor = [], ""
        while cursor is not None:
            page = monitor.get(f"/public/v1/audit/tree-heads?limit=2{cursor and '&cursor='}{cursor}")
            assert len(page["items"]) <= 2
            seen += page["items"]
            cursor = page["next"]
        assert [monitor.checked(one)["tree_size"] for one in seen] == [10, 8, 6, 4, 2]

    def test_no_part_of_a_key_that_signs_is_shown(self, monitor, store):
        told = monitor.client.get("/public/v1/audit/keys").text
        raw = store.audit_keys.private[1].private_bytes_raw()
        assert len(monitor.keys[1]) == 32
        assert monitor.keys[1] != raw
        assert raw.hex() not in told

    def test_an_address_that_asks_without_end_is_told_to_wait(self, monitor):
        statuses = [get(monitor, "tree-heads")[0] for _ in range(125)]
        assert statuses[-1] == 429
        assert statuses[0] == 200
        answer = monitor.client.get("/public/v1/audit/tree-heads", environ_base={"REMOTE_ADDR": "10.0.0.9"})
        assert answer.status_code == 200


class TestConsistency:
    def test_every_head_is_proved_to_be_the_beginning_of_every_later_one(self, monitor):
        heads = []
        for size in (1, 2, 4, 1, 7):
            fill(size)
            chain()
            heads.append(monitor.head())
        pairs = [(older, newer) for place, newer in enumerate(heads) for older in heads[: place + 1]]
        assert [pair for pair in pairs if not monitor.follows(*pair)] == []

    def test_a_log_that_was_made_anew_is_not_the_continuation(self, monitor):
        fill(6)
        chain()
        older = monitor.head()
        for name in ("audit_entries", "access_lines", "audit_leaves", "audit_nodes", "audit_heads", "audit_tree"):
            get_db()[name].delete_many({})
        fill(9, seed=2)
        chain()
        assert not monitor.follows(older, monitor.head())

    @pytest.mark.parametrize("sizes", [(0, 3), (4, 3), (1, 6), (6, 6), (-1, 2), (1, 2**70)])
    def test_sizes_that_were_not_published_are_refused(self, monitor, sizes):
        fill(5)
        chain()
        fill(3)
        status, answer = get(monitor, f"consistency?first={sizes[0]}&second={sizes[1]}")
        assert (status, answer["code"]) in {(422, "tree_sizes_wrong"), (400, "bad_input")}

    @pytest.mark.parametrize("query", ["", "first=1", "first=a&second=b", "first=1&second=2&x=1", "first[]=1&second=2"])
    def test_odd_questions_are_bad_requests(self, monitor, query):
        assert get(monitor, f"consistency?{query}")[0] == 400


class TestInclusion:
    def test_every_leaf_is_proved_by_its_hash_in_every_size_that_holds_it(self, monitor):
        for _ in range(3):
            fill(4)
            chain()
        heads = {head["tree_size"]: bytes.fromhex(head["root_hash"]) for head in (h.wire() for h in all_heads())}
        for leaf in leaves():
            for size, root in heads.items():
                status, told = get(monitor, f"inclusion?hash={leaf['hash'].hex()}&size={size}")
                if leaf["_id"] >= size:
                    assert status == 404
                    continue
                path = [bytes.fromhex(one) for one in told["proof"]]
                assert told["leaf_index"] == leaf["_id"]
                assert merkle.verify_inclusion(leaf["hash"], leaf["_id"], size, path, root)

    def test_without_a_size_it_is_the_newest_published_one(self, monitor):
        fill(5)
        chain()
        told = get(monitor, f"inclusion?hash={leaves()[2]['hash'].hex()}")[1]
        assert (told["tree_size"], told["leaf_index"]) == (5, 2)

    def test_what_is_in_no_leaf_is_not_found(self, monitor):
        fill(5)
        chain()
        assert get(monitor, f"inclusion?hash={'0' * 64}")[0] == 404

    @pytest.mark.parametrize(
        ("query", "status"),
        [("hash=xyz", 400), ("hash=", 400), (f"hash={'A' * 64}", 400), ("size=1", 400),
         (f"hash={'a' * 64}&size=0", 400), (f"hash={'a' * 64}&size=6", 422),
         (f"hash={'a' * 64}&size=1e3", 400), (f"hash={'a' * 64}%0A", 400)],
    )  # fmt: skip
    def test_odd_questions_are_refused(self, monitor, query, status):
        fill(5)
        chain()
        assert get(monitor, f"inclusion?{query}")[0] == status

    def test_answers_hold_hashes_and_numbers_and_nothing_of_the_records(self, monitor):
        fill(8)
        chain()
        texts = [
            monitor.client.get(f"/public/v1/audit/{path}").text
            for path in ("tree-head", "tree-heads", "consistency?first=3&second=8",
                         f"inclusion?hash={leaves()[1]['hash'].hex()}")
        ]  # fmt: skip
        for record in [*records("audit_entries"), *records("access_lines")]:
            for secret in (str(record["_id"]), "staff:", "slot", "booking", record["salt"].hex()):
                assert [text for text in texts if secret in text] == []


def all_heads():
    return [tree_head.of_store(one) for one in records("audit_heads")]


class TestProofOfARecord:
    def test_the_auditor_shows_that_an_entry_is_in_the_log(self, client, auditor, manager):
        slot = slots.make(5)
        manager.post(f"/office/v1/slots/{slot}/close", {"reason": "暴雨"})
        (entry,) = auditor.get(f"/office/v1/audit/entries?object=slot:{slot}").json["items"]
        path = f"/office/v1/audit/entries/{entry['id']}/proof"
        waiting = auditor.get(path)
        assert (waiting.status_code, waiting.json["code"]) == (409, "audit_not_chained_yet")
        chain()
        told, monitor = auditor.get(path).json, Monitor(client)
        head = monitor.checked(told["head"])
        assert monitor.holds(told, head, told["canonical"])
        assert not monitor.holds(told, head, told["canonical"].replace("slot.close", "slot.reopen"))
        record = json.loads(told["canonical"])["record"]
        assert (record["action"], record["actor"]) == ("slot.close", f"staff:{manager.id}")
        public = monitor.get(f"/public/v1/audit/inclusion?hash={told['leaf_hash']}&size={head['tree_size']}")
        assert (public["proof"], public["leaf_index"]) == (told["proof"], told["leaf_index"])

    def test_and_so_is_what_was_looked_at(self, client, auditor, manager, phone):
        slot = slots.make(5)
        phone.issued(slot)
        manager.get(f"/office/v1/orders?slot={slot}")
        (line,) = auditor.get(f"/office/v1/audit/access-lines?who=staff:{manager.id}").json["items"]
        chain()
        told, monitor = auditor.get(f"/office/v1/audit/access-lines/{line['id']}/proof").json, Monitor(client)
        assert monitor.holds(told, monitor.checked(told["head"]), told["canonical"])
        assert {"$oid": line["subjects"][0]} in json.loads(told["canonical"])["record"]["subjects"]

    def test_an_edited_record_no_longer_fits_its_leaf(self, client, auditor):
        fill(4)
        chain()
        record = records("audit_entries")[0]
        get_db().audit_entries.update_one({"_id": record["_id"]}, {"$set": {"actor": "staff:else"}})
        told, monitor = auditor.get(f"/office/v1/audit/entries/{record['_id']}/proof").json, Monitor(client)
        assert canonical.leaf_hash("audit_entries", record).hex() == told["leaf_hash"]
        assert not monitor.holds(told, told["head"], told["canonical"])

    @pytest.mark.parametrize("kind", ["entries", "access-lines"])
    @pytest.mark.parametrize("record", ["0" * 24, "x", "{}", "%00"])
    def test_what_is_not_there_is_not_found(self, auditor, kind, record):
        assert auditor.get(f"/office/v1/audit/{kind}/{record}/proof").status_code == 404

    def test_an_entry_is_not_found_among_the_lines(self, auditor):
        fill(6)
        chain()
        entry = records("audit_entries")[0]["_id"]
        assert auditor.get(f"/office/v1/audit/entries/{entry}/proof").status_code == 200
        assert auditor.get(f"/office/v1/audit/access-lines/{entry}/proof").status_code == 404

    def test_only_the_auditor_may_ask(self, manager, admin):
        path = f"/office/v1/audit/entries/{ObjectId()}/proof"
        assert [one.get(path).status_code for one in (manager, admin)] == [403, 403]
