"""Values that an object keeps: made once, also by frozen dataclasses, and no object waits for another."""

import threading
from dataclasses import dataclass, field

from backend.kept import kept


@dataclass(frozen=True)
class Thing:
    made: list[str] = field(default_factory=list)
    wait: threading.Event | None = None
    began: threading.Event = field(default_factory=threading.Event)

    @kept
    def value(self) -> int:
        """Return a number."""
        self.made.append("value")
        self.began.set()
        assert self.wait is None or self.wait.wait(20)
        return len(self.made)


def test_a_value_is_made_once_and_kept_with_its_own_object():
    one, other = Thing(), Thing()
    assert (one.value, one.value, one.made, other.made) == (1, 1, ["value"], [])
    assert other.value == 1
    assert Thing.value.__doc__ == "Return a number."


def test_who_makes_a_value_lets_no_other_object_wait():
    go = threading.Event()
    slow = Thing(wait=go)
    making = threading.Thread(target=lambda: slow.value)
    making.start()
    try:
        assert slow.began.wait(20)
        quick: list[int] = []
        other = threading.Thread(target=lambda: quick.append(Thing().value))
        other.start()
        other.join(20)
        assert (quick, "value" in slow.__dict__) == ([1], False)
    finally:
        go.set()
        making.join(20)
    assert slow.__dict__["value"] == 1
