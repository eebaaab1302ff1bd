"""All that one running sandbox holds."""

import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from backend.wechat.sandbox.credentials import Keychain
from backend.wechat.sandbox.faults import Faults
from backend.wechat.sandbox.journal import Journal
from backend.wechat.sandbox.later import Later
from backend.wechat.sandbox.pay.courier import Courier


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of the command line."""

    state_dir: Path
    retry_scale: float = 1.0
    refund_delay: float = 0.2
    signing: str = "key"


class Sandbox:
    """State, keys, faults and the delivery of notices; `lock` guards every change of the journal."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.keys = Keychain(options.state_dir, options.signing)
        self.journal = Journal(options.state_dir / "journal.jsonl")
        self.faults = Faults()
        self.later = Later()
        self.courier = Courier(
            self.journal, self.keys, self.faults, self.later, lock=self.lock, retry_scale=options.retry_scale
        )
        self.base_url = ""
        self.logins: dict[str, deque[float]] = {}

    @property
    def appid(self) -> str:
        """The one mini-program that the sandbox knows."""
        return self.keys.credentials["appid"]

    @property
    def mchid(self) -> str:
        """The one merchant that the sandbox knows."""
        return self.keys.credentials["mchid"]
