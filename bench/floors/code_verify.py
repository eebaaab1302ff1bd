"""The floor of a code over HTTP: a bare WSGI app with the same signature, keys, reads and durable writes."""

import hashlib
import hmac
import os
import re
import time
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import orjson
from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

from backend.codes.code_keys import CodeKeys
from backend.codes.compact import base45_decode

HEADER = re.compile(r'CITY-ED25519 key="(.+?)",timestamp="(\d+)",nonce="(.+?)",signature="(.+?)"')
database: Any = MongoClient(os.environ["MONGODB_URI"], w="majority").get_default_database()
key_id, _, master = os.environ["CODE_KEYS"].partition(":")
keys = CodeKeys({int(key_id): b64decode(master)}).gate(os.environ["SCANNER"]).dynamic
kinds = {4: "venue"}


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    if environ["REQUEST_METHOD"] == "GET":
        return [b"{}"]
    body = environ["wsgi.input"].read()
    name, stamp, nonce, signature = HEADER.fullmatch(environ["HTTP_AUTHORIZATION"]).groups()  # type: ignore[union-attr]
    device = database["devices"].find_one({"_id": name, "state": "active"})
    signed = f"POST\n{environ['PATH_INFO']}\n{stamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n".encode()
    Ed25519PublicKey.from_public_bytes(device["public_key"]).verify(b64decode(signature), signed)
    code, now = base45_decode(orjson.loads(body)["code"]), datetime.now(UTC)
    kind = kinds[code[2]]
    seed = hmac.digest(keys[code[1]][kind], code[4:14] + code[2:3], "sha256")
    step = int.from_bytes(code[14:18], "big")
    good = hmac.compare_digest(hmac.digest(seed, code[:18], "sha256")[:16], code[18:])
    found = database["credentials"].find_one({"handle": code[4:12], "state": "live"})
    card = database["cards"].find_one({"_id": found["card"], "state": "active"}, {"_id": 1})
    account = database["accounts"].find_one({"_id": found["account"], "person": found["person"]}, {"_id": 1})
    if not (good and card and account and abs(step - time.time() // 30) <= 1):
        return [orjson.dumps({"result": "not_ours"})]
    use = {
        "_id": f"{code[4:12].hex()}:{kind}:{step}",
        "credential": found["_id"],
        "asked": f"{name}:{nonce}",
        "at": now,
    }
    try:
        database["floor_uses"].insert_one(use)
    except DuplicateKeyError:
        return [orjson.dumps({"result": "replayed"})]
    line = {"_id": ObjectId(), "at": now, "who": f"device:{name}", "subjects": [found["person"]], "purpose": "card_use"}
    database["floor_lines"].insert_one(line)
    person = database["persons"].find_one({"_id": found["person"]})
    told = {"result": "accepted", "message": "核验通过。", "kind": kind, "age_band": "adult" if person else ""}
    return [orjson.dumps(told)]
