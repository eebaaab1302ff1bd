"""Printed pages as a scanner sees them: PDF as pictures, the codes in them, their fonts and texts."""

from io import BytesIO

import pypdfium2
import zxingcpp
from pypdf import PdfReader

QR = zxingcpp.BarcodeFormat.QRCode


def pictures(content, dpi=300):
    """Return the pages of a PDF as pictures."""
    return [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(content)]


def codes(picture):
    """Return the QR codes of a picture."""
    return zxingcpp.read_barcodes(picture, formats=QR)


def payloads(content, dpi=300):
    """Return what the codes of a PDF say, in no order."""
    return [code.text for picture in pictures(content, dpi) for code in codes(picture)]


def corner(code, dpi=300):
    """Return the upper left corner of a code, without its quiet zone, in millimetres."""
    return code.position.top_left.x * 25.4 / dpi, code.position.top_left.y * 25.4 / dpi


def side(code, dpi=300):
    """Return the printed side of a code, without its quiet zone, in millimetres."""
    return (code.position.top_right.x - code.position.top_left.x) * 25.4 / dpi


def text(content, page=None):
    """Return the text that a reader copies out of a page, or of all."""
    document = pypdfium2.PdfDocument(content)
    chosen = range(len(document)) if page is None else [page]
    return "\n".join(document[number].get_textpage().get_text_bounded().replace("\r\n", "\n") for number in chosen)


def embedded_fonts(content):
    """Return the embedded font files by name; None for a font that is only named."""
    found = {}
    for page in PdfReader(BytesIO(content)).pages:
        for font in (page["/Resources"].get("/Font") or {}).values():
            glyphs = font.get_object()["/DescendantFonts"][0].get_object()
            file = glyphs["/FontDescriptor"].get_object().get("/FontFile3")
            found[str(glyphs["/BaseFont"])] = file.get_object().get_data() if file else None
    return found
