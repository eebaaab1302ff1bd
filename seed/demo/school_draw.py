"""The draw in the play: tried, frozen, seeded by dice, computed, published, and computed again by hand."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from backend import clock
from seed.demo.http import check
from seed.demo.school_families import Families
from seed.demo.stage import until

PUBLIC = "/public/v1/school"
SECONDS = 120


def drawn(this: Any, families: Families) -> Iterator[str]:
    """Freeze the list, let dice fall, publish, and check it as anybody can."""
    fair, first = this.bureau.get(f"{this.path}/draw/trial?seeds=3")["mechanisms"]
    check(fair["envious"] == 0, "deferred acceptance leaves no justified envy")
    yield (
        f"both rules on trial: first choice {fair['by_choice'][0]:.0f} and {first['by_choice'][0]:.0f}, "
        f"justified envy {fair['envious']:.0f} and {first['envious']:.0f}, "
        f"could gain by misreporting {fair['could_gain']:.0f} and {first['could_gain']:.0f}"
    )
    moment = clock.now() + timedelta(seconds=3)
    source = {"kind": "dice", "description": "县公证处公开掷骰子 40 次(演示)", "moment": moment.isoformat()}
    wish = {"mechanism": "deferred_acceptance", **source}
    made = this.bureau.post(f"{this.path}/draw/freeze", wish, expect=201)
    yield f"the list of {made['applicants']} is frozen, SHA-256 {made['files'][0]['sha256'][:16]}…"
    until(clock.now, lambda now: now > moment, "the moment of the seed", seconds=SECONDS)
    seed = "".join(str(secrets.randbelow(6) + 1) for _ in range(40))
    _agreed(this, this.bureau.post(f"{this.path}/draw/seed", {"seed": seed}, expect=202))
    state = f"{PUBLIC}/rounds/{this.code}/draw"
    until(lambda: this.bureau.get(f"{this.path}/draw")["draws"][0], _computed, "the draw", seconds=SECONDS)
    check(this.stage.anybody.status(f"{state}/files/result.csv") == 404, "nobody sees a result before its publication")  # noqa: PLR2004
    body = {"reason": "派位结果已核对", "list_days": 7}
    _agreed(this, this.bureau.post(f"{this.path}/draw/publish", body, expect=202))
    until(
        lambda: this.stage.anybody.get(state), lambda one: one["state"] == "published", "publication", seconds=SECONDS
    )
    yield f"dice fall ({seed[:8]}…), the draw is computed and published by two persons"
    yield _checked(this, families, state)


def _computed(found: dict[str, Any]) -> bool:
    return bool(found["state"] == "computed")


def _agreed(this: Any, proposed: dict[str, Any]) -> None:
    this.second.post(f"/office/v1/approvals/{proposed['approval_id']}/approve")


def _checked(this: Any, families: Families, state: str) -> str:
    """Load what is public, compare the digests, and compute a parent's number by hand."""
    told = this.stage.anybody.get(state)["draw"]
    for one in told["files"]:
        content = this.stage.anybody.get(f"{state}/files/{one['name']}")
        check(isinstance(content, bytes), "a file is handed out as it is")
        check(hashlib.sha256(content).hexdigest() == one["sha256"], f"{one['name']} is what its digest says")
    mine = families.parents[0].get("/draw")["result"]
    number = hmac.digest(told["seed"].encode(), mine["lot_of"].encode(), "sha256").hex()
    check(number == mine["lot"], "a parent computes the own number")
    return f"every digest holds; a parent computes the own number: place {mine['position']} of {mine['applicants']}"
