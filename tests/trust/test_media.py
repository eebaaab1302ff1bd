"""Files: sent in parts over a weak network, checked, sealed, counted, handed out to their owner only."""

import hashlib
import io
import threading
from functools import partial

import gridfs
import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from PIL import Image

from backend import runtime
from backend.errors import NotFound
from models.media import chunk, file, quota, receive
from models.media.chunk import Chunk, Part
from models.media.file import File
from models.media.quota import FileQuota
from tests.support import files
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.queues import drain

DAY = 24 * 3600


@pytest.fixture
def other(client, seeded, sandbox, phone):
    return Phone(client, sandbox).ready()


def content_of(client, surface: str, file_id: str):
    return client.get(f"/{surface}/v1/files/{file_id}/content")


def owner(client) -> str:
    return File._get_collection().find_one({"owner": {"$gte": "resident:"}}, sort=[("owner", -1)])["owner"]


def counted(key: str) -> tuple[int, int]:
    found = FileQuota._get_collection().find_one({"_id": key})
    return found["count"], found["size"]


class TestSending:
    def test_a_photo_in_parts_comes_back_without_the_place_where_it_was_taken(self, phone):
        photo = files.photo((900, 700))
        answer = files.upload(phone, "mini", photo, name="户口本.jpg", media_type="image/jpeg")
        assert (answer.status_code, answer.json["state"], answer.json["name"]) == (200, "uploaded", "户口本.jpg")
        kept = content_of(phone, "mini", answer.json["id"])
        assert kept.status_code == 200
        assert kept.content_type == "image/jpeg"
        assert kept.headers["Content-Disposition"].startswith("attachment;")
        assert "%E6%88%B7" in kept.headers["Content-Disposition"]
        assert kept.headers["X-Content-Type-Options"] == "nosniff"
        assert b"SecretPhone" not in kept.data
        assert Image.open(io.BytesIO(kept.data)).size == (700, 900)
        assert hashlib.sha256(kept.data).hexdigest() == answer.json["sha256"]

    def test_a_broken_upload_goes_on_with_the_parts_that_are_missing(self, phone):
        picture = files.noise(620)
        opened = files.announce(phone, "mini", picture).json
        assert opened["parts"] >= 3
        cut = [picture[n * files.PART : (n + 1) * files.PART] for n in range(opened["parts"])]
        for number in (opened["parts"] - 1, 0, 0):
            assert files.send_part(phone, "mini", opened["id"], number, cut[number]).status_code == 204
        told = phone.get(f"/mini/v1/files/{opened['id']}").json
        assert told["received"] == [0, opened["parts"] - 1]
        early = phone.post(f"/mini/v1/files/{opened['id']}/complete")
        assert (early.status_code, early.json["code"]) == (422, "file_incomplete")
        for number in set(range(opened["parts"])) - set(told["received"]):
            files.send_part(phone, "mini", opened["id"], number, cut[number])
        assert phone.post(f"/mini/v1/files/{opened['id']}/complete").json["state"] == "uploaded"
        kept = content_of(phone, "mini", opened["id"]).data
        pixels = Image.open(io.BytesIO(picture)).tobytes()
        assert Image.open(io.BytesIO(kept)).tobytes() == pixels

    def test_completing_beside_a_faster_one_gives_its_file(self, phone, monkeypatch):
        content = files.png()
        made = files.announce(phone, "mini", content).json
        files.send_parts(phone, "mini", made["id"], content)
        slow = chunk.joined

        def overtaken(file_id):
            monkeypatch.setattr(chunk, "joined", slow)
            receive.complete(owner(phone), file_id)
            return slow(file_id)

        monkeypatch.setattr(chunk, "joined", overtaken)
        answer = phone.post(f"/mini/v1/files/{made['id']}/complete")
        assert (answer.status_code, answer.json["state"]) == (200, "uploaded")

    def test_completing_twice_and_at_once_gives_one_file(self, app, phone):
        picture = files.noise(400)
        opened = files.announce(phone, "mini", picture).json
        files.send_parts(phone, "mini", opened["id"], picture)
        path = f"/mini/v1/files/{opened['id']}/complete"
        answers = at_once([partial(phone.twin(app.test_client()).post, path) for _ in range(4)])
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json["sha256"] for answer in answers}) == 1
        kept = content_of(phone, "mini", opened["id"]).data
        assert hashlib.sha256(kept).hexdigest() == answers[0].json["sha256"]
        assert Part._get_collection().count_documents({"file": ObjectId(opened["id"])}) == 0

    @pytest.mark.parametrize("number", ["1", "-1", "x", "99999999999", "１"])
    def test_a_part_that_the_file_has_not_is_refused(self, phone, number):
        opened = files.announce(phone, "mini", files.png()).json
        answer = files.send_part(phone, "mini", opened["id"], number, b"x")
        assert (answer.status_code, answer.json["code"]) == (400, "file_part_wrong")

    @pytest.mark.parametrize("length", [0, 1, 5_000])
    def test_a_part_of_another_length_is_refused(self, phone, length):
        opened = files.announce(phone, "mini", files.png()).json
        assert files.send_part(phone, "mini", opened["id"], 0, b"x" * length).json["code"] == "file_part_wrong"

    def test_damage_on_the_way_is_seen_and_can_be_mended(self, phone):
        picture = files.png()
        opened = files.announce(phone, "mini", picture).json
        files.send_part(phone, "mini", opened["id"], 0, picture[:-1] + b"?")
        path = f"/mini/v1/files/{opened['id']}/complete"
        assert phone.post(path).json["code"] == "file_incomplete"
        files.send_part(phone, "mini", opened["id"], 0, picture)
        assert phone.post(path).json["state"] == "uploaded"

    def test_a_file_that_is_refused_is_gone_and_counts_no_more(self, phone):
        answer = files.upload(phone, "mini", b"\x89PNG\r\n\x1a\n<script>", media_type="image/png")
        assert (answer.status_code, answer.json["code"]) == (422, "file_broken")
        assert counted(owner(phone)) == (0, 0)
        drain("trust")
        assert File._get_collection().count_documents({}) == 0
        assert Part._get_collection().count_documents({"file": {"$gte": ObjectId("0" * 24)}}) == 0

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"media_type": "image/svg+xml"}, "file_type_wrong"),
            ({"media_type": "text/csv"}, "file_type_wrong"),
            ({"size": 11 << 20}, "file_too_big"),
            ({"size": 0}, "bad_input"),
            ({"sha256": "x"}, "bad_input"),
            ({"purpose": "sheet_import"}, "bad_input"),
            ({"purpose": {"$ne": 1}}, "bad_input"),
        ],
    )
    def test_what_is_not_taken_is_refused_before_anything_is_sent(self, phone, change, code):
        body = {"name": "x.png", "media_type": "image/png", "size": 9, "sha256": "0" * 64, "purpose": "case_attachment"}
        answer = phone.post("/mini/v1/files", body | change)
        assert answer.status_code in {400, 422}
        assert answer.json["code"] == code
        assert File._get_collection().count_documents({}) == 0

    def test_the_same_announcement_twice_is_one_file(self, phone):
        body = {"name": "x.png", "media_type": "image/png", "size": 9, "sha256": "0" * 64, "purpose": "case_attachment"}
        first, second = (phone.post("/mini/v1/files", body, key="k").json for _ in range(2))
        assert first["id"] == second["id"]
        assert counted(owner(phone)) == (1, 9)

    def test_a_body_beyond_the_limit_of_a_part_is_refused(self, phone):
        opened = files.announce(phone, "mini", files.png()).json
        answer = files.send_part(phone, "mini", opened["id"], 0, bytes((1 << 20) + 1))
        assert (answer.status_code, answer.json["code"]) == (413, "too_large")


class TestKeeping:
    def test_nothing_of_a_file_lies_open_in_the_store(self, phone):
        document = files.pdf(b"% Zhang San has a secret\n" * 40_000)
        made = files.upload(phone, "mini", document, name="张三的病历.pdf", media_type="application/pdf").json
        stored = [*get_db()["files.files"].find(), *get_db()["files.chunks"].find(), *get_db()["file_parts"].find()]
        assert len(stored) > 2
        for one in stored:
            raw = repr(one).encode()
            assert "张三".encode() not in raw
            assert b"secret" not in raw
        assert content_of(phone, "mini", made["id"]).data == document

    def test_the_store_holds_it_as_gridfs_does(self, phone):
        document = files.pdf(b"% x\n" * 300_000)
        made = files.upload(phone, "mini", document, media_type="application/pdf").json
        bucket = gridfs.GridFSBucket(get_db(), bucket_name="files")
        sealed = bucket.open_download_stream(ObjectId(made["id"])).read()
        assert len(sealed) > len(document)
        assert b"%PDF" not in sealed

    def test_a_chunk_opens_only_in_its_own_place(self, phone):
        document = files.pdf(b"% x\n" * 300_000)
        made = files.upload(phone, "mini", document, media_type="application/pdf").json
        chunks = Chunk._get_collection()
        first = chunks.find_one({"files_id": ObjectId(made["id"]), "n": 0})
        chunks.update_one({"files_id": ObjectId(made["id"]), "n": 1}, {"$set": {"data": first["data"]}})
        assert content_of(phone, "mini", made["id"]).status_code == 500
        chunks.delete_many({"files_id": ObjectId(made["id"])})

    def test_what_is_not_attached_within_a_day_is_deleted(self, phone, shift_clock):
        half = files.announce(phone, "mini", files.png()).json["id"]
        whole = files.upload(phone, "mini", files.png()).json["id"]
        used = files.upload(phone, "mini", files.png()).json["id"]
        key = owner(phone)
        file.attach([ObjectId(used)], key, to="case:1", purpose="case_attachment")
        shift_clock(DAY - 60)
        assert file.sweep() == 0
        shift_clock(DAY + 60)
        assert file.sweep() == 2
        drain("trust")
        left = [str(one["_id"]) for one in File._get_collection().find({})]
        assert left == [used]
        assert counted(key)[0] == 1
        assert {str(one["files_id"]) for one in Chunk._get_collection().find({})} == {used}
        assert half != whole

    def test_a_kill_between_deleting_and_wiping_heals_by_the_outbox(self, phone):
        made = files.upload(phone, "mini", files.png()).json["id"]
        assert phone.call("DELETE", f"/mini/v1/files/{made}").status_code == 204
        assert Chunk._get_collection().count_documents({"files_id": ObjectId(made)}) == 1
        drain("trust")
        assert Chunk._get_collection().count_documents({"files_id": ObjectId(made)}) == 0
        file.wipe(ObjectId(made))


class TestOwners:
    def test_another_resident_finds_nothing(self, phone, other):
        made = files.upload(phone, "mini", files.png()).json["id"]
        calls = [("GET", ""), ("GET", "/content"), ("POST", "/complete"), ("DELETE", "")]
        for method, path in calls:
            assert other.call(method, f"/mini/v1/files/{made}{path}").status_code == 404
        assert files.send_part(other, "mini", made, 0, b"x").status_code == 404
        assert content_of(phone, "mini", made).status_code == 200

    def test_staff_do_not_find_a_residents_file_by_its_id(self, phone, office):
        made = files.upload(phone, "mini", files.png()).json["id"]
        assert content_of(office, "office", made).status_code == 404

    def test_staff_send_files_of_their_own(self, office):
        made = files.upload(office, "office", files.sheet(["a"], [1]), media_type=files.XLSX, purpose="sheet_import")
        assert made.status_code == 200
        assert content_of(office, "office", made.json["id"]).data[:2] == b"PK"

    @pytest.mark.parametrize("name", ["x", "0" * 24, "../x", "%00"])
    def test_an_id_that_names_nothing_is_not_found(self, phone, name):
        assert phone.get(f"/mini/v1/files/{name}").status_code == 404


class TestAttaching:
    def made(self, phone) -> tuple[ObjectId, str]:
        made = ObjectId(files.upload(phone, "mini", files.png()).json["id"])
        return made, File._get_collection().find_one({"_id": made})["owner"]

    def test_an_attached_file_is_read_through_its_object(self, phone):
        made, key = self.made(phone)
        for _ in range(2):
            file.attach([made], key, to="case:1", purpose="case_attachment")
        assert [one["_id"] for one in file.of_object("case:1")] == [made]
        assert file.content(made, attached_to="case:1").media_type == "image/png"
        for wrong in ({"attached_to": "case:2"}, {}):
            with pytest.raises(NotFound):
                file.content(made, **wrong)

    def test_it_is_attached_nowhere_else_and_not_deleted_by_its_owner(self, phone):
        made, key = self.made(phone)
        file.attach([made], key, to="case:1", purpose="case_attachment")
        with pytest.raises(NotFound):
            file.attach([made], key, to="case:2", purpose="case_attachment")
        answer = phone.call("DELETE", f"/mini/v1/files/{made}")
        assert (answer.status_code, answer.json["code"]) == (409, "file_state_wrong")

    def test_neither_another_owner_nor_another_purpose_attaches_it(self, phone):
        made, key = self.made(phone)
        for who, purpose in ((f"resident:{ObjectId()}", "case_attachment"), (key, "sheet_import")):
            with pytest.raises(NotFound):
                file.attach([made], who, to="case:1", purpose=purpose)

    def test_who_acts_for_another_attaches_what_they_sent_themselves(self, phone):
        made, key = self.made(phone)
        file.attach([made], f"{key}:for:{ObjectId()}", to="case:1", purpose="case_attachment")
        assert len(file.of_object("case:1")) == 1

    def test_two_objects_at_once_get_it_once(self, phone):
        made, key = self.made(phone)

        def attach(to: str) -> bool:
            try:
                file.attach([made], key, to=to, purpose="case_attachment")
            except NotFound:
                return False
            return True

        assert sum(at_once([partial(attach, f"case:{n}") for n in range(8)])) == 1

    def test_the_files_of_an_object_that_ended_are_deleted_with_it(self, phone):
        made, key = self.made(phone)
        file.attach([made], key, to="case:1", purpose="case_attachment")
        assert (file.discard_of("case:1"), file.discard_of("case:1")) == (1, 0)
        drain("trust")
        assert list(chunk.read(made)) == []
        assert counted(key) == (0, 0)


class TestQuota:
    @pytest.fixture
    def small(self, monkeypatch):
        monkeypatch.setitem(quota.LIMITS, "resident", (3, 1_000))

    def ask(self, phone, size: int = 100) -> int:
        body = {"name": "x.png", "media_type": "image/png", "sha256": "0" * 64, "purpose": "case_attachment"}
        return phone.post("/mini/v1/files", body | {"size": size}).status_code

    def test_number_and_bytes_are_limited_and_deleting_frees_them(self, phone, small):
        assert [self.ask(phone, 400), self.ask(phone, 400), self.ask(phone, 400)] == [201, 201, 409]
        assert [self.ask(phone), self.ask(phone)] == [201, 409]
        first = File._get_collection().find_one({})
        phone.call("DELETE", f"/mini/v1/files/{first['_id']}")
        phone.call("DELETE", f"/mini/v1/files/{first['_id']}")
        assert counted(first["owner"])[0] == 2
        assert self.ask(phone) == 201

    def test_two_at_the_limit_leave_one_winner(self, app, phone, small):
        twins = [phone.twin(app.test_client()) for _ in range(10)]
        answers = at_once([partial(self.ask, twin) for twin in twins])
        assert sorted(answers) == [201] * 3 + [409] * 7
        assert counted(owner(phone)) == (3, 300)

    def test_without_the_guard_the_race_is_seen(self, app, phone, small, monkeypatch):
        """The control: a counter that is read, compared and written lets more in."""
        barrier = threading.Barrier(4)

        def unguarded(key, size, _session):
            found = FileQuota._get_collection().find_one({"_id": key})
            if found["count"] >= quota.LIMITS["resident"][0]:
                raise quota.QuotaUsedUp(count=0, mb=0)
            barrier.wait(10)
            FileQuota._get_collection().update_one({"_id": key}, {"$inc": {"count": 1, "size": size}})

        monkeypatch.setattr(quota, "take", unguarded)
        twins = [phone.twin(app.test_client()) for _ in range(4)]
        assert at_once([partial(self.ask, twin) for twin in twins]) == [201] * 4
        assert counted(owner(phone))[0] == 4


def test_sealed_names_are_bound_to_their_file(phone):
    made = ObjectId(files.upload(phone, "mini", files.png(), name="张三.png").json["id"])
    name = File._get_collection().find_one({"_id": made})["name"]
    assert runtime.current().sealer.open("files.files.name", made, name) == "张三.png"
