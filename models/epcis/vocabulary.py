"""The words of the Core Business Vocabulary 2.0, in each of the forms in which they come.

    shipping    https://ref.gs1.org/cbv/BizStep-shipping    cbv:BizStep-shipping    urn:epcglobal:cbv:bizstep:shipping

are one word. A URI of another namespace is somebody's own word and stays as it is.
"""

from dataclasses import dataclass

WEB, GS1_WEB = "https://ref.gs1.org/cbv/", "https://gs1.org/voc/"
URN = "urn:epcglobal:cbv:"


@dataclass(frozen=True)
class Vocabulary:
    """One list of words; `web` and `urn` are what stands before a word in its two long forms."""

    name: str
    words: frozenset[str]
    web: str
    urn: str = ""
    curie: str = ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _cbv(name: str, web: str, urn: str, text: str) -> Vocabulary:
    return Vocabulary(name, _words(text), f"{WEB}{web}-", f"{URN}{urn}:", f"cbv:{web}-")


BIZ_STEPS = _cbv(
    "bizStep",
    "BizStep",
    "bizstep",
    "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting"
    " decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting"
    " installing killing loading other packing picking receiving removing repackaging repairing replacing reserving"
    " retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting"
    " unloading unpacking void_shipping",
)
DISPOSITIONS = _cbv(
    "disposition",
    "Disp",
    "disp",
    "active available completeness_inferred completeness_verified conformant container_closed container_open damaged"
    " destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance"
    " mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed"
    " recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown",
)
BIZ_TRANSACTION_TYPES = _cbv(
    "bizTransactionType",
    "BTT",
    "btt",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)
SOURCE_DEST_TYPES = _cbv("sourceDestType", "SDT", "sdt", "location owning_party possessing_party")
ERROR_REASONS = _cbv("errorReason", "ER", "er", "did_not_occur incorrect_data")
COMPONENTS = _cbv(
    "component",
    "Comp",
    "comp",
    "altitude axial_distance azimuth easting elevation_angle height latitude longitude northing polar_angle"
    " spherical_radius x y z",
)
MEASUREMENT_TYPES = Vocabulary(
    "measurementType",
    _words(
        "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance"
        " AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance"
        " Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity"
        " ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency"
        " Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux"
        " LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration"
        " MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power"
        " Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle"
        " SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate"
        " VolumeFraction VolumetricFlux Wavenumber"
    ),
    GS1_WEB,
    curie="gs1:",
)
ALERT_TYPES = Vocabulary("sensorAlertType", _words("ALARM_CONDITION ERROR_CONDITION"), GS1_WEB, curie="gs1:")


def bare(vocabulary: Vocabulary, told: str) -> str:
    """Return a standard word without what stands before it, and any other text as it is."""
    for before in (vocabulary.web, vocabulary.urn, vocabulary.curie):
        if before and told.startswith(before):
            return told[len(before) :]
    return told


def is_known(vocabulary: Vocabulary, told: str) -> bool:
    """Tell whether a text is a word of the vocabulary, or a URI that is somebody's own word."""
    word = bare(vocabulary, told)
    if word in vocabulary.words:
        return True
    return word == told and ":" in told and not told.startswith((WEB, URN, "cbv:"))
