"""The HTTP side: one thread a connection."""

import contextlib
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from seed.simulators.registers.wire import Dropped, Request, Response, as_json

Side = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """A loopback server around one simulator: what it is asked, and under /control/ what it is told to be."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, *, asked: Side, control: Side) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.asked, self.control = asked, control


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
        """Stay silent: names and numbers stand in what is asked."""

    def _serve(self) -> None:
        request = Request(
            self.command, self.path, self.headers, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        )
        side = self.server.control if request.path.startswith("/control/") else self.server.asked
        try:
            response = side(request)
        except Dropped:
            self.close_connection = True
            return
        except Exception:  # noqa: BLE001 - a mistake of the simulator must be seen by its caller, and on stderr
            traceback.print_exc()
            response = as_json({"code": "simulator_broken"}, HTTPStatus.NOT_IMPLEMENTED)
        self._write(response)

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names are http.server's

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
