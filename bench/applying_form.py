"""What the families of `applying` write: the round, and the forms that a draft goes through."""

from typing import Any

ROUND = "2027-primary"
SAVES = 4
PHONES = "1380013{number:04d}"


def variant(form: dict[str, Any], number: int) -> dict[str, Any]:
    """Return one of the forms that a draft goes through: each differs from each.

    The last one tells nothing for a person to check: where the registers agree, nobody has to.
    """
    choices = form["choices"]
    turned = choices[number % len(choices) :] + choices[: number % len(choices)]
    told = [{"point": "household", "text": f"第{number}次填写", "files": []}] if number != SAVES - 1 else []
    return {**form, "choices": turned, "phone": PHONES.format(number=number), "told": told}
