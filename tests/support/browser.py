"""A real Chromium, spoken to by the DevTools protocol over two pipes: no driver, no port, no further package.

One process serves a whole worker; each `Tab` has a context of its own, so that nothing is kept between pages. The only
fonts are those of the wheel that also draws printed cards, so that a page looks the same on every machine.
"""

import base64
import fcntl
import io
import itertools
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from PIL import Image, ImageFont

FONT = "Noto Sans SC"
INSTALL = "apt-get install chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
]
DEADLINE = 120.0
QUESTIONS = Path(__file__).with_name("browser_questions.js").read_text()
_ABOVE_THE_PIPES = 10
_PHONE = 600
_HIGHEST = 1400
_NO_CHARACTER = "\uffff"


def executable() -> str | None:
    """Return where Chromium is on this machine, None where it is not."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def font_folder() -> Path:
    return Path(find_spec("pylopdf_fonts_zh_cn").origin).parent


def _environment(folder: Path) -> dict[str, str]:
    fonts = folder / "fonts.conf"
    fonts.write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{font_folder()}</dir>'
        f"<cachedir>{folder / 'font-cache'}</cachedir><alias><family>sans-serif</family><prefer><family>{FONT}</family>"
        "</prefer></alias></fontconfig>"
    )
    own = {"FONTCONFIG_FILE": str(fonts), "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "Asia/Shanghai"}
    return {"PATH": os.environ["PATH"], **own}


class Browser:
    """One Chromium process."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        (its_in, self._out), (self._in, its_out) = self._pipe(), self._pipe()
        self._pid = os.posix_spawn(
            executable(),
            ["chromium", *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            _environment(folder),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, its_in, 3),
                (os.POSIX_SPAWN_DUP2, its_out, 4),
                (os.POSIX_SPAWN_OPEN, 1, str(folder / "chromium.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        os.close(its_in)
        os.close(its_out)
        self._numbers, self._rest = itertools.count(1), b""
        self._answers: dict[int, dict[str, Any]] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}
        self.call("Browser.getVersion")

    @staticmethod
    def _pipe() -> tuple[int, int]:
        """Return a pipe whose ends lie above 3 and 4, which Chromium reads and writes."""
        low = os.pipe()
        high = tuple(fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, _ABOVE_THE_PIPES) for one in low)
        for one in low:
            os.close(one)
        return high

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; what happens before it is kept for the tabs."""
        number = next(self._numbers)
        told = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._out, json.dumps(told).encode() + b"\0")
        answer = self._until(lambda: self._answers.pop(number, None), method)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def events(self, session: str) -> list[dict[str, Any]]:
        return self._events.setdefault(session, [])

    def event(self, session: str, method: str) -> dict[str, Any]:
        """Wait for the first event of a kind in a tab."""
        return self._until(lambda: next((e for e in self.events(session) if e["method"] == method), None), method)

    def _until(self, found: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + DEADLINE
        while (value := found()) is None:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"Chromium did not answer to {what} within {DEADLINE:.0f} s"
            read = os.read(self._in, 1 << 20)
            assert read, f"Chromium ended while {what} was asked"
            *whole, self._rest = (self._rest + read).split(b"\0")
            for one in map(json.loads, whole):
                if "id" in one:
                    self._answers[one["id"]] = one
                else:
                    self.events(one.get("sessionId", "")).append(one)
        return value

    def close(self) -> None:
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._in)
        os.close(self._out)


class Tab:
    """One page of a person who was never here before: so wide, with scripts or without."""

    def __init__(self, browser: Browser, *, width: int = 320, height: int = 640, scripts: bool = True):
        self._browser, self.width = browser, width
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "CSS"):
            self.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.call("Emulation.setDeviceMetricsOverride", **size, mobile=width < _PHONE)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def open(self, url: str) -> "Tab":
        self._browser.events(self._session).clear()
        self.call("Page.navigate", url=url)
        self._browser.event(self._session, "Page.loadEventFired")
        return self

    def js(self, expression: str) -> Any:
        """Evaluate in the page, also where the page itself may run no script."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def ask(self, name: str) -> Any:
        """Ask the page one of the questions of `browser_questions.js`."""
        return self.js(f"{QUESTIONS}; {name}()")

    def double_text(self) -> None:
        """Do what a person does who sets the letters twice as large."""
        self.js("document.documentElement.style.fontSize = '200%'")

    def offline(self, *, away: bool) -> None:
        rates = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.call("Network.emulateNetworkConditions", offline=away, **rates)

    def pass_time(self, seconds: float) -> None:
        """Let the page's own clock run ahead; it stands still while the page waits for an answer."""
        events = self._browser.events(self._session)
        events[:] = [one for one in events if one["method"] != "Emulation.virtualTimeBudgetExpired"]
        self.call("Emulation.setVirtualTimePolicy", policy="pauseIfNetworkFetchesPending", budget=seconds * 1000)
        self._browser.event(self._session, "Emulation.virtualTimeBudgetExpired")

    def before_the_page(self, script: str) -> None:
        """Run a script before those of every page that is opened."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def press_tab(self) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)

    def complaints_but_missing(self) -> list[str]:
        """Return what a developer would see in red on a page that is rightly answered with 404."""
        return [one for one in self.complaints() if "status of 404" not in one]

    def loaded(self) -> None:
        """Wait until the page that a click asked for is there; `open` has forgotten the events before."""
        events = self._browser.events(self._session)
        self._browser._until(
            lambda: [one for one in events if one["method"] == "Page.loadEventFired"][1:] or None, "the next page"
        )

    def complaints(self) -> list[str]:
        """Return what a developer would see in red: exceptions, errors of the console, blocked and missing parts."""
        found = []
        for one in self._browser.events(self._session):
            method, told = one["method"], one["params"]
            if method == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and told["type"] in {"error", "assert"}:
                found.append(str(told["args"]))
            elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
                found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        return found

    def asked(self) -> list[str]:
        """Return the addresses that were asked since the page was opened."""
        events = self._browser.events(self._session)
        return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]

    def hosts(self) -> set[str]:
        """Return every host that the page asked for something."""
        return {urlsplit(one).netloc for one in self.asked()} - {""}

    def fonts(self) -> set[str]:
        """Return the font files' families with which the text of the page is drawn."""
        root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        nodes = self.call("DOM.querySelectorAll", nodeId=root, selector="body, body *")["nodeIds"]
        told = (self.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"] for node in nodes)
        return {one["familyName"] for fonts in told for one in fonts}

    def picture(self) -> Image.Image:
        """Return the page as it is drawn, from its top, two screens at most."""
        high = min(self.js("Math.ceil(document.documentElement.scrollHeight)"), _HIGHEST)
        clip = {"x": 0, "y": 0, "width": self.width, "height": high, "scale": 1}
        told = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return Image.open(io.BytesIO(base64.b64decode(told["data"])))


def save_small(picture: Image.Image, file: Path) -> None:
    """Keep a picture for the documentation: few colours are enough for letters and plain areas."""
    file.parent.mkdir(exist_ok=True)
    picture.convert("RGB").quantize(48).save(file, optimize=True)


def without_glyph(text: str) -> set[str]:
    """Return the characters that the font draws as an empty box."""
    font = ImageFont.truetype(str(font_folder() / "NotoSansSC-Regular.otf"), 24)
    box = bytes(font.getmask(_NO_CHARACTER))
    return {one for one in set(text) if not one.isspace() and bytes(font.getmask(one)) == box}
