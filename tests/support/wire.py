"""The wire between the product and WeChat: it forwards everything, notes it, and may lie in WeChat's name."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Wire:
    """`calls` holds "METHOD path" in their order.

    `watch(call)` runs before each call, `after(call)` before its answer goes back. `lies` maps the end of a call to
    what is answered in place of the sandbox: status, headers, body.
    """

    def __init__(self, target: str):
        self.calls: list[str] = []
        self.watch: Callable[[str], None] = lambda _call: None
        self.after: Callable[[str], None] = lambda _call: None
        self.lies: dict[str, Callable[[], tuple[int, dict[str, str], bytes]]] = {}
        wire, host = self, urlsplit(target)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                call = f"{self.command} {self.path.partition('?')[0]}"
                wire.calls.append(call)
                wire.watch(call)
                try:
                    answer = wire._lie(call) or self._forward(body)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True
                    return
                wire.after(call)
                self._answer(*answer)

            do_POST = do_GET  # noqa: N815 - the name is http.server's

            def _forward(self, body):
                connection = http.client.HTTPConnection(host.hostname, host.port, timeout=20)
                try:
                    headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                    connection.request(self.command, self.path, body, headers)
                    got = connection.getresponse()
                    dropped = {"connection", "content-length", "transfer-encoding"}
                    kept = {name: value for name, value in got.getheaders() if name.lower() not in dropped}
                    return got.status, kept, got.read()
                finally:
                    connection.close()

            def _answer(self, status, headers, body):
                self.send_response_only(status)
                length = {} if status == 204 else {"Content-Length": str(len(body))}
                for name, value in {**headers, **length}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def clear(self) -> None:
        self.calls.clear()
        self.lies.clear()
        self.watch = self.after = lambda _call: None

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _lie(self, call: str):
        return next((lie() for end, lie in self.lies.items() if call.endswith(end)), None)
