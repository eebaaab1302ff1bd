"""The usual path to a sheet of labels: qrcode with its automatic mask, ten pixels a module, PIL, reportlab."""

from collections.abc import Sequence
from io import BytesIO

import qrcode
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from backend.labels.label import Label
from backend.labels.layout import Layout

CODE_MM, TEXT_SIZE, LEADING_MM = 22, 7, 3.2


def write(layout: Layout, labels: Sequence[Label]) -> bytes:
    """Return the labels as PDF; the font is named and not embedded, as most do it."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number, label in enumerate(labels):
        position = number % layout.per_page
        if number and not position:
            canvas.showPage()
        if not position:
            canvas.setFont("STSong-Light", TEXT_SIZE)
        x, y = layout.place(position)
        left, top = x * mm, A4[1] - y * mm
        code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=10, border=4)
        code.add_data(label.payload)
        picture = ImageReader(code.make_image().get_image())
        canvas.drawImage(picture, left + mm, top - (CODE_MM + 1) * mm, CODE_MM * mm, CODE_MM * mm)
        for line, text in enumerate((*label.lines, label.serial), 1):
            canvas.drawString(left + (CODE_MM + 1.5) * mm, top - (2 + line * LEADING_MM) * mm, text)
    canvas.save()
    return out.getvalue()
