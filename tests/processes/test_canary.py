"""Canaries: secrets pushed through every endpoint and failure, then looked for in all that lies about."""

import json
import re
import signal

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from redis import Redis

from backend.embedded.mongod import Mongod
from deploy.stack import QUEUES, Stack, answers
from tests.support.canary import Search
from tests.support.canary_story import Story
from tests.support.canary_walk import Walk, role_for
from tests.support.patience import until
from tests.support.wire import Wire

pytestmark = pytest.mark.processes
SANDBOX = ["--retry-scale", "0.01", "--refund-delay", "0.05"]
READABLE = ["--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none"]
READABLE += ["--wiredTigerIndexPrefixCompression", "false"]
OUTSIDE = {
    "wechat": "WeChat's own files",
    "registers": "the registers' own files",
    "logs/sandbox.log": "WeChat's own log",
    "logs/registers.log": "the registers' own log",
}
"""The stack runs simulators of outside systems in the same folder; what they know is theirs."""


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


class Aftermath:
    """What is left when all is over, and the search for it."""

    def __init__(self, story: Story, walk: Walk, folder, sent: int):
        self.story, self.walk, self.folder, self.sent = story, walk, folder, sent
        self.search = Search(story.secret)
        self.files = self.search.files(folder, OUTSIDE)


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory):
    """Tell the story, let parts fail, walk all routes, stop everything."""
    folder = tmp_path_factory.mktemp("canary")
    stack = Bare(folder, worker_processes=1, api_workers=1, sandbox_options=SANDBOX, env={"LIMIT_FACTOR": "1000"})
    try:
        stack.start()
        accounts = stack.python("demo-accounts", ["-m", "seed", "demo-accounts", stack.base, str(folder)])
        assert accounts.popen.wait(120) == 0
        story = Story(stack, stack.wire)
        story.tell()
        failures(stack, story)
        walk, sent = walked(stack, story)
        plant(stack)
        story.documents = documents(stack, Search(story.secret))
    finally:
        stack.stop()
        if hasattr(stack, "wire"):
            stack.wire.stop()
    return Aftermath(story, walk, folder, sent)


def failures(stack: Stack, story: Story) -> None:
    """Let one part after the other fail while secrets are under way."""
    ready = f"{stack.base}/health/ready"
    stack.redis.child.kill(signal.SIGKILL)
    stack.redis.child.popen.wait(10)
    story.again("without Redis")
    stack.redis.start()
    worker = stack.children["worker-slow"]
    worker.kill(signal.SIGKILL)
    worker.popen.wait(10)
    for fault in ("busy", "http_500"):
        story.box.fault(fault, path="/", count=20)
    story.registers.call("/faults", {"name": "broken", "rate": 1})
    story.again("without a worker, and WeChat and the registers out of order")
    stack.start_worker("worker-slow", QUEUES["worker-slow"])
    story.box.clear()
    story.registers.clear()
    stack.mongod.child.kill(signal.SIGKILL)
    stack.mongod.child.popen.wait(10)
    story.again("without the store")
    stack.mongod.start()
    until(lambda: answers(ready), seconds=60, what="readiness")


def walked(stack: Stack, story: Story) -> tuple[Walk, int]:
    spec = story.client.get("/openapi.json").json

    def token_for(access: dict) -> str:
        if access.get("actor") == "resident":
            return story.phone.token
        return story.role(role_for(access)).token if access.get("actor") == "staff" else ""

    walk = Walk(spec, story.known, token_for)
    sent = walk.run(story.client)
    assert story.client.get("/metrics").status_code == 200
    return walk, sent


PLANTED = ("planted in the store", "planted in a log", "planted in Redis", "planted and deleted")


def plant(stack: Stack) -> None:
    """Leave secrets in the clear on purpose, so that the search is known to see."""
    stack.store.canary.insert_one({"_id": 1, "text": "name: 欧阳锋利 planted-in-the-store"})
    stack.store.canary.insert_one({"_id": 2, "text": "planted-and-deleted"})
    stack.store.canary.delete_one({"_id": 2})
    Redis.from_url(stack.env["REDIS_URL"]).set("canary", "planted-in-redis")
    with (stack.folder / "logs" / "worker-fast.log").open("a") as log:
        log.write("cGxhbnRlZC1pbi1hLWxvZw==\n")


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


def test_show(aftermath):
    print("sent", aftermath.sent, len(aftermath.story.client.answers))
    from collections import Counter

    print(Counter(a.status_code for _, a in aftermath.story.client.answers))
    for name, hits in aftermath.files.items():
        print(name, [(h, aftermath.walk.marks.get("kanary" + h[5:10] + "x")) for h in sorted(hits)])
    print("DOC")
    for name, hits in aftermath.story.documents.items():
        print(name, [(h, aftermath.walk.marks.get("kanary" + h[5:10] + "x")) for h in sorted(hits)])
    print("ERR")
    for told, answer in aftermath.story.client.answers:
        if answer.status_code >= 400 and (h := aftermath.search.hits(answer.data)):
            print(told, aftermath.walk.marks.get(told), answer.status_code, h, answer.data[:300])
    for told, answer in aftermath.story.client.answers:
        if answer.status_code >= 500:
            print(told, aftermath.walk.marks.get(told), answer.status_code, answer.data[:300])
    print("secrets", {k: v for k, v in aftermath.story.secret.items()})
