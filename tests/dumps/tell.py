"""Runs the whole service of one tree, lives a small story in it over HTTP, prints the story, and waits to be ended.

`tests.dumps.make` starts it with the tree in PYTHONPATH, so it uses only what every release has: the stack, and the
phone, clerk and remote client of the tests. What a later release adds to the story is asked for before it is played.
"""

import base64
import json
import os
import re
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import runtime, settings
from deploy.stack import Stack
from tests.support.clerk import PASSWORD, Clerk
from tests.support.patience import until
from tests.support.phone import Phone
from tests.support.remote import RemoteClient, remote_sandbox

KEYS = ("FIELD_KEYS", "BLIND_INDEX_KEY", "TICKET_KEYS", "AUDIT_KEYS", "CODE_KEYS", "PRODUCT_CODE_KEYS")
KEYS += ("CERTIFICATE_KEYS",)
PARTS = ("trust", "onecard", "tourism", "selenium", "school", "health", "enterprise")
"""What later releases added, each a module `<part>_story`; a tree without one does not play it."""


class Client(RemoteClient):
    """The clerk names the address that an in-process client pretends to come from; over real HTTP there is one."""

    def open(self, path: str, *, environ_base=None, **options):
        return super().open(path, **options)


def first_administrator(stack: Stack, client: Client) -> Clerk:
    command = [sys.executable, "-m", "seed", "bootstrap", "--login", "wang.min", "--name", "王敏"]
    done = subprocess.run(command, env=stack.env, check=True, capture_output=True, text=True)
    link = re.search(r"http\S+/office/v1/invitations/\S+", done.stdout).group()
    return Clerk(client, link, "wang.min").activate().log_in()


def resident(phone: Phone) -> dict:
    """A visitor with a companion: one paid order, one free, one cancelled and refunded."""
    friend = phone.companion("19550510")
    paid = phone.issued(phone.free_slot("pingshan"), (phone.me, "adult"), (friend, "senior_65"))
    free = phone.issued(phone.free_slot("museum"))
    cancelled = phone.issued(phone.free_slot("pingshan", later=2))
    assert phone.cancel(cancelled["id"]).status_code == 200
    until(lambda: phone.order(cancelled["id"])["refund"]["state"] == "succeeded", what="the refund")
    orders = {name: phone.order(one["id"]) for name, one in (("paid", paid), ("free", free), ("cancelled", cancelled))}
    return {"tokens": phone.log_in().tokens, "orders": orders}


def gate(admin: Clerk, place: str) -> dict:
    private, name = Ed25519PrivateKey.generate(), f"gate-{place}"
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    body = {"id": name, "name": "东门", "place_id": place, "public_key": public}
    answer = admin.post("/office/v1/devices", body)
    assert answer.status_code == 201, answer.json
    return {"id": name, "place": place, "private": base64.b64encode(private.private_bytes_raw()).decode()}


def office(manager: Clerk, order: dict) -> None:
    """Somebody looks at an order, which leaves an access line, and posts a notice, which leaves an audit entry."""
    assert manager.get(f"/office/v1/orders/{order['id']}").status_code == 200
    body = {"text": "今日开放", "from_day": order["day"], "to_day": order["day"]}
    assert manager.post("/office/v1/places/pingshan/notices", body).status_code == 201


def tell(stack: Stack) -> dict:
    client = Client(stack.base)
    phone = Phone(client, remote_sandbox(stack.env["WECHAT_API_BASE"], stack.folder / "wechat")).ready()
    told = resident(phone)
    admin = first_administrator(stack, client)
    manager, auditor = admin.hire("scenic_manager", unit="changzhengyuan"), admin.hire("auditor")
    office(manager, told["orders"]["paid"])
    named = {"admin": admin, "manager": manager, "auditor": auditor}
    staff = {role: {"login": one.login, "password": PASSWORD, "secret": one.secret} for role, one in named.items()}
    story = {"resident": told, "staff": staff, "gate": gate(admin, "pingshan")}
    for part in PARTS:
        if find_spec(f"tests.dumps.{part}_story"):
            story[part] = import_module(f"tests.dumps.{part}_story").tell(stack, phone, admin)
    return {"told_at": time.time(), "base": stack.base, **story}


def main() -> None:
    # All of it comes from one address within minutes, more than the limits let one address do.
    env = {name: os.environ[name] for name in KEYS} | {"LIMIT_FACTOR": "100000", "ENVIRONMENT": "development"}
    stack = Stack(Path(sys.argv[1]), env=env, api_workers=1, worker_processes=1)
    try:
        stack.start()
        runtime.compose(settings.load({**os.environ, **stack.env}))  # what the phone and clerk of a tree may ask
        sys.stdout.write(json.dumps({"uri": stack.env["MONGODB_URI"], "story": tell(stack)}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        stack.stop()


if __name__ == "__main__":
    main()
