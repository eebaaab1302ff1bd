"""The registers simulator by itself: its protocol, its people, its faults, its restart."""

import base64
import hashlib
import http.client
import json
import secrets
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backend import clock
from backend.credit_code import is_right as credit_code_right
from backend.identity_documents import parse
from seed.simulators.registers.faults import Faults
from tests.architecture.house import imports, sources
from tests.support.registers import RegistersBox

PATH = "/exchange/v1/household/query"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    running = RegistersBox(tmp_path_factory.mktemp("registers")).start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def clean(box):
    box.forget()


def ask(box, question, *, path: str = PATH, key=None, shift: int = 0, nonce: str | None = None):
    """Ask by the published rules, without the product's code; return status, headers and body."""
    told = json.loads((box.folder / "credentials.json").read_text())
    private = key or Ed25519PrivateKey.from_private_bytes(base64.b64decode(told["private_key"]))
    body, nonce = json.dumps(question).encode(), nonce or secrets.token_hex(16)
    at = int(clock.timestamp()) + shift
    text = f"POST\n{path}\n{at}\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n"
    signature = base64.b64encode(private.sign(text.encode())).decode()
    proof = f'CITY-ED25519 key="{told["app_id"]}",timestamp="{at}",nonce="{nonce}",signature="{signature}"'
    connection = http.client.HTTPConnection(urlsplit(box.base).netloc, timeout=10)
    connection.request("POST", path, body, {"Authorization": proof})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def test_an_answer_is_signed_over_its_own_question(box):
    made, nonce = box.person(), secrets.token_hex(16)
    status, headers, body = ask(box, {"number": made["number"]}, nonce=nonce)
    assert (status, json.loads(body)["record"]["name"]) == (200, made["name"])
    proof = dict(part.split("=", 1) for part in headers["Exchange-Signature"].removeprefix("CITY-ED25519 ").split(","))
    proof = {name: value.strip('"') for name, value in proof.items()}
    assert proof["nonce"] == nonce
    told = json.loads((box.folder / "credentials.json").read_text())
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told["platform_keys"][proof["key"]]))
    text = f"200\n{PATH}\n{proof['timestamp']}\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n"
    key.verify(base64.b64decode(proof["signature"]), text.encode())


def test_a_request_that_is_not_signed_rightly_is_refused(box):
    made = box.person()
    question = {"number": made["number"]}
    assert ask(box, question, key=Ed25519PrivateKey.generate())[0] == 401
    assert ask(box, question, shift=-400)[0] == 401
    nonce = secrets.token_hex(16)
    assert [ask(box, question, nonce=nonce)[0] for _ in range(2)] == [200, 401]
    assert ask(box, question, path="/exchange/v1/marriage/query")[0] == 400


def test_the_same_seed_gives_the_same_families(box):
    first = box.family(5, seed=7)
    box.forget()
    assert box.family(5, seed=7) == first
    assert box.family(5, seed=8) != first
    told = box.lookup(first[0]["number"])
    assert [one["relation"] for one in told["household"]["members"]] == [
        "head",
        "spouse",
        "child",
        "child",
        "grandchild",
    ]
    assert told["property"][0]["owners"][0]["number"] == first[0]["number"]


def test_made_up_numbers_and_credit_codes_have_right_check_characters(box):
    for seed in range(20):
        made = box.person(seed=seed, **{"with": ["business"]})
        assert parse("resident_id", made["number"]).birth_date.isoformat() == made["birth"]
        code = box.lookup(made["number"])["business"][0]["credit_code"]
        assert credit_code_right(code)
        wrong = "0" if code[-1] != "0" else "1"
        assert not credit_code_right(code[:-1] + wrong)
    assert credit_code_right("91350100M000100Y43"), "the example of GB 32100"


def test_its_people_and_keys_outlive_a_restart_and_its_faults_do_not(tmp_path):
    box = RegistersBox(tmp_path / "box").start()
    made = box.person()
    box.fault("missing")
    keys = (tmp_path / "box" / "credentials.json").read_text()
    box.stop()
    box.start()
    try:
        assert (tmp_path / "box" / "credentials.json").read_text() == keys
        assert ask(box, {"number": made["number"]})[0] == 200
    finally:
        box.stop()


def test_credentials_are_for_their_owner_only_and_say_whose_they_are(box):
    path = box.folder / "credentials.json"
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["simulator"] is True


@pytest.mark.parametrize(
    "told", [{"name": "flood"}, {"name": "slow", "seconds": "x"}, {"name": "slow", "who": "x"}, {}]
)
def test_a_fault_that_is_none_is_refused(box, told):
    assert box.call("/faults", told)["status"] == 400


def test_a_fault_strikes_only_the_register_and_person_that_it_names(box):
    one, other = box.person(), box.person()
    box.fault("missing", register="household", number=one["number"])
    assert ask(box, {"number": one["number"]})[0] == 404
    assert ask(box, {"number": other["number"]})[0] == 200
    assert box.call("/faults")["faults"][0]["fired"] == 1


def test_chance_by_a_seed_strikes_about_as_often_as_was_asked_and_the_same_each_time():
    def run() -> list[bool]:
        faults = Faults()
        faults.by_chance(0.05, 3)
        return [bool(faults.struck("household", "x")) for _ in range(2000)]

    struck = run()
    assert 60 < sum(struck) < 140
    assert run() == struck


def test_it_imports_nothing_of_the_product():
    ours = {"backend", "models", "blueprints", "mini_program_api", "tasks", "deploy", "wsgi"}
    found = {name for path in sources("seed/simulators/registers") for name in imports(path)}
    assert any(name.startswith("seed.simulators.registers") for name in found)
    assert [name for name in found if name.split(".")[0] in ours] == []
    assert [name for name in found if name.startswith("seed.") and not name.startswith("seed.simulators")] == []
