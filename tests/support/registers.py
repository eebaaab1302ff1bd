"""The registers simulator as a process, and its control API."""

from tests.support.simulator import SimulatorBox


class RegistersBox(SimulatorBox):
    NAME, HOLDS = "registers", "/people"

    def person(self, **told) -> dict:
        return self.call("/people", told)

    def firm(self, **told) -> dict:
        return self.call("/firms", told)

    def family(self, size: int = 4, seed: int | None = None) -> list[dict]:
        return self.call("/families", {"size": size, **({} if seed is None else {"seed": seed})})["families"][0]

    def lookup(self, number: str) -> dict:
        return self.call("/lookups", {"number": number})

    def change(self, register: str, key: str, **record) -> dict:
        return self.call("/records", {"register": register, "key": key, "record": record})

    def remove(self, register: str, key: str) -> None:
        self.call("/records", {"register": register, "key": key})
