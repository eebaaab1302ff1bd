"""Registers that fail by chance, as in a chaos run: in the end every fact is there once, and right."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend import runtime
from backend.exchange import Exchange, read_credentials
from backend.settings import BadSettings
from models.registers.source import SOURCES
from models.registers.source_state import SourceState
from tests.support.registers import RegistersBox
from tests.trust.registers_kit import ask, history, only, somebody

ROUNDS = 60


@pytest.fixture
def moody(store, tmp_path):
    """A simulator of which every fourth question goes wrong, in place of the calm one."""
    box = RegistersBox(tmp_path / "moody", "--fault-rate", "0.25", "--seed", "11").start()
    calm = runtime.current()
    exchange = Exchange(box.base, read_credentials(Path(box.credentials)))
    runtime.install(replace(calm, exchange=exchange))
    yield box
    runtime.install(calm)
    box.stop()


def test_whatever_fails_on_the_way_each_fact_is_stored_once_and_right(moody):
    people = [somebody(moody, "property", "social_insurance", seed=seed) for seed in range(6)]
    open_ones, failures = [(about, source) for _, about in people for source in SOURCES], 0
    for _ in range(ROUNDS):
        results = [(about, source, ask(source, about, seconds=0.4)) for about, source in open_ones]
        open_ones = [(about, source) for about, source, result in results if result == "away"]
        failures += len(open_ones)
        SourceState._get_collection().update_many({"_id": {"$in": list(SOURCES)}}, {"$set": {"state": "up"}})
        if not open_ones:
            break
    assert open_ones == []
    assert failures > 5
    for made, about in people:
        told = moody.lookup(made["number"])
        assert only(about, "household.address").value["address"] == told["household"]["address"]
        assert only(about, "property.certificate").record == told["property"][0]["certificate_no"]
        assert len(history(about, "household.address")) == 1


@pytest.mark.parametrize("change", [{"production": True}, {"registers_credentials": ""}, {"registers_base": "ftp://x"}])
def test_a_process_does_not_start_on_a_platform_that_it_may_not_use(parts, module_settings, change):
    with pytest.raises(BadSettings, match="REGISTERS_"):
        runtime._exchange(replace(module_settings, **change))
    assert runtime._exchange(replace(module_settings, registers_base="")) is None
