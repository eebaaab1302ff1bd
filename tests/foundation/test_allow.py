"""`Allow` names what the path takes that was asked for, not what a wider rule takes."""

import pytest


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/office/v1/orders/exports", {"OPTIONS", "POST"}),
        ("/mini/v1/companions/from-relation", {"OPTIONS", "POST"}),
        ("/mini/v1/consents/records", {"GET", "HEAD", "OPTIONS"}),
        ("/mini/v1/companions", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_a_refused_method_is_told_which_ones_are_taken(app, path, methods):
    answer = app.test_client().open(path, method="PATCH")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == methods


def test_a_path_of_nothing_has_none(app):
    answer = app.test_client().open("/nowhere", method="PATCH")
    assert (answer.status_code, answer.headers.get("Allow")) == (404, None)
