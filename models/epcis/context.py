"""What names mean: the prefixes that a document declares, and the JSON-LD context of the standard, served from here.

The context is built from the vocabulary tables; nothing is fetched from anywhere, whatever a document points to.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from models.epcis import vocabulary
from models.epcis.vocabulary import Vocabulary

STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EPCIS = "https://ref.gs1.org/epcis/"
KNOWN_PREFIXES = {
    "epcis": EPCIS,
    "cbv": vocabulary.WEB,
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": vocabulary.GS1_WEB,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
_TIMES = ["eventTime", "recordTime", "declarationTime", "time", "startTime", "endTime", "creationDate"]
_IDS = [
    "parentID",
    "eventID",
    "transformationID",
    "bizTransaction",
    "source",
    "destination",
    "epcClass",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "bizRules",
    "microorganism",
    "chemicalSubstance",
    "coordinateReferenceSystem",
]
_LISTS = ["epcList", "childEPCs", "inputEPCList", "outputEPCList", "correctiveEventIDs", "certificationInfo"]
_PARTS = [
    "quantityList",
    "childQuantityList",
    "inputQuantityList",
    "outputQuantityList",
    "bizTransactionList",
    "sourceList",
    "destinationList",
    "sensorElementList",
    "sensorReport",
    "eventList",
]
_PLAIN = ["action", "eventTimeZoneOffset", "uom", "schemaVersion", "stringValue", "hexBinaryValue"]
_PLACES = [
    "readPoint",
    "bizLocation",
    "persistentDisposition",
    "errorDeclaration",
    "ilmd",
    "sensorMetadata",
    "epcisBody",
    "epcisHeader",
]
_NUMBERS = ["quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"]


def prefixes(context: Any) -> dict[str, str]:
    """Return the prefixes that an `@context` declares itself; addresses in it are names, never followed."""
    parts = context if isinstance(context, list) else [context]
    found: dict[str, str] = {}
    for part in parts:
        if isinstance(part, Mapping):
            found |= {name: told for name, told in part.items() if isinstance(told, str) and not name.startswith("@")}
    return found


def joined(contexts: Iterable[Mapping[str, str]]) -> dict[str, str] | None:
    """Return all prefixes together, None where one name means two things."""
    found: dict[str, str] = {}
    for one in contexts:
        if any(found.get(name, told) != told for name, told in one.items()):
            return None
        found |= one
    return found


def document() -> dict[str, Any]:
    """Return the JSON-LD context of the standard's names."""
    xsd = KNOWN_PREFIXES["xsd"]
    terms: dict[str, Any] = {"@version": 1.1, **KNOWN_PREFIXES, "id": "@id", "type": "@type"}
    kinds = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
    terms |= {kind: f"{EPCIS}{kind}" for kind in (*kinds, "EPCISDocument", "EPCISQueryDocument")}
    terms |= {name: f"{EPCIS}{name}" for name in (*_PLAIN, *_PLACES)}
    terms |= {name: {"@id": f"{EPCIS}{name}", "@type": f"{xsd}dateTimeStamp"} for name in _TIMES}
    terms |= {name: {"@id": f"{EPCIS}{name}", "@type": f"{xsd}decimal"} for name in _NUMBERS}
    terms |= {name: {"@id": f"{EPCIS}{name}", "@type": "@id"} for name in _IDS}
    terms |= {name: {"@id": f"{EPCIS}{name}", "@type": "@id", "@container": "@set"} for name in _LISTS}
    terms |= {name: {"@id": f"{EPCIS}{name}", "@container": "@set"} for name in _PARTS}
    terms["booleanValue"] = {"@id": f"{EPCIS}booleanValue", "@type": f"{xsd}boolean"}
    terms["uriValue"] = {"@id": f"{EPCIS}uriValue", "@type": f"{xsd}anyURI"}
    terms["bizStep"] = _of("bizStep", vocabulary.BIZ_STEPS)
    terms["disposition"] = _of("disposition", vocabulary.DISPOSITIONS)
    terms["set"] = _of("set", vocabulary.DISPOSITIONS, many=True)
    terms["unset"] = _of("unset", vocabulary.DISPOSITIONS, many=True)
    terms["reason"] = _of("reason", vocabulary.ERROR_REASONS)
    terms["component"] = _of("component", vocabulary.COMPONENTS)
    terms["exception"] = _of("exception", vocabulary.ALERT_TYPES)
    for name, words in (
        ("bizTransactionList", vocabulary.BIZ_TRANSACTION_TYPES),
        ("sourceList", vocabulary.SOURCE_DEST_TYPES),
        ("destinationList", vocabulary.SOURCE_DEST_TYPES),
        ("sensorReport", vocabulary.MEASUREMENT_TYPES),
    ):
        terms[name] = {**terms[name], "@context": {"type": _of("type", words)}}
    return {"@context": terms}


def _of(name: str, words: Vocabulary, *, many: bool = False) -> dict[str, Any]:
    known = {word: f"{words.web}{word}" for word in sorted(words.words)}
    told: dict[str, Any] = {"@id": f"{EPCIS}{name}", "@type": "@vocab", "@context": known}
    return {**told, "@container": "@set"} if many else told
