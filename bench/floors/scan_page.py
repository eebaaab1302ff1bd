"""The floor of the scan page: one indexed read, one update of count and first scan at majority, the same bytes."""

import os
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient, ReturnDocument

database: Any = MongoClient(os.environ["MONGODB_URI"], w="majority", readConcernLevel="majority").get_default_database()
PAGE = "<!doctype html><html lang=zh-CN><title>产品查验</title><body>{}</body></html>"


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    head, codes = environ["PATH_INFO"].rpartition("/")[2][:10], database["selenium_codes"]
    found = codes.find_one({"_id": head})
    change = {"$inc": {"scans": 1}, "$min": {"first_scan": datetime.now(UTC)}}
    if found:
        found = codes.find_one_and_update({"_id": head}, change, return_document=ReturnDocument.AFTER)
    body = PAGE.format(found).encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body.ljust(1)]
