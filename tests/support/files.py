"""Files as clients send them, and files that no client should send."""

import hashlib
import io
import struct
import uuid
import zipfile
import zlib

import openpyxl
from PIL import Image

PART = 384 << 10
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GPS = {1: "N", 2: (25.0, 57.0, 1.0), 3: "E", 4: (115.0, 24.0, 1.0)}


def png(size=(40, 30), colour="red") -> bytes:
    return saved(Image.new("RGB", size, colour), "PNG")


def saved(picture: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def noise(side: int) -> bytes:
    """A picture that does not shrink: about three bytes a pixel."""
    return saved(Image.effect_noise((side, side), 90).convert("RGB"), "PNG")


def photo(size=(40, 30)) -> bytes:
    """A JPEG as a phone takes it: lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825).update(GPS)
    return saved(Image.new("RGB", size, "blue"), "JPEG", exif=exif, comment=b"written by hand")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flood(side: int) -> bytes:
    """A real one-bit PNG of `side` × `side` pixels in a few hundred kilobytes."""
    packer, row = zlib.compressobj(9), b"\x00" + bytes((side + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = (png_chunk(b"IHDR", head), png_chunk(b"IDAT", packed), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def zipped(entries: dict[str, bytes], *, packed=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def entries(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sheet(*lines) -> bytes:
    """A workbook with these rows, the header first; a text that begins with `=` is a formula."""
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(workbook: bytes, page: int = 0) -> list[list]:
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    return [list(row) for row in book.worksheets[page].iter_rows(values_only=True)]


def pdf(body: bytes = b"", *, more: bytes = b"") -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + more + b">>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" + body + b"trailer << /Root 1 0 R >>\n"
        b"startxref\n9\n%%EOF\n"
    )


def object_stream(inside: bytes, head: bytes = b"/Filter /FlateDecode") -> bytes:
    packed = zlib.compress(inside) if b"Flate" in head else inside
    told = b"3 0 obj\n<< /Type /ObjStm /N 1 /First 4 " + head + b" /Length %d >>\n" % len(packed)
    return told + b"stream\n" + packed + b"\nendstream\nendobj\n"


def announce(client, surface: str, content: bytes, *, name="x.png", media_type="image/png", purpose="case_attachment"):
    told = {"name": name, "media_type": media_type, "size": len(content), "purpose": purpose}
    return client.post(f"/{surface}/v1/files", told | {"sha256": hashlib.sha256(content).hexdigest()})


def send_part(client, surface: str, file_id: str, number, content: bytes):
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/octet-stream"}
    return client.client.put(f"/{surface}/v1/files/{file_id}/parts/{number}", data=content, headers=headers)


def send_parts(client, surface: str, file_id: str, content: bytes) -> None:
    for number in range(-(-len(content) // PART)):
        answer = send_part(client, surface, file_id, number, content[number * PART : (number + 1) * PART])
        assert answer.status_code == 204, answer.json


def upload(client, surface: str, content: bytes, **told):
    """Send a file in parts and return the answer of its completion."""
    opened = announce(client, surface, content, **told)
    assert opened.status_code == 201, opened.json
    send_parts(client, surface, opened.json["id"], content)
    return client.post(f"/{surface}/v1/files/{opened.json['id']}/complete")


def send_sheet(clerk, kind: str, content: bytes | None, *, name="x.xlsx", media_type=XLSX, **form):
    data = dict(form)
    if content is not None:
        data["file"] = (io.BytesIO(content), name, media_type)
    headers = {"Authorization": f"Bearer {clerk.token}", "X-Request-Id": uuid.uuid4().hex}
    return clerk.client.post(f"/office/v1/sheets/{kind}/imports", data=data, headers=headers)


def outcome(call, *refusals) -> str:
    """Return `taken`, or the sentence of the refusal; any other error comes through."""
    try:
        call()
    except refusals as refusal:
        return refusal.message()
    return "taken"
