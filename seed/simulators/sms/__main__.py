"""The command line: `python -m seed.simulators.sms --port 0 --folder DIR`."""

from functools import partial

from seed.simulators.registers import serve
from seed.simulators.registers.server import Server
from seed.simulators.sms import control, desk
from seed.simulators.sms.desk import Box
from seed.simulators.sms.keys import Keys
from seed.simulators.sms.state import State


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = serve.options("sms", "credentials and messages")
    parser.add_argument("--callback", default="", help="where receipts are pushed to")
    given = serve.given(parser)
    box = Box(State(given.folder), Keys(given.folder))
    if given.callback:
        box.state.told["callback"] = given.callback
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    asked, told = partial(desk.answer, box), partial(control.answer, box)
    serve.until_stopped(Server(given.port, asked=asked, control=told))


if __name__ == "__main__":
    main()
