"""A process that may not run says why in one sentence, shows no secret, and ends with an error. Real entry points."""

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from backend.embedded.mongod import binary
from backend.embedded.process import Child, free_port, is_taken
from backend.store import connection
from models import upgrades
from tests.architecture.house import ROOT
from tests.support.patience import until

pytestmark = [pytest.mark.processes, pytest.mark.soak]
API = ["-c", "import wsgi; wsgi.app"]
GRANIAN = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "1", "wsgi:app"]
WORKER = ["-m", "celery", "-A", "tasks.app", "worker", "-Q", "notify", "-c", "1", "-l", "warning", "--without-mingle"]


def key(length: int = 32) -> str:
    return base64.b64encode(secrets.token_bytes(length)).decode()


REPEATING = base64.b64encode(b"ab" * 16).decode()
ZEROS = base64.b64encode(bytes(32)).decode()


@pytest.fixture(scope="module")
def upgraded(still):
    """The URI of a store that this release may serve."""
    uri = still.uri("refusals")
    connection.connect(uri, patient=True)
    upgrades.upgrade()
    return uri


@pytest.fixture(scope="module")
def credentials(sandbox, tmp_path_factory):
    """WeChat's keys as a real deployment has them: its own, in a file of its own."""
    told = json.loads((sandbox.folder / "credentials.json").read_text())
    path = tmp_path_factory.mktemp("wechat") / "credentials.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({**told, "sandbox": False}))
    return path


@pytest.fixture(scope="module")
def good(upgraded, redis_server, credentials):
    """An environment in which a process in production starts."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ENVIRONMENT": "production",
        "MONGODB_URI": upgraded,
        "REDIS_URL": redis_server.url(),
        "FIELD_KEYS": f"1:{key()}",
        "BLIND_INDEX_KEY": key(),
        "TICKET_KEYS": f"1:{key()}",
        "AUDIT_KEYS": f"1:{key()}",
        "CODE_KEYS": f"1:{key()}",
        "PRODUCT_CODE_KEYS": f"1:{key()}",
        "PUBLIC_BASE_URL": "https://city.example",
        "WECHAT_CREDENTIALS": str(credentials),
    }


def run(env, command=API, **changes) -> subprocess.CompletedProcess:
    whole = {**env, **changes}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=whole, capture_output=True, text=True, timeout=60, check=False
    )


def secrets_of(env) -> list[str]:
    found = [value.partition(":")[2] or value for name, value in env.items() if name.endswith(("_KEY", "_KEYS"))]
    told = json.loads(Path(env["WECHAT_CREDENTIALS"]).read_text())
    return [*found, told["apiv3_key"], *told["merchant_private_key"].splitlines()[1:3]]


def refusal(env, command=API, **changes) -> str:
    """Run what must not start; return the sentence that it ends with."""
    done = run(env, command, **changes)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert [one for one in secrets_of({**env, **changes}) if len(one) > 8 and one in said] == []
    return said


def test_with_good_settings_a_process_starts(good):
    done = run(good)
    assert done.returncode == 0, done.stderr


CASES = [
    ("debug", {"DEBUG": "1"}, "DEBUG is on"),
    ("zero key", {"FIELD_KEYS": f"1:{ZEROS}"}, "a key "),
    ("repeating field key", {"FIELD_KEYS": f"1:{REPEATING}"}, "a key "),
    ("repeating ticket key", {"TICKET_KEYS": f"1:{REPEATING}"}, "a key "),
    ("repeating index key", {"BLIND_INDEX_KEY": REPEATING}, "a key "),
    ("short field key", {"FIELD_KEYS": f"1:{key(16)}"}, "FIELD_KEYS holds a key that is not 32 bytes"),
    ("short ticket key", {"TICKET_KEYS": f"1:{key(31)}"}, "TICKET_KEYS holds a key that is not 32 bytes"),
    ("short index key", {"BLIND_INDEX_KEY": key(31)}, "shorter than 32 bytes"),
    ("no field key", {"FIELD_KEYS": ""}, "FIELD_KEYS is not set"),
    ("broker that loses tasks", {"BROKER_URL": "mongodb://127.0.0.1/broker"}, "the MongoDB transport loses tasks"),
    ("http", {"PUBLIC_BASE_URL": "http://city.example"}, "PUBLIC_BASE_URL must be https"),
    ("moved clock", {"CLOCK_SHIFT_FILE": "shift"}, "only test runs may"),
    ("sandbox", {"WECHAT_MODE": "sandbox"}, "WECHAT_MODE must be live"),
]


@pytest.mark.parametrize(("changes", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_production_is_refused_with(good, changes, reason):
    said = refusal(good, **changes)
    assert "cannot start: " in said
    assert reason in said
    assert "Traceback" not in said


WEAK = [
    ("w=1", "w must be majority"),
    ("w=0", "w must be majority"),
    ("readConcernLevel=local", "readConcernLevel must be majority"),
    ("journal=false", "journal must not be off"),
]


@pytest.mark.parametrize(("option", "reason"), WEAK, ids=[case[0] for case in WEAK])
@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_store_that_may_lose_what_it_acknowledged_is_refused(good, option, reason, environment):
    said = refusal(good, MONGODB_URI=f"{good['MONGODB_URI']}&{option}", ENVIRONMENT=environment)
    assert f"MONGODB_URI: {reason}" in said


@pytest.fixture
def standalone(tmp_path):
    port = free_port()
    (tmp_path / "data").mkdir()
    command = [binary(), "--dbpath", str(tmp_path / "data"), "--port", str(port), "--bind_ip", "127.0.0.1"]
    child = Child([*command, "--nounixsocket"], tmp_path / "mongod.log")
    until(lambda: is_taken(port), what="the standalone server")
    yield f"mongodb://127.0.0.1:{port}/city"
    child.stop()


def test_a_store_without_a_replica_set_is_refused(good, standalone):
    assert "The store is refused: it is not a replica set" in refusal(good, MONGODB_URI=standalone)


@pytest.mark.parametrize("name", ["WECHAT_CREDENTIALS", "REGISTERS_CREDENTIALS", "BANK_CREDENTIALS"])
def test_credentials_that_everybody_can_read_are_refused(good, tmp_path, name):
    path = tmp_path / "credentials.json"
    path.write_text(Path(good["WECHAT_CREDENTIALS"]).read_text())
    path.chmod(0o644)
    assert f"{name} can be read by everybody; chmod 600" in refusal(good, **{name: str(path)})


def test_a_key_file_that_everybody_can_read_is_refused(good, tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"current": "a", "keys": {"a": {"kind": "aes-256-gcm", "key": key()}}}))
    path.chmod(0o644)
    assert "KEY_FILE is refused" in refusal(good, KEY_FILE=str(path))


def test_keys_that_are_not_those_of_the_store_are_refused(good):
    assert run(good).returncode == 0  # from here on the store has a data key
    assert "cannot start: " in refusal(good, FIELD_KEYS=f"1:{key()}")


ENTRIES = {"the API": API, "the HTTP server": GRANIAN, "a worker": WORKER}


@pytest.fixture(scope="module")
def development(good, sandbox):
    return good | {
        "ENVIRONMENT": "development",
        "WECHAT_MODE": "sandbox",
        "WECHAT_API_BASE": sandbox.base,
        "WECHATPAY_API_BASE": sandbox.base,
    }


@pytest.mark.parametrize("entry", ENTRIES)
def test_while_a_migration_is_due_nothing_starts(entry, development, still):
    port = ["--port", str(free_port())] if entry == "the HTTP server" else []
    said = refusal(development, [*ENTRIES[entry], *port], MONGODB_URI=still.uri("never_upgraded"))
    assert "cannot start: The store is not ready: migration 1 (baseline)" in said
    assert "pending; run `make upgrade`" in said


def test_what_was_refused_wrote_nothing(good, still, development):
    refusal(development, MONGODB_URI=still.uri("untouched"))
    with connection.MongoClient(still.uri("untouched")) as client:
        assert client.untouched.list_collection_names() == []


@pytest.mark.parametrize("command", [["county"], ["bootstrap", "--login", "wang.min", "--name", "王敏"]])
def test_the_seed_waits_for_the_upgrade_too(development, still, command):
    said = refusal(development, ["-m", "seed", *command], MONGODB_URI=still.uri("never_upgraded"))
    assert "make upgrade" in said


def test_a_worker_with_bad_settings_ends_with_the_reason(good):
    said = refusal(good, WORKER, BROKER_URL="mongodb://127.0.0.1/broker")
    assert "the MongoDB transport loses tasks" in said
