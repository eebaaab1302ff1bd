"""Counters and timings for `/metrics` (Prometheus). Labels hold route names and results, never ids."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "http_request_seconds",
    "Time to answer, by endpoint and status class.",
    ["endpoint", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
TASKS = Counter("outbox_tasks_total", "Outbox functions run, by name and result.", ["task", "result"])
REGISTER_ANSWERS = Counter("register_answers_total", "Answers of outside registers.", ["source", "result"])
ALARMS = Counter("alarms_total", "Conditions that a person must look at.", ["alarm"])
HOLDS_RETURNED = Counter("booking_holds_returned_total", "Pending holds without an order that the sweeper gave back.")
DRIFT = Gauge(
    "booking_drift_places", "Places by which the last recount differed from the orders.", multiprocess_mode="mostrecent"
)
CROWD_PLACES = Gauge(
    "crowd_places", "Counted places by level; unknown: no source is fresh.", ["level"], multiprocess_mode="mostrecent"
)
CROWD_APART = Gauge("crowd_places_apart", "Places whose sources disagree for too long.", multiprocess_mode="mostrecent")
CROWD_FOLDED = Counter("crowd_scans_folded_total", "Scans of gates that the number inside was told of.")
