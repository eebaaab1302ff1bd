"""The bank simulator as a process, and its control API."""

import base64

from tests.support.simulator import SimulatorBox


class BankBox(SimulatorBox):
    NAME, HOLDS = "bank", "/files"

    def account(self, number: str, **told) -> dict:
        return self.call("/accounts", {"number": number, **told})

    def balance(self, number: str) -> int:
        return self.call("/lookups", {"number": number})["balance_fen"]

    def auto(self, on: bool) -> None:
        self.call("/mode", {"auto": on})

    def settle(self, file_no: str) -> int:
        return self.call("/settlements", {"file_no": file_no})["returns"]

    def reverse(self, file_no: str, *seqs: str) -> int:
        return self.call("/reversals", {"file_no": file_no, "seqs": list(seqs)})["returns"]

    def again(self, file_no: str) -> int:
        return self.call("/again", {"file_no": file_no})["returns"]

    def files(self) -> dict[str, dict]:
        return {one["file_no"]: one for one in self.call("/files")["files"]}

    def returned(self, file_no: str, number: int = 1) -> bytes:
        return base64.b64decode(self.call("/returns", {"file_no": file_no, "number": number})["base64"])
