"""The HTTP side: one thread a connection, kept alive, without Nagle's delay."""

import contextlib
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote

from backend.wechat.sandbox import dispatch
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.wire import DroppedError, Request, Response


class Server(ThreadingHTTPServer):
    """A loopback server around one sandbox."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, box: Sandbox, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.box = box
        box.base_url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Reads a request, hands it on, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def handle(self) -> None:
        """Serve the connection until either side ends it."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Stay silent: the journal tells what happened."""

    def _serve(self) -> None:
        request = self._read()
        try:
            response = dispatch.answer(self.server.box, request)
        except DroppedError:
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001 - a mistake of the sandbox must be seen by its caller, and on stderr
            traceback.print_exc()
            response = Response(HTTPStatus.NOT_IMPLEMENTED, b'{"error":"sandbox_broken"}')
        self._write(response)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names are http.server's

    def _read(self) -> Request:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        fields = dict(parse_qsl(query, keep_blank_values=True))
        return Request(self.command, self.path, unquote(path), fields, self.headers, body)

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
