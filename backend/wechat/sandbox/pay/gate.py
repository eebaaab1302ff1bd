"""The border of Pay v3: requests must be signed by the merchant, answers are signed by the platform."""

import re
import secrets
from http import HTTPStatus

from backend.wechat.sandbox import clock, crypto
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.wire import PayError, Request, Response

SCHEME = "WECHATPAY2-SHA256-RSA2048"
TOLERANCE = 300
FIELD = re.compile(r'(\w+)="([^"]*)"')


def check_signature(box: Sandbox, request: Request) -> None:
    """Refuse a request that the merchant's key has not signed, as it stands, within five minutes."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    fields = dict(FIELD.findall(rest))
    if scheme != SCHEME or fields.keys() != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
        raise _refusal("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
    if fields["mchid"] != box.mchid:
        raise _refusal("商户号不存在")
    if fields["serial_no"] != box.keys.credentials["merchant_serial"]:
        raise _refusal("商户证书序列号有误")
    if not fields["timestamp"].isdigit() or abs(clock.now() - int(fields["timestamp"])) > TOLERANCE:
        raise _refusal("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    message = crypto.lines(request.method, request.target, fields["timestamp"], fields["nonce_str"], request.body)
    if not crypto.verifies(box.keys.merchant_key, message, fields["signature"]):
        raise _refusal("错误的签名，验签失败")


def sign_answer(box: Sandbox, request: Request, response: Response) -> None:
    """Put the platform's signature on an answer, an empty one too."""
    serial, key = box.keys.signer()
    timestamp, nonce = str(int(clock.now())), secrets.token_hex(16)
    signed = response.body
    if box.faults.strike("answer_bad_signature", request.path):
        signed += b" "
    response.headers |= {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": crypto.sign(key, crypto.lines(timestamp, nonce, signed)),
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": SCHEME,
        "Request-ID": secrets.token_hex(12).upper(),
    }


def _refusal(message: str) -> PayError:
    return PayError(HTTPStatus.UNAUTHORIZED, "SIGN_ERROR", message)
