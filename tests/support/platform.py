"""WeChat Pay's pen: signs and seals with the sandbox's platform key, by the published rules and without its code."""

import base64
import json
import secrets

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backend import clock


class Platform:
    def __init__(self, sandbox):
        self.merchant = json.loads((sandbox.folder / "credentials.json").read_text())
        held = json.loads((sandbox.folder / "platform.json").read_text())["keys"][-1]
        self.serial, self._key = held["id"], load_pem_private_key(held["private_key"].encode(), None)

    def headers(self, body: bytes, **changes: str) -> dict[str, str]:
        timestamp, nonce = str(int(clock.timestamp())), secrets.token_hex(16)
        signature = self._key.sign(f"{timestamp}\n{nonce}\n".encode() + body + b"\n", PKCS1v15(), SHA256())
        signed = {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }
        return signed | changes

    def sealed(self, content) -> dict[str, str]:
        plain = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        nonce, kind = secrets.token_hex(6), "transaction"
        cipher = AESGCM(self.merchant["apiv3_key"].encode()).encrypt(nonce.encode(), plain, kind.encode())
        text = base64.b64encode(cipher).decode()
        return {"algorithm": "AEAD_AES_256_GCM", "ciphertext": text, "nonce": nonce, "associated_data": kind}

    def notice(self, content, event_type: str = "TRANSACTION.SUCCESS", **changes) -> bytes:
        envelope = {
            "id": secrets.token_hex(16),
            "create_time": clock.civil(clock.now()).isoformat(timespec="seconds"),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功",
            "resource": self.sealed(content),
        }
        return json.dumps({**envelope, **changes}, ensure_ascii=False).encode()

    def success(self, out_trade_no: str, total: int, **changes) -> dict:
        """Return the content of a notice of success."""
        return {
            "appid": self.merchant["appid"],
            "mchid": self.merchant["mchid"],
            "out_trade_no": out_trade_no,
            "transaction_id": "4200" + secrets.token_hex(12),
            "trade_state": "SUCCESS",
            "success_time": clock.civil(clock.now()).isoformat(timespec="seconds"),
            "payer": {"openid": "o" + secrets.token_hex(13)},
            "amount": {"total": total, "payer_total": total, "currency": "CNY"},
            **changes,
        }
