"""What is measured: each quantity with its LOINC code, its UCUM unit, and the range outside which a value is doubted.

A value outside `plausible` is flagged and kept, never refused: a person decides whether it is an error. Codes and
units are those of the FHIR vital signs profiles (hl7.org/fhir/R4/observation-vitalsigns.html); laboratory codes are
LOINC's.
"""

from dataclasses import dataclass

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True)
class Quantity:
    """One measured quantity; `also` are other units that are understood, each with (factor, offset) to `unit`."""

    zh: str
    loinc: str
    unit: str
    plausible: tuple[float, float]
    decimals: int = 0
    category: str = "vital-signs"
    also: tuple[tuple[str, float, float], ...] = ()
    unit_zh: str = ""


QUANTITIES = {
    "systolic": Quantity("收缩压", "8480-6", "mm[Hg]", (50, 300), also=(("kPa", 7.50062, 0),), unit_zh="毫米汞柱"),
    "diastolic": Quantity("舒张压", "8462-4", "mm[Hg]", (20, 200), also=(("kPa", 7.50062, 0),), unit_zh="毫米汞柱"),
    "heart_rate": Quantity("心率", "8867-4", "/min", (20, 250), unit_zh="次/分"),
    "respiratory_rate": Quantity("呼吸频率", "9279-1", "/min", (4, 70), unit_zh="次/分"),
    "oxygen_saturation": Quantity("血氧饱和度", "2708-6", "%", (50, 100), unit_zh="%"),
    "temperature": Quantity(
        "体温", "8310-5", "Cel", (25, 45), decimals=1, also=(("[degF]", 5 / 9, -160 / 9),), unit_zh="℃"
    ),
    "height": Quantity("身高", "8302-2", "cm", (50, 230), decimals=1, also=(("m", 100, 0),), unit_zh="厘米"),
    "weight": Quantity(
        "体重",
        "29463-7",
        "kg",
        (15, 250),
        decimals=1,
        also=(("g", 0.001, 0), ("[lb_av]", 0.45359237, 0)),
        unit_zh="公斤",
    ),
    "body_mass_index": Quantity("体重指数", "39156-5", "kg/m2", (8, 70), decimals=1, unit_zh="公斤/平方米"),
    "waist": Quantity("腰围", "8280-0", "cm", (30, 200), decimals=1, unit_zh="厘米"),
    "fasting_glucose": Quantity(
        "空腹血糖", "14771-0", "mmol/L", (0.5, 50), 1, "laboratory", (("mg/dL", 0.0555, 0),), "毫摩尔/升"
    ),
    "random_glucose": Quantity(
        "随机血糖", "15074-8", "mmol/L", (0.5, 50), 1, "laboratory", (("mg/dL", 0.0555, 0),), "毫摩尔/升"
    ),
    "hba1c": Quantity("糖化血红蛋白", "4548-4", "%", (2, 25), 1, "laboratory", (), "%"),
    "haemoglobin": Quantity("血红蛋白", "718-7", "g/L", (10, 300), 0, "laboratory", (("g/dL", 10, 0),), "克/升"),
    "platelets": Quantity("血小板", "777-3", "10*9/L", (1, 2000), 0, "laboratory", (), "×10⁹/升"),
    "potassium": Quantity("血钾", "2823-3", "mmol/L", (1, 10), 1, "laboratory", (), "毫摩尔/升"),
    "creatinine": Quantity(
        "血肌酐", "14682-9", "umol/L", (5, 3000), 0, "laboratory", (("mg/dL", 88.42, 0),), "微摩尔/升"
    ),
    "total_cholesterol": Quantity("总胆固醇", "14647-2", "mmol/L", (0.5, 30), 2, "laboratory", (), "毫摩尔/升"),
    "steps": Quantity("步数", "55423-8", "{steps}", (0, 100_000), 0, "activity", (), "步"),
}
PANELS = {"blood_pressure": ("85354-9", "血压", ("systolic", "diastolic"))}
"""Quantities that are one observation with components: LOINC code, Chinese, components."""
BY_LOINC = {one.loinc: name for name, one in QUANTITIES.items()} | {
    loinc: name for name, (loinc, _, _) in PANELS.items()
}
SAME_AS = {"59408-5": "oxygen_saturation"}
"""Other codes under which the same is sent (pulse oximetry)."""
NAMES = (*QUANTITIES, *PANELS)


def zh(code: str) -> str:
    """Return the Chinese word of a quantity or a panel."""
    return PANELS[code][1] if code in PANELS else QUANTITIES[code].zh


def loinc(code: str) -> str:
    """Return the LOINC code of a quantity or a panel."""
    return PANELS[code][0] if code in PANELS else QUANTITIES[code].loinc


def named(loinc_code: str) -> str | None:
    """Return our word for a LOINC code, None for one that we do not know."""
    return BY_LOINC.get(loinc_code) or SAME_AS.get(loinc_code)


def components(code: str) -> tuple[str, ...]:
    """Return the quantities that an observation of this code holds: those of the panel, or itself."""
    return PANELS[code][2] if code in PANELS else (code,)


def in_own_unit(quantity: str, value: float, unit: str) -> float | None:
    """Return a value in the quantity's own unit, rounded to its decimals; None where the unit is not understood."""
    told = QUANTITIES[quantity]
    if unit == told.unit:
        return value
    known = {name: (factor, offset) for name, factor, offset in told.also}
    if unit not in known:
        return None
    factor, offset = known[unit]
    return round(value * factor + offset, max(told.decimals, 1))


def is_plausible(quantity: str, value: float) -> bool:
    """Tell whether a value in the quantity's own unit is one that a living person has."""
    low, high = QUANTITIES[quantity].plausible
    return low <= value <= high
