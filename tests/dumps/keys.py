"""The keys of all dumps. They guard nothing: everybody in a dump is made up."""

import base64


def _key(first: int) -> str:
    return base64.b64encode(bytes((first + n) % 256 for n in range(32))).decode()


SERVICE = {
    "FIELD_KEYS": f"1:{_key(1)}",
    "BLIND_INDEX_KEY": _key(2),
    "TICKET_KEYS": f"1:{_key(3)}",
    "AUDIT_KEYS": f"1:{_key(4)}",
    "CODE_KEYS": f"1:{_key(6)}",
    "PRODUCT_CODE_KEYS": f"1:{_key(7)}",
    "CERTIFICATE_KEYS": f"1:{_key(8)}",
}
BACKUP = {"BACKUP_KEY": _key(5)}
