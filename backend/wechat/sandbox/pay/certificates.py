"""Platform certificates, for merchants who are not in public-key mode only."""

from http import HTTPStatus

from backend.wechat.sandbox import crypto
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import PayError, Request, Response, as_json

routes = Router()


@routes.on("GET", "/v3/certificates")
def certificates(box: Sandbox, _request: Request) -> Response:
    """The platform certificate, sealed with the APIv3 key."""
    if not box.keys.serves_certificates:
        raise PayError(
            HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥"
        )
    certificate = box.keys.certificate
    sealed = crypto.seal(box.keys.credentials["apiv3_key"], certificate["pem"].encode(), "certificate")
    shown = {
        "serial_no": certificate["serial"],
        "effective_time": certificate["effective_time"],
        "expire_time": certificate["expire_time"],
        "encrypt_certificate": sealed,
    }
    return as_json({"data": [shown]})
