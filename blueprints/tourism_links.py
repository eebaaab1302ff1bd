"""Links of tourism and sport: waiting lists, itineraries, the guide, content, crowds, courts, windows, refund work."""

from backend.http.links import Links

_MINI, _OFFICE, _PUBLIC = "/mini/v1", "/office/v1", "/public/v1"
_ORDER, _ITINERARY = f"{_MINI}/orders/{{order_id}}", f"{_MINI}/itineraries/{{itinerary_id}}"
_WAITING, _BOOKING = f"{_MINI}/waiting/{{entry_id}}", f"{_MINI}/sport/bookings/{{order_id}}"
_ITEM, _WORK = f"{_OFFICE}/content/items/{{item_id}}", f"{_OFFICE}/content/work"
_CLOSURE, _WINDOW = f"{_OFFICE}/sport/closures/{{closure_id}}", f"{_OFFICE}/window-orders/{{order_id}}"
_REFUND, _JOB = f"{_OFFICE}/refund-work/{{refund_id}}", f"GET {_OFFICE}/jobs/{{job_id}}"
_PLACE, _VENUE = f"{_OFFICE}/places/{{place_id}}", f"{_OFFICE}/sport/venues/{{place_id}}"
_RESOURCE = f"{_PLACE}/resources/{{code}}"
_GUIDE = tuple(
    Links(
        f"{one}_id",
        sources=((f"GET {_MINI}/guide/{one}s", "items/0/id"),),
        targets=(f"GET {_MINI}/guide/{one}s/{{{one}_id}}",),
    )
    for one in ("point", "route", "exhibit")
)
_MADE = tuple((f"POST {_OFFICE}/guide/{one}s", "id") for one in ("point", "route", "exhibit"))
_WRITING = tuple(f"POST {_ITEM}/{verb}" for verb in ("revisions", "rollback", "submit"))
_STEPS = (*(f"POST {_ITEM}/{step}-review" for step in ("first", "second", "final")), f"POST {_ITEM}/publish")
_CHANGED = ("daily-caps", "hours", "plan", "prices", "refund-rule")
_PRESENT = tuple(f"GET {_PLACE}/{part}" for part in ("readiness", "resources", "limits", "waiting", "zones"))

VISITORS: tuple[Links, ...] = (
    Links(
        "entry_id",
        sources=((f"POST {_MINI}/waiting", "id"), (f"GET {_MINI}/waiting", "items/0/id")),
        targets=(f"POST {_WAITING}/accept", f"POST {_WAITING}/give-up"),
    ),
    Links("order_id", sources=((f"POST {_WAITING}/accept", "id"),), targets=(f"GET {_ORDER}",)),
    Links(
        "itinerary_id",
        sources=((f"POST {_MINI}/itineraries", "id"), (f"GET {_MINI}/itineraries", "items/0/id")),
        targets=(f"GET {_ITINERARY}", f"PUT {_ITINERARY}/share", f"DELETE {_ITINERARY}/share", f"DELETE {_ITINERARY}"),
    ),
    Links(
        "code",
        sources=((f"PUT {_ITINERARY}/share", "share_code"),),
        targets=(f"GET {_MINI}/shared-itineraries/{{code}}",),
    ),
    Links(
        "curated_id",
        sources=((f"GET {_MINI}/curated-itineraries", "items/0/id"),),
        targets=(f"GET {_MINI}/curated-itineraries/{{curated_id}}",),
    ),
    *_GUIDE,
    Links(
        "place_id",
        sources=((f"GET {_MINI}/crowd", "items/0/place_id"),),
        targets=(f"GET {_MINI}/crowd/{{place_id}}", f"GET {_PUBLIC}/crowd/{{place_id}}"),
    ),
    Links(
        "place_id",
        sources=((f"GET {_MINI}/sport/venues", "items/0/id"),),
        targets=(f"GET {_MINI}/sport/venues/{{place_id}}/board", f"GET {_PUBLIC}/sport/venues/{{place_id}}/water"),
    ),
    Links(
        "slot_id",
        sources=((f"GET {_PUBLIC}/sport/slots", "items/0/id"),),
        targets=(f"GET {_MINI}/sport/quote", f"GET {_MINI}/slots/{{slot_id}}"),
    ),
    Links("", sources=((f"GET {_MINI}/sport/quote", ""),), targets=(f"POST {_MINI}/sport/bookings",)),
    Links(
        "order_id",
        sources=((f"POST {_MINI}/sport/bookings", "id"), (f"GET {_BOOKING}", "id")),
        targets=(f"GET {_BOOKING}", *(f"POST {_ORDER}/{verb}" for verb in ("payment", "payment-check", "cancel"))),
    ),
    Links(
        "mark",
        sources=((f"GET {_MINI}/no-shows", "items/0/id"),),
        targets=(f"POST {_MINI}/no-shows/{{mark}}/objection", f"POST {_OFFICE}/no-shows/{{mark}}/lift"),
    ),
)
CONTENT: tuple[Links, ...] = (
    Links(
        "item_id",
        sources=(*_MADE, (f"GET {_OFFICE}/content/items", "items/0/id"), (f"GET {_ITEM}", "id")),
        targets=(
            f"GET {_ITEM}",
            f"GET {_ITEM}/counts",
            f"GET {_ITEM}/differences",
            *_WRITING,
            f"POST {_ITEM}/withdraw",
        ),
    ),
    Links(
        "item_id",
        sources=((f"POST {_ITEM}/revisions", "id"),),
        targets=(f"GET {_ITEM}/revisions/{{number}}", f"POST {_ITEM}/submit"),
    ),
    *(
        Links(
            "item_id",
            sources=((f"GET {_WORK}/{step}-review", "items/0/id"),),
            targets=(f"POST {_ITEM}/{step}-review", f"GET {_ITEM}"),
        )
        for step in ("first", "second", "final")
    ),
    Links("item_id", sources=((f"POST {_ITEM}/submit", "id"),), targets=_STEPS),
    Links(
        "item_id",
        sources=((f"GET {_WORK}/approved", "items/0/id"),),
        targets=(f"POST {_ITEM}/publish", f"POST {_ITEM}/send-back"),
    ),
    Links(
        "job_id",
        sources=((f"POST {_OFFICE}/guide/codes", "job_id"),),
        targets=(f"GET {_OFFICE}/guide/codes/jobs/{{job_id}}",),
    ),
)
COUNTERS: tuple[Links, ...] = (
    Links(
        "order_id",
        sources=((f"POST {_OFFICE}/window-orders", "id"), (f"GET {_WINDOW}", "id")),
        targets=(f"GET {_WINDOW}", f"POST {_WINDOW}/cancel", f"POST {_OFFICE}/orders/{{order_id}}/cancel"),
    ),
    Links(
        "ticket_id",
        sources=((f"GET {_WINDOW}", "tickets/0/id"), (f"POST {_OFFICE}/window-orders", "tickets/0/id")),
        targets=(f"GET {_OFFICE}/window-tickets/{{ticket_id}}/slip.png",),
    ),
    Links(
        "job_id",
        sources=((f"POST {_OFFICE}/closings", "id"),),
        targets=(f"GET {_OFFICE}/closings/{{job_id}}",),
    ),
    Links(
        "job_id",
        sources=(
            *((f"PUT {_PLACE}/{part}", "job_id") for part in _CHANGED),
            *((f"PUT {_RESOURCE}/{part}", "job_id") for part in ("plan", "prices")),
        ),
        targets=(_JOB,),
    ),
    Links(
        "closure_id",
        sources=(
            (f"POST {_OFFICE}/sport/closures", "id"),
            (f"GET {_VENUE}/closures", "items/0/id"),
            (f"POST {_CLOSURE}/confirm", "id"),
        ),
        targets=(f"GET {_CLOSURE}", f"POST {_CLOSURE}/confirm", f"POST {_CLOSURE}/reopen"),
    ),
    Links("place_id", sources=((f"GET {_OFFICE}/places", "items/0/id"),), targets=_PRESENT),
    Links(
        "slot_id",
        sources=((f"GET {_PLACE}/slots", "items/0/id"),),
        targets=(f"PUT {_OFFICE}/slots/{{slot_id}}/quota",),
    ),
    Links(
        "refund_id",
        sources=((f"GET {_OFFICE}/refund-work", "items/0/id"), (f"POST {_REFUND}/claim", "id")),
        targets=(
            f"GET {_REFUND}",
            *(f"POST {_REFUND}/{verb}" for verb in ("claim", "release", "refresh", "retry", "resume")),
            *(f"POST {_REFUND}/{verb}" for verb in ("bank-card", "merchant-account", "payout")),
        ),
    ),
    Links(
        "place_id",
        sources=((f"GET {_OFFICE}/crowd", "items/0/place_id"),),
        targets=(
            *(f"GET {_PLACE}/crowd{part}" for part in ("", "/limits", "/records")),
            *(f"POST {_PLACE}/crowd/{part}" for part in ("headcounts", "limits")),
            *(f"{verb} {_PLACE}/crowd/override" for verb in ("PUT", "DELETE")),
        ),
    ),
    Links(
        "source_id",
        sources=((f"GET {_PLACE}/crowd", "sources/0/id"),),
        targets=(f"PUT {_PLACE}/crowd/sources/{{source_id}}",),
    ),
    Links(
        "place_id",
        sources=((f"GET {_PLACE}/crowd", "place_id"),),
        targets=(f"PUT {_PLACE}/crowd/sources/{{source_id}}",),
    ),
    Links(
        "device_id",
        sources=((f"POST {_OFFICE}/devices", "id"),),
        targets=(f"PUT {_OFFICE}/devices/{{device_id}}/post",),
    ),
    Links(
        "notice_id",
        sources=((f"GET {_OFFICE}/message-problems", "items/0/id"),),
        targets=(f"POST {_OFFICE}/message-problems/{{notice_id}}/retry",),
    ),
)
NEXT: tuple[Links, ...] = tuple(
    Links("", sources=((source, ""),), targets=targets)
    for source, targets in (
        (f"GET {_MINI}/waiting", (f"POST {_MINI}/waiting",)),
        (f"GET {_MINI}/itineraries", (f"POST {_MINI}/itineraries",)),
        (f"GET {_MINI}/sport/venues", (f"POST {_MINI}/sport/bookings",)),
        (f"GET {_OFFICE}/crowd", (f"POST {_OFFICE}/closings/preview", f"POST {_OFFICE}/closings")),
        (f"GET {_OFFICE}/places", (f"POST {_OFFICE}/window-orders", f"POST {_OFFICE}/sport/closures")),
        (f"GET {_OFFICE}/devices", (f"POST {_OFFICE}/devices",)),
    )
)
"""What is looked at before it is made."""
LINKS: tuple[Links, ...] = (*VISITORS, *CONTENT, *COUNTERS, *NEXT)
