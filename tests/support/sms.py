"""The SMS simulator as a process, and its control API."""

from tests.support.simulator import SimulatorBox


class SmsBox(SimulatorBox):
    NAME, HOLDS = "sms", "/messages"

    def messages(self) -> list[dict]:
        return self.call("/messages")["messages"]

    def limits(self, **told) -> None:
        self.call("/limits", told)

    def receipt(self, serial: str, **told) -> int:
        return self.call("/receipts", {"serial": serial, **told})["answered"]

    def fate(self, number: str, fate: str) -> None:
        self.call("/numbers", {"number": number, "fate": fate})
