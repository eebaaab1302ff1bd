"""Audio: looked through to its last byte, so that its length is known before anybody plays it.

What a recorder writes beside the sound (titles, pictures, the place where it was taken) is taken out of MP3 and M4A;
the comments of Ogg stay, because its pages are summed over them.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from backend.uploads.errors import AudioTooLong, FileBroken, FileTypeWrong

MOST_SECONDS = 30 * 60
_MOST_TAIL = 8 << 10
"""Bytes behind the last frame that are taken for tags and dropped."""
_FEWEST_FRAMES = 3
_MPEG1, _MPEG2 = 3, 2
_RATES = {_MPEG1: (44100, 48000, 32000), _MPEG2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS = {
    _MPEG1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    _MPEG2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_TOLD_BESIDE = {b"udta", b"meta", b"uuid", b"free", b"skip"}
_CONTAINERS = {b"moov", b"trak", b"mdia"}
_DEEPEST, _MOST_BOXES = 4, 10_000
_OPUS_RATE = 48_000
_PAGE_HEAD = 27


def clean_mp3(content: bytes) -> bytes:
    """Return the frames of an MP3 without its tags.

    Raises:
        FileTypeWrong: it begins with no frame of an MP3.
        FileBroken: it breaks off, or something else stands between the frames.
        AudioTooLong: it plays for too long.
    """
    start = end = _after_id3(content)
    frames, seconds = 0, 0.0
    while frame := _frame(content[end : end + 4]):
        end, seconds, frames = end + frame[0], seconds + frame[1], frames + 1
    if frames < _FEWEST_FRAMES:
        raise FileTypeWrong(allowed="MP3、M4A、OGG")
    if len(content) - end > _MOST_TAIL:
        raise FileBroken
    _require_short(seconds)
    return content[start : min(end, len(content))]


def _after_id3(content: bytes) -> int:
    if content[:3] != b"ID3" or len(content) < 10:  # noqa: PLR2004 - the head of the tag
        return 0
    size = content[6:10]
    return 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])


def _frame(head: bytes) -> tuple[int, float] | None:
    """Return bytes and seconds of the frame of layer III that begins here, None where none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - sync, and layer III
        return None
    version, bits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _RATES or not 1 <= bits <= len(_KBITS[_MPEG1]) or rate >= len(_RATES[version]):
        return None
    hertz, kbits = _RATES[version][rate], _KBITS[max(version, _MPEG2)][bits - 1]
    samples = 1152 if version == _MPEG1 else 576
    return samples * kbits * 125 // hertz + (head[2] >> 1 & 1), samples / hertz


def clean_m4a(content: bytes) -> bytes:
    """Return an MPEG-4 file that holds sound and nothing to look at; what is told beside the sound is blanked.

    Raises:
        FileTypeWrong: it is no MPEG-4, or a film.
        FileBroken: a part does not fit into its whole, or it does not say how long it plays.
        AudioTooLong: it plays for too long.
    """
    if content[4:8] != b"ftyp":
        raise FileTypeWrong(allowed="MP3、M4A、OGG")
    plain, seconds, handlers = bytearray(content), 0.0, set()
    for number, box in enumerate(_boxes(content, 0, len(content))):
        if number >= _MOST_BOXES:
            raise FileBroken
        if box.kind in _TOLD_BESIDE:
            plain[box.head + 4 : box.head + 8] = b"free"
            plain[box.start : box.end] = bytes(box.end - box.start)
        elif box.kind == b"mvhd":
            seconds = _movie_seconds(content[box.start : box.end])
        elif box.kind == b"hdlr":
            handlers.add(content[box.start + 8 : box.start + 12])
    if b"soun" not in handlers or b"vide" in handlers:
        raise FileTypeWrong(allowed="MP3、M4A、OGG")
    if not seconds:
        raise FileBroken
    _require_short(seconds)
    return bytes(plain)


class _Box(NamedTuple):
    kind: bytes
    head: int
    start: int
    end: int


def _boxes(content: bytes, start: int, end: int, depth: int = 0) -> Iterator[_Box]:
    """Yield each box, those inside of containers too."""
    while start < end:
        if end - start < 8 or depth > _DEEPEST:  # noqa: PLR2004 - the head of a box
            raise FileBroken
        size, kind, head = int.from_bytes(content[start : start + 4]), content[start + 4 : start + 8], 8
        if size == 1:
            size, head = int.from_bytes(content[start + 8 : start + 16]), 16
        size = size or end - start
        if not head <= size <= end - start:
            raise FileBroken
        yield _Box(kind, start, start + head, start + size)
        if kind in _CONTAINERS:
            yield from _boxes(content, start + head, start + size, depth + 1)
        start += size


def _movie_seconds(told: bytes) -> float:
    try:
        scale, length = (
            struct.unpack_from(">IQ", told, 20) if told[:1] == b"\x01" else struct.unpack_from(">II", told, 12)
        )
    except struct.error:
        raise FileBroken from None
    return float(length / scale) if scale else 0.0


def clean_ogg(content: bytes) -> bytes:
    """Return an Ogg file with one stream of Vorbis or Opus as it is.

    Raises:
        FileTypeWrong: it holds something else.
        FileBroken: a page breaks off, or a second stream runs beside.
        AudioTooLong: it plays for too long.
    """
    if content[:4] != b"OggS":
        raise FileTypeWrong(allowed="MP3、M4A、OGG")
    rate = _ogg_rate(content[_PAGE_HEAD + content[26] :][:64]) if len(content) > _PAGE_HEAD else 0
    if not rate:
        raise FileTypeWrong(allowed="MP3、M4A、OGG")
    start, last, streams = 0, 0, set()
    while start < len(content):
        head = content[start : start + _PAGE_HEAD]
        if len(head) < _PAGE_HEAD or head[:4] != b"OggS":
            raise FileBroken
        table = content[start + _PAGE_HEAD : start + _PAGE_HEAD + head[26]]
        last = max(last, int.from_bytes(head[6:14], "little", signed=True))
        streams.add(head[14:18])
        start += _PAGE_HEAD + head[26] + sum(table)
    if start != len(content) or len(streams) != 1:
        raise FileBroken
    _require_short(last / rate)
    return content


def _ogg_rate(packet: bytes) -> int:
    if packet[:8] == b"OpusHead":
        return _OPUS_RATE
    return int.from_bytes(packet[12:16], "little") if packet[:7] == b"\x01vorbis" else 0


def _require_short(seconds: float) -> None:
    if seconds > MOST_SECONDS:
        raise AudioTooLong(most_minutes=MOST_SECONDS // 60)
