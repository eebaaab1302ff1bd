"""What trust and keeping adds to the story: a matched resident, a case, a file, a counter, a log with its head."""

import base64
import hashlib
from datetime import timedelta

import requests

from backend import clock
from deploy.stack import Stack
from tests.support.clerk import Clerk
from tests.support.patience import until
from tests.support.phone import Phone, person
from tests.support.registers import RegistersBox
from tests.support.remote import RemoteClient

ELDER, GRANDSON = "刘桂英", "刘小军"
HEAD = "/public/v1/audit/tree-head"
FILE = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


def tell(stack: Stack, phone: Phone, admin: Clerk) -> dict:
    """Live it and return what later releases must still find."""
    box = object.__new__(RegistersBox)
    box.base = stack.env["REGISTERS_BASE"]
    return {
        "resident": _resident(box, phone),
        "counter": _counter(admin),
        "head": _head(phone.client),
    }


def _resident(box: RegistersBox, phone: Phone) -> dict:
    """Matched by the household register, with facts, a request under way and a file."""
    box.person(number=phone.document, name="张三丰", **{"with": ["residence"]})
    assert phone.consent("facts").status_code == 204
    assert phone.post("/mini/v1/person/match").status_code == 200
    assert phone.post("/mini/v1/facts/refresh").status_code in {200, 202}
    facts = until(lambda: phone.get("/mini/v1/facts").json["items"], what="the facts")
    asked = phone.post("/mini/v1/privacy-requests", {"kind": "explain", "text": "请说明如何使用我的信息"})
    assert asked.status_code == 201, asked.json
    looks = phone.get("/mini/v1/access-lines").json["items"]
    return {
        "facts": sorted(one["kind"] for one in facts),
        "case": asked.json["number"],
        "case_id": asked.json["id"],
        "looks": [one["unit"] for one in looks],
        "file": _file(phone),
    }


def _file(phone: Phone) -> dict:
    told = {"name": "证明.pdf", "media_type": "application/pdf", "size": len(FILE), "purpose": "case_attachment"}
    opened = phone.post("/mini/v1/files", told | {"sha256": hashlib.sha256(FILE).hexdigest()})
    assert opened.status_code == 201, opened.json
    file_id = opened.json["id"]
    headers = {"Authorization": f"Bearer {phone.token}", "Content-Type": "application/octet-stream"}
    url = f"{phone.client.base}/mini/v1/files/{file_id}/parts/0"
    assert requests.put(url, data=FILE, headers=headers, timeout=10).status_code == 204
    done = phone.post(f"/mini/v1/files/{file_id}/complete")
    assert done.status_code in {200, 201}, done.json
    return {"id": file_id, "content": base64.b64encode(FILE).decode()}


def _counter(admin: Clerk) -> dict:
    """A grandmother without a phone, and her grandson as her helper."""
    clerk = admin.hire("counter_clerk", unit="administrative_approval")
    elder, grandson = person(ELDER, "19400307"), person(GRANDSON, "19900411")
    ids = [
        clerk.post("/office/v1/persons", {**one, "document_seen": "identity_card"}).json["id"]
        for one in (elder, grandson)
    ]
    seen = clerk.post(f"/office/v1/persons/{ids[1]}/counter-sessions", {"document_seen": "identity_card"})
    body = {"kind": "helper", "for_person_id": ids[0], "agent_id": ids[1], "evidence": "both_present"}
    body["last_day"] = (clock.today() + timedelta(days=300)).isoformat()
    related = clerk.post("/office/v1/relations", {**body, "scope": ["book"]}, **{"Counter-Session": seen.json["id"]})
    assert related.status_code == 201, related.json
    return {"elder": elder, "elder_id": ids[0], "login": clerk.login, "secret": clerk.secret}


def _head(client: RemoteClient) -> dict:
    """The signed head of the log, to which every later one must be a continuation."""
    found = until(lambda: (one := client.get(HEAD)).status_code == 200 and one.json, seconds=90, what="a signed head")
    return {"tree_size": found["tree_size"], "root_hash": found["root_hash"]}
