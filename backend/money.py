"""Amounts are whole 分 everywhere; this is how persons and banks read them."""


def yuan(fen: int) -> str:
    """Write an amount of 分 in 元, with two digits after the point: 6000 is `60.00`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
