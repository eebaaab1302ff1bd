"""The card centre simulator as a process, and its control API."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.registers import RegistersBox


class CardCentreBox(RegistersBox):
    """Started, stopped and called like the registers simulator."""

    def start(self, port: int = 0) -> "CardCentreBox":
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "seed.simulators.card_centre", "--port", str(port)]
        self.log = (Path(self.folder) / "simulator.log").open("ab")
        self.process = subprocess.Popen(
            [*command, "--folder", str(self.folder), *self._options], stdout=subprocess.PIPE, stderr=self.log
        )
        self.base = json.loads(self.process.stdout.readline())["base_url"]
        return self

    def cards(self, id_number: str) -> list[dict]:
        return self.call("/lookups", {"id_number": id_number})["cards"]

    def card(self, id_number: str) -> dict:
        """Return the latest card of a person."""
        return self.cards(id_number)[-1]

    def put(self, id_number: str) -> dict:
        return self.call("/cards", {"id_number": id_number})

    def rewrite(self, number: str, **record) -> dict:
        return self.call("/changes", {"number": number, "record": record})

    def died(self, *people: dict, day: str) -> dict:
        return self.call("/deaths", {"day": day, "items": list(people)})

    def forget(self) -> None:
        self.call("/cards", method="DELETE")
