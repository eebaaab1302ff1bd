"""Links of 雩企通: a policy from its draft to its runs and offers, a firm and its file."""

from backend.http.links import Links

_OFFICE, _FIRM = "/office/v1/enterprise", "/enterprise/v1"
_POLICY, _RUN = f"{_OFFICE}/policies/{{policy_code}}", f"{_OFFICE}/runs/{{run_id}}"
_CASE = f"{_FIRM}/cases/{{case_id}}"
_MOVES = ("propose", "open", "close", "try", "runs", "comparisons")

LINKS: tuple[Links, ...] = (
    Links(
        "policy_code",
        sources=((f"POST {_OFFICE}/policies", "code"), (f"GET {_OFFICE}/policies", "items/0/code")),
        targets=(
            *(f"GET {_POLICY}", f"PUT {_POLICY}", f"PUT {_POLICY}/conditions", f"PUT {_POLICY}/budget"),
            *(f"POST {_POLICY}/{move}" for move in _MOVES),
            *(f"GET {_POLICY}/{part}" for part in ("runs", "offers", "confirmed-offers", "comparisons")),
        ),
    ),
    Links(
        "run_id",
        sources=((f"POST {_POLICY}/runs", "id"), (f"GET {_POLICY}/runs", "items/0/id")),
        targets=(f"GET {_RUN}", f"GET {_RUN}/findings"),
    ),
    Links(
        "credit_code",
        sources=((f"POST {_OFFICE}/firms", "credit_code"), (f"GET {_OFFICE}/firms", "items/0/credit_code")),
        targets=(f"GET {_OFFICE}/firms/{{credit_code}}",),
    ),
    Links(
        "policy_code",
        sources=((f"GET {_FIRM}/policies", "items/0/code"),),
        targets=(f"GET {_FIRM}/policies/{{policy_code}}/verdict",),
    ),
    Links(
        "item_code",
        sources=((f"GET {_FIRM}/service-items", "items/0/code"),),
        targets=(
            *(f"GET {_FIRM}/service-items/{{item_code}}", f"GET {_FIRM}/service-items/{{item_code}}/materials"),
            *(f"PUT {_FIRM}/service-items/{{item_code}}/draft", f"POST {_FIRM}/service-items/{{item_code}}/cases"),
        ),
    ),
    Links(
        "case_id",
        sources=((f"POST {_FIRM}/service-items/{{item_code}}/cases", "id"), (f"GET {_FIRM}/cases", "items/0/id")),
        targets=(
            *(f"GET {_CASE}", f"GET {_CASE}/materials", f"POST {_CASE}/withdraw", f"POST {_CASE}/rating"),
            f"POST {_CASE}/appeal",
        ),
    ),
    Links(
        "offer_id",
        sources=((f"GET {_FIRM}/offers", "items/0/id"),),
        targets=(f"POST {_FIRM}/offers/{{offer_id}}/confirm",),
    ),
)
