"""The card centre simulator as a process, and its control API."""

from tests.support.simulator import SimulatorBox


class CardCentreBox(SimulatorBox):
    NAME, HOLDS = "card_centre", "/cards"

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
