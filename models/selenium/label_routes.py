"""What growers print, asked for over HTTP: the same for natural persons and for organisations."""

from typing import Any

from backend.http.downloads import attachment
from backend.http.route_set import Caller, RouteSet
from models.selenium import code_forms as schemas
from models.selenium import printing, roll, roll_labels
from models.selenium.producer import acting

ROUTES = RouteSet()


@ROUTES.get("/label-sheets", answers=schemas.LabelSheetList)
def list_label_sheets(_caller: Caller) -> dict[str, Any]:
    """The sheets that labels are printed on."""
    return {"items": printing.listed(), "next": None}


@ROUTES.get("/label-sheets/<sheet>/ruler.pdf", query=schemas.PrinterQuery, file="application/pdf")
def fetch_ruler(_caller: Caller, query: dict[str, Any], sheet: str) -> Any:
    """The page that is printed once and measured, to make up for a printer's stretch and offset."""
    return attachment(printing.ruler(sheet, query), name=f"校准页{sheet}.pdf", media_type="application/pdf")


@ROUTES.get("/rolls/<roll_no>/labels/<number>.png", file="image/png")
def fetch_png(caller: Caller, roll_no: str, number: str) -> Any:
    """The code of one label of a roll as a picture, counted from 1."""
    data = roll_labels.picture(roll.own(acting(caller.actor), roll_no), number, "png")
    return attachment(data, name=f"{roll_no}-{number}.png", media_type="image/png")


@ROUTES.get("/rolls/<roll_no>/labels/<number>.svg", file="image/svg+xml")
def fetch_svg(caller: Caller, roll_no: str, number: str) -> Any:
    """The code of one label of a roll as a drawing, counted from 1."""
    data = roll_labels.picture(roll.own(acting(caller.actor), roll_no), number, "svg")
    return attachment(data, name=f"{roll_no}-{number}.svg", media_type="image/svg+xml")


@ROUTES.get("/poster.png", query=schemas.PosterQuery, file="image/png")
def fetch_poster(caller: Caller, query: dict[str, str]) -> Any:
    """A poster for the farm gate, whose code leads to the producer's public page."""
    data = printing.gate(acting(caller.actor).producer, query["size"])
    return attachment(data, name="海报.png", media_type="image/png")
