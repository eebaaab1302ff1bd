"""Repeats a published draw with nothing but Python: python verify_draw.py FOLDER

FOLDER holds what was published: list.csv, places.csv, rules.txt, digests.txt, seed.txt. The program checks the digests,
computes every lot and the whole placement again, and writes them to verified.csv. If the folder also holds result.csv,
both must be the same, byte for byte. It ends with 0, or with 1 and a sentence that says what differs.

A lot is the HMAC-SHA256 of a pseudonym, keyed with the seed; those of a group have the lot of their smallest
pseudonym, are placed together, and take one seat. At a place a smaller priority comes first, then a smaller lot. Of
each class with reserved seats the best get these; then the best of all others get the seats that are left.
"""

import csv
import hashlib
import hmac
import io
import sys
from pathlib import Path


class Wrong(Exception):
    """Something published does not fit; the sentence says what."""


def table(content, head):
    first, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    if ",".join(first) != head:
        raise Wrong(f"a file should begin with the line {head}")
    return rows


def numbered(text):
    return [(name, int(number)) for name, number in (part.split(":") for part in text.split())]


def check_digests(folder):
    told = dict(reversed(line.split("  ")) for line in (folder / "digests.txt").read_text("utf-8").splitlines())
    for name in ("list.csv", "places.csv", "rules.txt"):
        if name not in told:
            raise Wrong(f"digests.txt does not name {name}")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != told[name]:
            raise Wrong(f"{name} is not the file whose digest was published")


def read_units(content, seed, places):
    """Who is placed together: members, lot, class, wishes."""
    together = {}
    for pseudonym, group, reserve, choices in table(content, "pseudonym,group,reserve,choices"):
        unit = together.setdefault(("group", group) if group else ("alone", pseudonym), {"members": []})
        unit["members"].append(pseudonym)
        told = {"reserve": reserve, "wishes": numbered(choices), "there": dict(numbered(choices))}
        if not told["there"].keys() <= places.keys() or any(unit.get(name, told[name]) != told[name] for name in told):
            raise Wrong(f"list.csv: {pseudonym} names an unknown place, or differs from others of the group")
        unit.update(told, place="-", choice="-")
    for unit in together.values():
        smallest = min(unit["members"])
        lot = hmac.new(seed.encode(), smallest.encode(), hashlib.sha256).hexdigest()
        unit.update(lot=lot, order=(lot, smallest))
    return list(together.values())


def best(asking, place, seats, reserves):
    """Split those who ask a place into who gets a seat, with the class of a reserved one, and who does not."""
    asking = sorted(asking, key=lambda unit: (unit["there"][place], unit["order"]))
    used, inside, rest = dict.fromkeys(reserves, 0), [], []
    for unit in asking:
        own = unit["reserve"]
        if used.get(own, 0) < reserves.get(own, 0):
            used[own] += 1
            inside.append((unit, own))
        else:
            rest.append(unit)
    left = seats - len(inside)
    return inside + [(unit, "") for unit in rest[:left]], rest[left:]


def deferred_acceptance(units, places):
    """Ask in rounds; a place keeps the best of all who have asked, and the others ask on."""
    held = {place: [] for place in places}
    asked = {id(unit): 0 for unit in units}
    free = units
    while free:
        asking = {place: list(inside) for place, inside in held.items()}
        for unit in free:
            if asked[id(unit)] < len(unit["wishes"]):
                asking[unit["wishes"][asked[id(unit)]][0]].append(unit)
                asked[id(unit)] += 1
        free = []
        for place, (seats, reserves) in places.items():
            inside, outside = best(asking[place], place, seats, reserves)
            held[place] = [unit for unit, _ in inside]
            free += outside
    return held


def immediate_acceptance(units, places):
    """Give the seats for good, wish after wish; reserved seats that a class leaves in a step go to the others."""
    held, free = {place: [] for place in places}, list(units)
    left = {place: {"": seats - sum(some.values()), **some} for place, (seats, some) in places.items()}
    for step in range(max((len(unit["wishes"]) for unit in units), default=0)):
        for place, parts in left.items():
            asking = [unit for unit in free if len(unit["wishes"]) > step and unit["wishes"][step][0] == place]
            own_parts = {name: some for name, some in parts.items() if name}
            inside, _ = best(asking, place, sum(parts.values()), own_parts)
            for unit, own in inside:
                part = own or next(name for name, some in parts.items() if some)
                parts[part] -= 1
                held[place].append(unit)
        taken = {id(unit) for inside in held.values() for unit in inside}
        free = [unit for unit in free if id(unit) not in taken]
    return held


def repeat(folder):
    """The bytes of the result, from what was published before the draw and the seed."""
    check_digests(folder)
    seed = (folder / "seed.txt").read_bytes().decode().removesuffix("\n")
    rows = table((folder / "places.csv").read_bytes(), "code,name,seats,reserves")
    places = {code: (int(seats), dict(numbered(reserves))) for code, _, seats, reserves in rows}
    units = read_units((folder / "list.csv").read_bytes(), seed, places)
    rule = (folder / "rules.txt").read_text("utf-8").split("\n")[0]
    rules = {"deferred_acceptance": deferred_acceptance, "immediate_acceptance": immediate_acceptance}
    if rule.removeprefix("mechanism: ") not in rules:
        raise Wrong("rules.txt names no mechanism that this program knows")
    for place, inside in rules[rule.removeprefix("mechanism: ")](units, places).items():
        for unit in inside:
            unit.update(place=place, choice=[code for code, _ in unit["wishes"]].index(place) + 1)
    lines = (f"{one},{u['lot']},{u['place']},{u['choice']}\n" for u in units for one in u["members"])
    return ("pseudonym,lot,place,choice\n" + "".join(sorted(lines, key=lambda line: line.split(",")[0]))).encode()


def main(folder):
    try:
        found = repeat(folder)
        (folder / "verified.csv").write_bytes(found)
        theirs = (folder / "result.csv").read_bytes() if (folder / "result.csv").exists() else found
    except (Wrong, OSError, ValueError, csv.Error) as error:
        sys.stdout.write(f"differs: {error}\n")
        return 1
    if theirs != found:
        sys.stdout.write("differs: result.csv is not what the published files and the seed give; see verified.csv\n")
        return 1
    sys.stdout.write("the same: every lot and every place follows from the published files and the seed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
