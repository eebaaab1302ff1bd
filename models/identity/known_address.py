"""Addresses from which a member of the staff has logged in: guesses made elsewhere do not keep them out there.

Only a login that succeeded makes an address known, so a stranger's never is.
"""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from mongoengine import DateTimeField, Document, StringField

from backend import clock, personal_data, runtime
from backend.personal_data import Holding

LASTS = timedelta(days=90)
_IPV6_PREFIX = 64
"""One subscriber holds that many IPv6 addresses at the least, and may change among them at will."""


class KnownAddress(Document):
    """The id is the blind index of login and address."""

    meta = {
        "collection": "known_addresses",
        "auto_create_index": False,
        "indexes": [{"fields": ["until"], "expireAfterSeconds": 0}],
    }
    id = StringField(primary_key=True)
    until = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "known_addresses",
        "工作人员登录过的网络",
        at_deletion="keep",
        because="只含登录名和网络地址的摘要, 90 天后自动删除",
    )
)


def network(address: str) -> str:
    """Return the network of one subscriber: an IPv4 address itself, the /64 of an IPv6 address."""
    try:
        told = ip_address(address)
    except ValueError:
        return address
    if isinstance(told, IPv6Address):
        return str(told.ipv4_mapped or ip_network((told, _IPV6_PREFIX), strict=False))
    return str(told)


def holds(login: str, address: str) -> bool:
    """Tell whether the login succeeded from this network within the last ninety days."""
    query = {"_id": _key(login, address), "until": {"$gt": clock.now()}}
    return KnownAddress._get_collection().find_one(query, {"_id": 1}) is not None


def note(login: str, address: str) -> None:
    """Take down a login that succeeded."""
    change = {"$set": {"until": clock.now() + LASTS}}
    KnownAddress._get_collection().update_one({"_id": _key(login, address)}, change, upsert=True)


def _key(login: str, address: str) -> str:
    return runtime.current().sealer.blind("known_addresses.login", f"{login}\x00{network(address)}").hex()
