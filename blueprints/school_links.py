"""Links of school enrolment: rounds and what belongs to them, applications on the phone and at the bureau, offers."""

from backend.http.links import Links

_MINI, _OFFICE, _PUBLIC = "/mini/v1/school", "/office/v1/school", "/public/v1/school"
_OWN, _SEEN = f"{_MINI}/applications/{{application_id}}", f"{_OFFICE}/applications/{{application_id}}"
_OFFER, _ROUND = f"{_MINI}/offers/{{offer_id}}", f"{_OFFICE}/rounds/{{round_id}}"
_READ = ("candidates", "districts", "plans", "report", "reviews", "undecided", "unreached")
_STEPS = ("precheck", "submit", "correct", "withdraw")

LINKS: tuple[Links, ...] = (
    Links(
        "application_id",
        sources=(
            *((f"POST {_MINI}/applications", "id"), (f"GET {_MINI}/applications", "items/0/id")),
            *((f"PUT {_OWN}/form", "id"), (f"POST {_OWN}/submit", "id"), (f"GET {_OWN}", "id")),
        ),
        targets=(
            *(f"GET {_OWN}", f"GET {_OWN}/options", f"GET {_OWN}/draw", f"GET {_OWN}/offers", f"GET {_OWN}/waiting"),
            *(f"PUT {_OWN}/form", *(f"POST {_OWN}/{step}" for step in _STEPS)),
        ),
    ),
    Links(
        "application_id",
        sources=((f"GET {_OFFICE}/applications", "items/0/id"),),
        targets=(f"GET {_SEEN}", f"GET {_SEEN}/review", f"GET {_SEEN}/locks"),
    ),
    Links(
        "offer_id",
        sources=((f"GET {_OWN}/offers", "items/0/id"), (f"POST {_OFFER}/accept", "id")),
        targets=(f"GET {_OFFER}", f"POST {_OFFER}/accept", f"POST {_OFFER}/decline", f"GET {_OFFER}/notice.pdf"),
    ),
    Links(
        "found_id",
        sources=((f"GET {_MINI}/found", "items/0/id"),),
        targets=(f"POST {_MINI}/found/{{found_id}}/guardianship",),
    ),
    Links(
        "round_id",
        sources=((f"POST {_OFFICE}/rounds", "id"), (f"GET {_OFFICE}/rounds", "items/0/id"), (f"GET {_ROUND}", "id")),
        targets=(f"GET {_ROUND}", f"PUT {_ROUND}/districts", *(f"GET {_ROUND}/{part}" for part in _READ)),
    ),
    Links(
        "round_code",
        sources=((f"GET {_PUBLIC}/rounds", "items/0/id"),),
        targets=(
            *(f"GET {_OFFICE}/rounds/{{round_code}}/board", f"GET {_OFFICE}/rounds/{{round_code}}/draw"),
            *(f"GET {_PUBLIC}/rounds/{{round_code}}/draw", f"GET {_PUBLIC}/rounds/{{round_code}}/figures"),
        ),
    ),
    Links(
        "round_id",
        sources=((f"GET {_PUBLIC}/rounds", "items/0/id"),),
        targets=tuple(f"GET {_PUBLIC}/rounds/{{round_id}}{part}" for part in ("", "/schools", "/districts")),
    ),
    Links(
        "school_id",
        sources=((f"GET {_OFFICE}/schools", "items/0/id"), (f"POST {_OFFICE}/schools", "id")),
        targets=(f"GET {_OFFICE}/schools/{{school_id}}", f"PUT {_OFFICE}/schools/{{school_id}}"),
    ),
)
