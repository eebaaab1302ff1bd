"""The front door of a test's app: a real listener, so that the sandbox reaches it. It notes what came and what went."""

import io
import json
import threading
from dataclasses import dataclass

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.patience import until

NOTICES = "/open/v1/wechat/pay/notice"


@dataclass(frozen=True)
class Letter:
    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def id(self) -> str:
        return json.loads(self.body)["id"]


class _Quiet(WSGIRequestHandler):
    def log(self, *_args, **_kwargs):
        pass


class Door:
    """`shut` it, and everything is noted and refused with 503, as by a gateway whose service is away.

    What the sandbox still carries from the tests before is taken in and thrown away at both ends.
    """

    def __init__(self, app, port: int, sandbox):
        self._app, self._sandbox = app, sandbox
        self._open = self._taking = False
        self.base = f"http://127.0.0.1:{port}"
        self.letters: list[Letter] = []
        self._server = make_server("127.0.0.1", port, self._serve, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self._empty()
        self._open = True

    def shut(self) -> None:
        self._open = False

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._empty()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _empty(self) -> None:
        self._taking = True
        self._sandbox.clear()
        self._sandbox.call("/notices/flush", {})
        self._taking = False
        self.letters.clear()

    def notice(self, notice_id: str, turn: int = 0) -> Letter:
        """Wait for the `turn`-th coming of a notice."""
        return until(lambda: self.notices(notice_id)[turn : turn + 1], what="the notice")[0]

    def notices(self, notice_id: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.path == NOTICES and letter.id == notice_id]

    def _serve(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        told = []

        def note(status, headers, exc_info=None):
            told.append(int(status[:3]))
            return start_response(status, headers, exc_info)

        if self._taking:
            note("204 No Content", [])
            answer = []
        elif self._open:
            answer = list(self._app(environ, note))
        else:
            note("503 Service Unavailable", [])
            answer = []
        headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_WECHATPAY")
        }
        self.letters.append(Letter(environ["PATH_INFO"], headers, body, told[0]))
        return answer
