"""Where the seed of a draw comes from (种子来源), named before anybody can know it, and what a seed of each kind is.

    dice     a notary throws dice in public: every throw a digit from 1 to 6, forty or more (103 bits)
    lottery  the numbers of a named issue of a state lottery, in the order in which they were drawn, a blank between
    drand    the randomness of one round of the public beacon quicknet; its signature is checked here, without network

A trial seed (`trial.py`) has none of these forms, so it can never be entered.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import drand_verify

from backend import clock
from backend.errors import Unprocessable
from models.rules import facts, parameters

KIND_ZH = {"dice": "公证现场掷骰子", "lottery": "指定期次的彩票开奖号码", "drand": "公共随机信标 drand"}
LEAD, LEAD_MINUTES = "school_seed_lead_minutes", 60
"""The dated parameter of how long before its moment a seed is announced, and what counts where nobody set one."""
LATEST = timedelta(days=60)
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
"""The hash of the chain: its public key is the one that the verifier holds."""
GENESIS = datetime.fromtimestamp(1692803367, UTC)
PERIOD = timedelta(seconds=3)
MOST_ROUND = 10**10
FORMS = {
    "dice": re.compile(r"[1-6]{40,400}", re.ASCII),
    "lottery": re.compile(r"(?=.{10,200}\Z)[0-9]+( [0-9]+)*", re.ASCII),
    "drand": re.compile(r"[0-9a-f]{64}", re.ASCII),
}
FORM_ZH = {
    "dice": "请按掷出的先后连续填写点数,只含数字 1 至 6,不少于 40 次。",
    "lottery": "请按开出的先后填写号码,号码之间空一格,共 10 至 200 个字符。",
    "drand": "请填写该轮的 randomness:64 位小写十六进制字符。",
}
_SIGNATURE = re.compile(r"[0-9a-f]{96}", re.ASCII)


class SeedSourceWrong(Unprocessable):
    """422: the source cannot be named like this."""

    code = "school_seed_source_wrong"
    zh = "种子来源填写有误,请按提示修改。"
    en = "The source of the seed does not fit. Correct what is named."


class SeedWrong(Unprocessable):
    """422: this is no seed of the source that was named."""

    code = "school_seed_wrong"
    zh = "种子与公告的来源不符,请按提示核对后重新录入。"
    en = "This is no seed of the source that was announced. Check and enter it again."


@dataclass(frozen=True)
class Source:
    """What is announced: `moment` is when the seed comes into being; `drand_round` names the beacon's round instead."""

    kind: str
    description: str
    moment: datetime | None = None
    drand_round: int = 0


def named(source: Source) -> dict[str, Any]:
    """Return a source as a draw keeps it.

    Raises:
        SeedSourceWrong: its moment is too near, or more than sixty days ahead, or no round is named.
    """
    told: dict[str, Any] = {"kind": source.kind, "zh": source.description, "moment": source.moment}
    if source.kind == "drand":
        if not 1 <= source.drand_round <= MOST_ROUND:
            raise SeedSourceWrong(fields={"drand_round": ["请填写信标轮次的编号。"]})
        told |= {"chain": QUICKNET, "drand_round": source.drand_round, "moment": time_of(source.drand_round)}
    where = "drand_round" if source.kind == "drand" else "moment"
    lead, ahead = _lead(), told["moment"] and told["moment"] - clock.now()
    if not ahead or not timedelta(minutes=lead) <= ahead <= LATEST:
        raise SeedSourceWrong(fields={where: [f"产生种子的时间应在 {lead} 分钟之后、60 天之内。"]})
    return told


def _lead() -> int:
    found = parameters.in_force([LEAD], clock.today()).get(LEAD)
    return int(facts.decode(found["value"])) if found else LEAD_MINUTES


def time_of(drand_round: int) -> datetime:
    """Return when a round of the beacon comes out."""
    return GENESIS + (drand_round - 1) * PERIOD


def require_form(source: Mapping[str, Any], seed: str, signature: str) -> None:
    """Check that a text is a seed of the source, for the beacon by the signature of its round.

    Raises:
        SeedWrong: it is not.
    """
    kind = source["kind"]
    if not FORMS[kind].fullmatch(seed):
        raise SeedWrong(fields={"seed": [FORM_ZH[kind]]})
    if kind != "drand":
        return
    # The verifier panics at anything that is no hexadecimal number.
    if not _SIGNATURE.fullmatch(signature):
        raise SeedWrong(fields={"signature": ["请填写该轮的 signature:96 位小写十六进制字符。"]})
    try:
        found = drand_verify.verify_quicknet(source["drand_round"], signature)
    except ValueError:
        raise SeedWrong(fields={"signature": ["签名不属于公告的信标轮次。"]}) from None
    if found != seed or hashlib.sha256(bytes.fromhex(signature)).hexdigest() != seed:
        raise SeedWrong(fields={"seed": ["种子不是该轮签名所产生的 randomness。"]})
