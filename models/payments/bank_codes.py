"""Why a payment did not arrive, as the bank codes it."""

CODES = {
    "no_account": "没有可用的收款账号",
    "account_not_found": "账号不存在",
    "account_closed": "账户已销户",
    "dormant": "账户长期未用,已转为睡眠户",
    "frozen": "账户已被冻结",
    "name_mismatch": "户名与账号不符",
    "limit": "超过账户的收款限额",
    "reversed": "银行入账后又退回(冲正)",
    "other": "银行未说明原因",
}


def known(code: str) -> str:
    """Return a code of the table: the bank's, or `other` for one that nobody agreed on."""
    return code if code in CODES else "other"


def why_zh(code: str) -> str:
    """Return why a payment did not arrive, in words."""
    return CODES[known(code)]
