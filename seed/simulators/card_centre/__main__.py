"""The command line: `python -m seed.simulators.card_centre --port 0 --folder DIR`."""

from functools import partial

from seed.simulators.card_centre import commands, control
from seed.simulators.card_centre.box import Box
from seed.simulators.card_centre.state import State
from seed.simulators.registers import serve
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.server import Server


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = serve.options("card_centre", "keys and cards")
    parser.add_argument("--made-in-days", type=int, default=3, help="how long it takes to make a physical card")
    given = serve.given(parser)
    box = Box(State(given.folder, made_in_days=given.made_in_days), Keychain(given.folder))
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    asked, told = partial(commands.answer, box), partial(control.answer, box)
    serve.until_stopped(Server(given.port, asked=asked, control=told))


if __name__ == "__main__":
    main()
