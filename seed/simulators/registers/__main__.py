"""The command line: `python -m seed.simulators.registers --port 0 --folder DIR`."""

from functools import partial

from seed.simulators.registers import control, query, serve
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.query import Box
from seed.simulators.registers.server import Server
from seed.simulators.registers.state import State


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = serve.given(serve.options("registers", "keys and records"))
    box = Box(State(given.folder), Keychain(given.folder))
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    asked, told = partial(query.answer, box), partial(control.answer, box)
    serve.until_stopped(Server(given.port, asked=asked, control=told))


if __name__ == "__main__":
    main()
