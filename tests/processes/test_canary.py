"""Canaries: secrets pushed through every endpoint and failure, then looked for in all that lies about.

The story enters each secret where a person would; the walk puts a mark of its own into every text that the description
of the API knows, so that what is found names the field that it came by.
"""

import base64
import signal
import zipfile
from collections import defaultdict
from io import BytesIO

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from redis import Redis

from backend.embedded.mongod import Mongod
from backend.identity_documents import mask_name
from deploy.stack import QUEUES, Stack, answers
from tests.support.canary import Search, forms
from tests.support.canary_story import Story
from tests.support.canary_walk import Walk, role_for
from tests.support.patience import until
from tests.support.wire import Wire

pytestmark = [pytest.mark.processes, pytest.mark.soak]
SANDBOX = ["--retry-scale", "0.01", "--refund-delay", "0.05"]
READABLE = ["--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none"]
READABLE += ["--wiredTigerIndexPrefixCompression", "false"]
OUTSIDE = {
    "wechat": "what WeChat knows is its own",
    "registers": "what the registers know is their own",
    "bank": "what the bank knows is its own",
    "card_centre": "what the card centre knows is its own",
    "sms": "what the SMS service knows is its own",
    "logs/sandbox.log": "WeChat's log",
    "logs/registers.log": "the registers' log",
    "logs/bank.log": "the bank's log",
    "logs/card_centre.log": "the card centre's log",
    "logs/sms.log": "the SMS service's log",
}
"""The stack runs simulators of outside systems in the same folder."""
MAY_LIE = {
    ("secrets.env", "key"): "the file of the keys, readable by its owner only; production hands them in otherwise",
    ("redis/appendonly.aof", "token of the county at WeChat"): "shared by all processes for its two hours",
}
CORRELATION = "header X-Request-Id"
"""What a caller sends to find its request again is kept in logs and histories on purpose: letters and digits only."""
PUBLIC = {
    ("POST /office/v1/places/{place_id}/notices", "body text"): "published to everybody (decision 0010)",
    ("POST /office/v1/slots/{slot_id}/close", "body reason"): "published to the visitors (decision 0010)",
    ("POST /office/v1/closings", "body reason"): "published to the visitors (decision 0010)",
    ("PUT /office/v1/places/{place_id}/prices", "body code"): "what plans and tickets call a ticket type",
    ("PUT /office/v1/places/{place_id}/prices", "body name_zh"): "published with the price of a ticket",
    ("PUT /office/v1/places/{place_id}/prices", "body concession"): "the name of a published concession",
    ("PUT /office/v1/places/{place_id}/prices", "body document_to_inspect"): "published with the price of a ticket",
    ("PUT /office/v1/places/{place_id}/zones", "body zones.0.code"): "what gates and tickets call a zone",
    ("PUT /office/v1/places/{place_id}/zones", "body zones.0.name_zh"): "on the sign of a zone",
    ("POST /office/v1/places/{place_id}/crowd/limits", "body source"): "the title of the document that sets a limit",
    ("POST /gate/v1/crowd-readings", "body readings.0.channel"): "what a sensor calls one of its lines of sight",
    ("POST /gate/v1/crowd-readings", "body readings.0.boot"): "what a sensor calls its last start",
    ("PUT /office/v1/message-templates/{name}", "body template_id"): "the number of a template at WeChat",
    ("PUT /office/v1/message-templates/{name}", "body page"): "a page of the mini-program",
    ("PUT /office/v1/message-templates/{name}", "body fields.thing1"): "the same words for everybody",
    ("PUT /office/v1/message-templates/{name}", "body fields.time2"): "the same words for everybody",
    ("PUT /office/v1/sms-templates/{name}", "body parameters.0"): "the same words for everybody",
    ("POST /office/v1/devices", "body id"): "printed on a gate",
    ("POST /office/v1/devices", "body name"): "printed on a gate",
    ("POST /office/v1/health/devices", "body id"): "printed on a measuring device",
    ("POST /office/v1/health/devices", "body name"): "printed on a measuring device",
    ("POST /office/v1/health/devices", "body maker"): "printed on a measuring device",
    ("POST /office/v1/health/devices", "body model"): "printed on a measuring device",
    ("POST /office/v1/health/devices", "body calibration.certificate"): "the number of a certificate",
    ("POST /gate/v1/health/sessions/{session_id}/readings", "body readings.0.key"): "what a kiosk calls a reading",
    **{
        ("POST /gate/v1/health/sessions/{session_id}/readings", f"body readings.0.values.{name}.unit"): (
            "the unit that a kiosk names; a reading in an unknown one is kept for a person"
        )
        for name in ("systolic", "diastolic")
    },
    ("POST /gate/v1/journal", "body entries.0.code_kind"): "how the software of a scanner calls a kind of code",
    ("POST /office/v1/offline-limits", "body source"): "the title of the document that sets the figures",
    ("POST /office/v1/bus-lines/{line_id}/fares", "body source"): "the title of the document that sets a fare",
    ("POST /office/v1/ledger/merchants", "body code"): "the code of a shop, in the name of its account",
    ("POST /office/v1/ledger/merchants", "body name"): "on the sign of a shop, shown to whoever pays there",
    ("POST /office/v1/rule-parameters", "body code"): "what published rules call a figure",
    ("POST /office/v1/rule-parameters", "body zh"): "the same in the sentences that residents read",
    ("POST /office/v1/staff", "body login"): "the login of an account, which its unique index needs",
    ("PUT /office/v1/organisations/{organisation_id}", "body name"): "the name on a licence, in a public register",
    ("PUT /office/v1/products/{product_id}", "body name_zh"): "the name of a product, on every package",
    ("POST /office/v1/school/schools", "body id"): "the code of a school, in the public list of schools",
    ("PUT /office/v1/products/{product_id}/ceiling", "body source"): "the title of the document that sets a ceiling",
    ("PUT /office/v1/products/{product_id}/seasons", "body source"): "the title of the document that tells seasons",
    ("PUT /office/v1/standards/{standard_id}", "body number"): "the number of a published standard",
    ("PUT /office/v1/standards/{standard_id}", "body title_zh"): "its title",
    ("PUT /office/v1/standards/{standard_id}", "body note_zh"): "published beside a standard",
    ("PUT /office/v1/standards/{standard_id}/table", "body source"): "the title of the document that sets a table",
    ("PUT /office/v1/standards/{standard_id}/table", "body rows.0.item_zh"): "a row of a published standard",
    ("POST /enterprise/v1/selenium/trade-items", "body name_zh"): "printed on a package",
    ("POST /mini/v1/selenium/trade-items", "body name_zh"): "printed on a package",
}
ITEM = ("code", "zh", "intro_zh", "law", "source")
STEP = ("code", "zh", "unit", "outcomes.0.code", "outcomes.0.zh")
PUBLIC |= {
    ("POST /office/v1/service-items", f"body {name}"): "a service item is published to everybody, with its steps"
    for name in (*ITEM, *(f"steps.0.{name}" for name in STEP))
}
EVENT = ("action", "bizStep", "disposition", "epcList.0", "eventID", "eventTime", "eventTimeZoneOffset", "readPoint.id")
PUBLIC |= {
    ("POST /epcis/capture", f"body epcisBody.eventList.0.{name}"): "quoted to who captured it, in the errors of the job"
    for name in EVENT
}
"""An event tells of goods, in words of a standard; what is wrong with one is kept with its job."""
ECHOED = {
    "body: a field that is not known": "the name of a field that the sender made up",
    "query that is not known": "the same in a query",
    "body: as a form": "the same in a form",
    CORRELATION: "so that the caller finds the request again",
    "body assignments.0.unit": "the code of a unit that does not exist",
    "body parent": "the code of a unit that does not exist",
    "body unit": "the code of a unit that does not exist",
    "body steps.0.role": "the code of a role that handles no matters",
    "body steps.0.outcomes.0.to": "the code of a step that the matter does not have",
    "body levels.0.role": "the code of a role that handles no matters",
}
"""What an error may repeat, to nobody but who sent it."""
QUOTED = {("POST /epcis/events", f"body {name}") for name in EVENT} | {("POST /epcis/capture", "body creationDate")}
"""What the reason of a refusal by EPCIS names, as its standard asks."""
SHUT = {
    "GET /open/v1/wechat/push": "the walk has no key of WeChat",
    "POST /open/v1/wechat/push": "the walk has no key of WeChat",
    "POST /open/v1/wechat/pay/notice": "the walk has no key of WeChat",
    "POST /open/v1/sms/receipts": "the walk has no key of the SMS service",
    "POST /mini/v1/card/unfreeze": "the walk has reported the card lost, which only a counter lifts",
    "POST /mini/v1/logout": "another way out came first",
    "POST /mini/v1/logout-everywhere": "another way out came first",
    "POST /office/v1/logout": "another way out came first",
    "DELETE /office/v1/sessions": "another way out came first",
}
"""Operations whose every call of the walk may be refused before its fields are read."""
PLANTED = {
    "planted in the store": "planted-in-the-store",
    "planted and deleted": "planted-and-deleted",
    "planted in Redis": "planted-in-redis",
    "planted in a log": "planted-in-a-log",
}


class Bare(Stack):
    """A stack whose store is not compressed, and whose way to WeChat is watched."""

    def start_mongod(self) -> None:
        self.mongod = Mongod(self.folder / "mongod", self._fixed_port("mongodb"), options=READABLE).start()
        self.mongod.initiate()
        self.env["MONGODB_URI"] = self.mongod.uri("city")
        self.env["AUDIT_HEADS_FILE"] = str(self.folder / "audit-heads.jsonl")

    def start_sandbox(self) -> None:
        super().start_sandbox()
        self.wechat_base = self.env["WECHAT_API_BASE"]
        self.wire = Wire(self.wechat_base)
        self.env["WECHAT_API_BASE"] = self.wire.base

    @property
    def store(self):
        return MongoClient(self.env["MONGODB_URI"]).get_default_database()


def nobody_sleeps(stack: Bare) -> None:
    """Let messages go at any hour: the story is told by the machine's clock."""
    hours = {"_id": {"$in": ["quiet_hours_from", "quiet_hours_to"]}}
    stack.store.rule_parameters.update_many(hours, {"$set": {"values.0.value": "00:00"}})


class Aftermath:
    """What is left when all is over: `found` names where, and what."""

    def __init__(self, stack: Bare, story: Story):
        self.story, self.search = story, Search(story.secret | PLANTED | keys(stack))
        self.strangers = story.stranger()
        self.walk = walked(story)
        self.metrics = story.client.get("/metrics").data.decode()
        plant(stack)
        self.found = documents(stack, self.search)

    def look(self, folder) -> "Aftermath":
        """Search the files, when nobody writes them any more."""
        self.found |= self.search.files(folder, OUTSIDE)
        return self

    def errors(self) -> list:
        return [(told, answer) for told, answer in self.story.client.answers if answer.status_code >= 400]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory):
    """Tell the story, let parts fail, walk all routes, stop everything."""
    folder = tmp_path_factory.mktemp("canary")
    stack = Bare(folder, worker_processes=1, api_workers=1, sandbox_options=SANDBOX, env={"LIMIT_FACTOR": "1000"})
    try:
        stack.start()
        accounts = stack.python("demo-accounts", ["-m", "seed", "demo-accounts", stack.base, str(folder)])
        assert accounts.popen.wait(120) == 0
        nobody_sleeps(stack)
        story = Story(stack, stack.wire)
        story.tell()
        failures(stack, story)
        seen = Aftermath(stack, story)
    finally:
        stack.stop()
        if hasattr(stack, "wire"):
            stack.wire.stop()
    return seen.look(folder)


def keys(stack: Stack) -> dict[str, str]:
    """Return what the processes hold: the keys of the folder, and the county's token at WeChat."""
    names = ("FIELD_KEYS", "BLIND_INDEX_KEY", "TICKET_KEYS", "AUDIT_KEYS", "CODE_KEYS")
    names += ("PRODUCT_CODE_KEYS", "CERTIFICATE_KEYS")
    told = {f"key {name}": stack.env[name].rpartition(":")[2] for name in names}
    (token,) = [Redis.from_url(stack.env["REDIS_URL"]).get(key) for key in wechat_keys(stack)]
    return told | {"token of the county at WeChat": token.decode()}


def wechat_keys(stack: Stack) -> list[bytes]:
    return list(Redis.from_url(stack.env["REDIS_URL"]).scan_iter("wechat:token:*"))


def failures(stack: Bare, story: Story) -> None:
    """Let one part after the other fail while secrets are under way."""
    stack.redis.child.kill(signal.SIGKILL)
    stack.redis.child.popen.wait(10)
    story.again("without Redis")
    stack.redis.start()
    worker = stack.children["worker-slow"]
    worker.kill(signal.SIGKILL)
    worker.popen.wait(10)
    story.box.fault("busy", path="/", count=20)
    story.registers.call("/faults", {"name": "broken", "rate": 1})
    story.again("without a worker, and WeChat and the registers out of order")
    stack.start_worker("worker-slow", QUEUES["worker-slow"])
    story.box.clear()
    story.registers.clear()
    stack.mongod.child.kill(signal.SIGKILL)
    stack.mongod.child.popen.wait(10)
    story.again("without the store")
    stack.mongod.start()
    until(lambda: answers(f"{stack.base}/health/ready"), seconds=60, what="readiness")


def walked(story: Story) -> Walk:
    def token_for(access: dict) -> str:
        if access.get("actor") in {"resident", "member"}:
            return story.phone.token
        return story.role(role_for(access)).token if access.get("actor") in {"staff", "party", "caller"} else ""

    walk = Walk(story.spec, story.known, token_for, story.sign)
    walk.run(story.client)
    return walk


def plant(stack: Bare) -> None:
    """Leave secrets in the clear on purpose, so that the search is known to see."""
    stack.store.canary.insert_one({"_id": 1, "text": PLANTED["planted in the store"]})
    stack.store.canary.insert_one({"_id": 2, "text": PLANTED["planted and deleted"]})
    stack.store.canary.delete_one({"_id": 2})
    Redis.from_url(stack.env["REDIS_URL"]).set("canary", PLANTED["planted in Redis"])
    with (stack.folder / "logs" / "worker-fast.log").open("a") as log:
        log.write(f"Basic {base64.b64encode(PLANTED['planted in a log'].encode()).decode()}\n")


def documents(stack: Stack, search: Search) -> dict[str, set[str]]:
    """Return what a reader of the store finds in each collection, the oplog among them."""
    client = MongoClient(stack.env["MONGODB_URI"], document_class=RawBSONDocument)
    found = {}
    for database in client.list_database_names():
        for name in client[database].list_collection_names():
            raw = b"".join(bytes(one.raw) for one in client[database][name].find())
            if hits := search.hits(raw):
                found[f"{database}.{name}"] = hits
    return found


def test_the_story_enters_more_than_twenty_secrets_and_the_walk_every_text(aftermath):
    assert len(set(aftermath.story.secret.values())) >= 20
    assert all(len(one) >= 4 for one in aftermath.story.secret.values())
    assert len(aftermath.walk.marks) > 2000
    statuses = defaultdict(set)
    for told, answer in aftermath.story.client.answers:
        if told in aftermath.walk.marks:
            operation, where = aftermath.walk.marks[told]
            if where not in {"header Authorization", "method"}:
                statuses[operation].add(answer.status_code)
    shut = {name for name, seen in statuses.items() if seen <= {401, 403}}
    assert shut <= set(SHUT), shut


def test_no_secret_lies_anywhere_in_a_readable_form(aftermath):
    hits = {(place, hit) for place, found in aftermath.found.items() for hit in found if not hit.startswith("mark ")}
    wrong = {
        (place, hit)
        for place, hit in hits
        if not hit.startswith("planted") and not any(place == at and hit.startswith(what) for at, what in MAY_LIE)
    }
    assert wrong == set()


def test_of_the_walk_nothing_lies_about_but_what_is_public(aftermath):
    hits = {hit for found in aftermath.found.values() for hit in found if hit.startswith("mark ")}
    assert [hit for hit in hits if not hit[5:].isdigit()] == []
    fields = {aftermath.walk.marks[f"kanary{hit[5:]}x"] for hit in hits}
    found = {one for one in fields if one[1] != CORRELATION}
    assert (found - set(PUBLIC), set(PUBLIC) - found) == (set(), set())


def test_what_is_planted_is_found(aftermath):
    """The control: the same search sees what lies in the clear, also what was deleted, and in another form."""
    found = {
        name: {place for place, hits in aftermath.found.items() if any(h.startswith(name) for h in hits)}
        for name in PLANTED
    }
    assert "city.canary" in found["planted in the store"]
    assert "local.oplog.rs" in found["planted and deleted"]
    for name in ("planted in the store", "planted and deleted"):
        assert any(place.startswith("mongod/data/journal/") for place in found[name])
        assert any(place.startswith("mongod/data/collection-") for place in found[name])
    assert found["planted in Redis"] == {"redis/appendonly.aof"}
    assert found["planted in a log"] == {"logs/worker-fast.log"}


@pytest.mark.parametrize("text", ["欧阳鹧鸪", "360731198706120014", "Canary-9ff3086c48f0-Aa1", "18873573768"])
def test_every_form_of_a_secret_is_seen_between_other_bytes(text):
    search = Search({"it": text})
    for name, form in forms(text).items():
        assert f"it ({name})" in search.hits(b"\x00" * 200 + b" " + form + b"\xff" * 9), name
    inside = base64.b64encode(f'{{"name":"{text}","x":1}}'.encode())
    assert any("base64" in hit for hit in search.hits(inside))
    assert search.hits(b"something else") == set()


def test_errors_repeat_nothing_but_the_names_of_fields(aftermath):
    wrong = []
    for told, answer in aftermath.errors():
        for hit in aftermath.search.hits(answer.data):
            operation, where = aftermath.walk.marks.get(f"kanary{hit[5:]}x", (told, hit))
            if where not in ECHOED and (operation, where) not in QUOTED:
                wrong.append(f"{operation}: {where}")
    assert wrong == [], wrong


def test_no_answer_is_an_error_of_the_service(aftermath):
    """But that a part is away, or a system outside."""
    ours = [told for told, answer in aftermath.errors() if answer.status_code not in {502, 503, *range(500)}]
    assert [aftermath.walk.marks.get(told, told) for told in ours] == []


def test_another_resident_sees_none_of_it(aftermath):
    assert [answer.status_code for answer in aftermath.strangers].count(200) > 8
    assert [hit for answer in aftermath.strangers for hit in aftermath.search.hits(answer.data)] == []


def test_an_export_of_the_staff_holds_none_of_it(aftermath):
    with zipfile.ZipFile(BytesIO(aftermath.story.export.data)) as book:
        cells = b"".join(book.read(name) for name in book.namelist())
    assert mask_name(aftermath.story.secret["name"]) in cells.decode()
    assert aftermath.search.hits(cells) == set()


def test_the_figures_hold_none_of_it(aftermath):
    assert "http_request_seconds" in aftermath.metrics
    assert aftermath.search.hits(aftermath.metrics.encode()) == set()
