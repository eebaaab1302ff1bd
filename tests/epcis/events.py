"""Events of the tests: one of each type with every field, and short ones."""

import uuid

from models.epcis import context

PREFIX = {"ex": "https://example.org/ns/"}
CONTEXT = [context.STANDARD, PREFIX]
PACK = "https://example.org/01/06901234567892/21/A{}"
LOT = "https://example.org/01/06901234567892/10/L7"
LOT_2 = "https://example.org/lot/8"
SGTIN = "urn:epc:id:sgtin:4012345.012345.{}"
BOX = "https://example.org/00/340123450000000017"
PLACE, PLACE_2 = "https://example.org/414/4012345000009", "https://example.org/place/2"
SELLER, BUYER = "https://example.org/party/seller", "https://example.org/party/buyer"


def uid() -> str:
    return uuid.uuid4().urn


def document(*events, context=CONTEXT, **more) -> dict:
    return {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T09:00:00.000+08:00",
        "epcisBody": {"eventList": list(events)},
    } | more


def short(**more) -> dict:
    """An ObjectEvent with little in it."""
    told = {
        "type": "ObjectEvent",
        "eventID": uid(),
        "eventTime": "2026-11-20T08:30:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": [PACK.format(1)],
    } | more
    return {name: part for name, part in told.items() if part is not None}


def packed(**more) -> dict:
    told = {"type": "AggregationEvent", "action": "ADD", "parentID": BOX, "childEPCs": [PACK.format(1), PACK.format(2)]}
    return short(**({"epcList": None} | told | more))


def associated(**more) -> dict:
    return packed(**({"type": "AssociationEvent"} | more))


def transformed(**more) -> dict:
    told = {
        "type": "TransformationEvent",
        "action": None,
        "inputQuantityList": [{"epcClass": LOT, "quantity": 500, "uom": "KGM"}],
        "outputEPCList": [PACK.format(1), PACK.format(2)],
    }
    return short(**({"epcList": None} | told | more))


def traded(**more) -> dict:
    told = {"type": "TransactionEvent", "bizTransactionList": [{"type": "po", "bizTransaction": "urn:example:po:1"}]}
    return short(**(told | more))


def ends(kind: str, who: str, name: str) -> dict:
    return {"type": kind, name: who}


SENSOR = {
    "sensorMetadata": {
        "time": "2026-11-20T08:00:00.000+08:00",
        "startTime": "2026-11-20T07:00:00.000+08:00",
        "endTime": "2026-11-20T08:00:00.000+08:00",
        "deviceID": "urn:epc:id:giai:4000001.111",
        "deviceMetadata": "https://example.org/device/111",
        "rawData": "https://example.org/raw/111",
        "dataProcessingMethod": "https://example.org/method/1",
        "bizRules": "https://example.org/rules/1",
        "ex:calibrated": "2026-01-01",
    },
    "sensorReport": [
        {
            "type": "Temperature",
            "value": 6.5,
            "minValue": 5,
            "maxValue": 7.25,
            "meanValue": 6.1,
            "sDev": 0.5,
            "percRank": 50,
            "percValue": 6.2,
            "uom": "CEL",
            "component": "x",
            "exception": "ALARM_CONDITION",
            "coordinateReferenceSystem": "https://example.org/crs/1",
            "ex:probe": "left",
        },
        {
            "type": "Dimensionless",
            "chemicalSubstance": "https://identifiers.org/inchikey:BUGBHKTXTAQXES-UHFFFAOYSA-N",
            "value": 0.012,
            "uom": "NA",
            "deviceID": "urn:epc:id:giai:4000001.112",
            "time": "2026-11-20T08:10:00.000+08:00",
        },
        {"type": "Count", "microorganism": "https://example.org/taxonomy/562", "value": 0, "booleanValue": False},
        {"type": "gs1:Mass", "stringValue": "重", "hexBinaryValue": "f0f0", "uriValue": "https://example.org/v/1"},
    ],
    "ex:note": {"ex:deep": ["1", {"ex:deeper": True}]},
}
COMMON = {
    "certificationInfo": ["https://example.org/cert/1", "https://example.org/cert/2"],
    "bizStep": "shipping",
    "disposition": "in_transit",
    "persistentDisposition": {"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
    "readPoint": {"id": PLACE, "ex:gate": "3"},
    "bizLocation": {"id": PLACE_2},
    "bizTransactionList": [
        {"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1618034"},
        {"bizTransaction": "https://example.org/doc/2"},
    ],
    "sourceList": [ends("owning_party", SELLER, "source"), ends("location", PLACE, "source")],
    "destinationList": [ends("possessing_party", BUYER, "destination"), ends("location", PLACE_2, "destination")],
    "sensorElementList": [SENSOR],
    "ex:float": 1.5,
    "ex:array": ["1", 2, False, {"ex:object": {"ex:n": 3}}],
    "https://example.com/own/name": "整个网址作名称",
}
QUANTITIES = [{"epcClass": LOT, "quantity": 200, "uom": "KGM"}, {"epcClass": LOT_2, "quantity": 3.5}]
ILMD = {"ex:harvested": "2026-11-18", "cbvmda:lotNumber": "L7", "ex:plot": {"ex:area": 3.2}}
FULL = {
    "ObjectEvent": lambda: short(
        **COMMON, action="ADD", epcList=[SGTIN.format(1), PACK.format(9)], quantityList=QUANTITIES, ilmd=ILMD
    ),
    "AggregationEvent": lambda: packed(**COMMON, childQuantityList=QUANTITIES),
    "TransactionEvent": lambda: traded(**COMMON, parentID=BOX, quantityList=QUANTITIES),
    "TransformationEvent": lambda: transformed(
        **COMMON,
        inputEPCList=[SGTIN.format(2)],
        outputQuantityList=[{"epcClass": LOT_2, "quantity": 1, "uom": "KGM"}],
        transformationID="urn:uuid:00000000-0000-4000-8000-000000000001",
        ilmd=ILMD,
    ),
    "AssociationEvent": lambda: associated(**COMMON, parentID=PLACE_2, childQuantityList=QUANTITIES),
}
