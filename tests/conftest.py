"""Real servers for every worker: one mongod (notablescan), Redis, simulators; each module gets the database empty.

Emptying keeps the indexes, whose making is what costs: two seconds in a new database, a tenth in this one.
"""

import base64
import os

import pytest
from mongoengine.connection import get_connection

from tests.support import timeline, workplace

WORK = workplace.make()
os.environ["CLOCK_SHIFT_FILE"] = str(WORK / "clock-shift")
LEAST_PASSWORD_KIB = 32
"""A hash that costs next to nothing: staff are hired and log in thousands of times. What hashing costs is tested."""

timeline.shift(0)

from hypothesis import settings as hypothesis_settings  # noqa: E402

from backend import clock, outbox, runtime  # noqa: E402
from backend.embedded.mongod import Mongod  # noqa: E402
from backend.embedded.process import free_port  # noqa: E402
from backend.embedded.redis_server import RedisServer  # noqa: E402
from backend.http import limits  # noqa: E402
from backend.keys import data_key  # noqa: E402
from backend.keys.service import EnvironmentKeys  # noqa: E402
from backend.settings import load  # noqa: E402
from backend.store import connection  # noqa: E402
from models import upgrades  # noqa: E402
from tests.support import answers, county, seals, upgraded  # noqa: E402
from tests.support.bank import BankBox  # noqa: E402
from tests.support.card_centre import CardCentreBox  # noqa: E402
from tests.support.door import Door  # noqa: E402
from tests.support.gate import shift_to  # noqa: E402
from tests.support.phone import Phone  # noqa: E402
from tests.support.registers import RegistersBox  # noqa: E402
from tests.support.sandbox import Sandbox  # noqa: E402
from tests.support.sms import SmsBox  # noqa: E402

hypothesis_settings.register_profile("calm", deadline=None, derandomize=True)
hypothesis_settings.load_profile("calm")

pytest_plugins = ["tests.support.browser_runs", "tests.support.order"]


def pytest_sessionfinish(exitstatus):
    """Leave the servers' logs behind only when something failed."""
    workplace.leave(WORK, failed=exitstatus != 0)


NO_SCANS = ["--setParameter", "notablescan=true"]
STILL = [*NO_SCANS, "--setParameter", "ttlMonitorEnabled=false"]
"""Nothing expires by itself: the store's own clock is not that of the tests."""


@pytest.fixture(scope="session")
def mongod():
    server = Mongod(WORK / "mongod", free_port(), options=STILL).start()
    server.initiate()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server():
    server = RedisServer(WORK / "redis", free_port()).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sandbox():
    box = Sandbox(WORK / "wechat").start()
    yield box
    box.stop()


@pytest.fixture(scope="session")
def registers_box():
    """The simulator of the base registers; it keeps its people over tests, faults end with the test that set them."""
    box = RegistersBox(WORK / "registers").start()
    yield box
    box.stop()


@pytest.fixture(scope="session")
def bank_box():
    """The simulator of the paying bank; it keeps its files over tests, a test that sets faults clears them."""
    box = BankBox(WORK / "bank").start()
    yield box
    box.stop()


@pytest.fixture(scope="session")
def card_centre_box():
    """The simulator of the card centre; it keeps its cards over tests."""
    box = CardCentreBox(WORK / "card-centre").start()
    yield box
    box.stop()


@pytest.fixture(scope="session")
def sms_box():
    """The simulator of the SMS service; a test that uses it starts from `sms_box.forget()`."""
    box = SmsBox(WORK / "sms").start()
    yield box
    box.stop()


def key(byte: int) -> str:
    return base64.b64encode(bytes((byte + n) % 256 for n in range(32))).decode()


@pytest.fixture(scope="session")
def environment(mongod, redis_server, sandbox, registers_box, card_centre_box, bank_box, sms_box):
    return {
        "ENVIRONMENT": "development",
        "PASSWORD_KIB": str(LEAST_PASSWORD_KIB),
        "REDIS_URL": redis_server.url(),
        "FIELD_KEYS": f"1:{key(1)}",
        "BLIND_INDEX_KEY": key(2),
        "TICKET_KEYS": f"1:{key(3)}",
        "AUDIT_KEYS": f"1:{key(4)}",
        "CERTIFICATE_KEYS": f"1:{key(61)}",
        "CODE_KEYS": f"1:{key(5)}",
        "PRODUCT_CODE_KEYS": f"1:{key(6)}",
        "WECHAT_MODE": "sandbox",
        "WECHAT_API_BASE": sandbox.base,
        "WECHATPAY_API_BASE": sandbox.base,
        "WECHAT_CREDENTIALS": str(sandbox.folder / "credentials.json"),
        "CLOCK_SHIFT_FILE": os.environ["CLOCK_SHIFT_FILE"],
        "REGISTERS_BASE": registers_box.base,
        "REGISTERS_CREDENTIALS": registers_box.credentials,
        "CARD_CENTRE_BASE": card_centre_box.base,
        "CARD_CENTRE_CREDENTIALS": card_centre_box.credentials,
        "BANK_BASE": bank_box.base,
        "BANK_CREDENTIALS": bank_box.credentials,
        "SMS_BASE": sms_box.base,
        "SMS_CREDENTIALS": sms_box.credentials,
    }


@pytest.fixture(scope="module")
def public_port():
    """Where the sandbox reaches the app of a test that has a `door`."""
    return free_port()


@pytest.fixture(scope="module")
def module_settings(environment, mongod, public_port):
    base = f"http://127.0.0.1:{public_port}"
    return load({**environment, "MONGODB_URI": mongod.uri("tests"), "PUBLIC_BASE_URL": base})


@pytest.fixture(scope="session")
def first_data_key(environment):
    """One data key for all databases: some tests carry documents from one to the next."""
    service = EnvironmentKeys({1: base64.b64decode(environment["FIELD_KEYS"].partition(":")[2])})
    return data_key.record(1, "aes-256-gcm", service, clock.now())


@pytest.fixture(scope="module")
def parts(module_settings, first_data_key):
    import wsgi  # noqa: F401, PLC0415 - registers every document before the indexes are built

    connection.connect(module_settings.mongodb_uri)
    if upgraded.put_back():
        return runtime.compose(module_settings)
    county.forget()
    data_key.DataKey._get_collection().insert_one(first_data_key)
    built = runtime.compose(module_settings)
    upgrades.upgrade()
    upgraded.keep()
    return built


@pytest.fixture
def store(parts, request):
    """A database whose collections are empty; dropping them would cost the indexes."""
    parts.redis.flushdb()
    if "seeded" not in request.fixturenames:  # which restores the county's data itself, at a tenth of the time
        county.clear()
    outbox.set_waker(lambda _queue: None)
    yield parts
    assert seals.wrong() == [], "what lies in the store is not as it is declared"


@pytest.fixture
def brief_transactions(store):
    """What a killed process left open blocks its documents for a minute; here, for a second or two."""
    admin = get_connection().admin
    admin.command("setParameter", 1, transactionLifetimeLimitSeconds=1)
    yield
    admin.command("setParameter", 1, transactionLifetimeLimitSeconds=60)


@pytest.fixture
def seeded(store):
    """The county's data, with the demonstration's visiting data."""
    county.put()
    return store


@pytest.fixture(scope="session")
def whole_app(environment, mongod):
    """All surfaces, built once a worker: they keep nothing of a store, the runtime of the moment is what they ask."""
    import wsgi  # noqa: PLC0415 - as above

    told = load({**environment, "MONGODB_URI": mongod.uri("tests")})
    return answers.watch(wsgi.create_app(told, wsgi.SURFACES, wsgi.AUTHENTICATORS, title="tests", links=wsgi.LINKS))


@pytest.fixture(scope="module")
def app(whole_app, module_settings, parts):
    limits.multiply(module_settings.limit_factor)
    return whole_app


@pytest.fixture
def client(app, store):
    return app.test_client()


@pytest.fixture
def door(app, store, public_port, sandbox):
    """The app on a real port, so that WeChat's notices and pushes come in by themselves."""
    front = Door(app, public_port, sandbox)
    yield front
    front.close()


@pytest.fixture
def shift_clock():
    """Move the clock of all processes by seconds."""
    with timeline.kept():
        yield timeline.shift


@pytest.fixture
def travel(shift_clock):
    """Move the clock of all processes to a civil day and time, from where it runs on."""
    return lambda day, clock_time="10:00": shift_clock(shift_to(day, clock_time))


@pytest.fixture
def phone(client, seeded, sandbox):
    """A phone with the mini-program: a user of the sandbox, logged in, with consents and a bound person."""
    return Phone(client, sandbox).ready()
