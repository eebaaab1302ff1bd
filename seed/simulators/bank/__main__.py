"""The command line: `python -m seed.simulators.bank --port 0 --folder DIR`."""

from functools import partial

from seed.simulators.bank import control, counter
from seed.simulators.bank.counter import Box
from seed.simulators.bank.state import State
from seed.simulators.registers import serve
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.server import Server


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = serve.given(serve.options("bank", "keys, accounts and files"))
    box = Box(State(given.folder), Keychain(given.folder))
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    asked, told = partial(counter.answer, box), partial(control.answer, box)
    serve.until_stopped(Server(given.port, asked=asked, control=told))


if __name__ == "__main__":
    main()
