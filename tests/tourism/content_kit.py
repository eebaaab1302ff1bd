"""Who writes and reviews, and what they send: short pieces of audio made byte by byte, points, routes, exhibits."""

import itertools
import struct

from tests.support import affairs, files

UNIT = "long_march_museum"
SOURCE = {
    "title": "中国共产党历史网 2012-10-24",
    "url": "https://www.dswxyjy.org.cn/BIG5/n/2012/1024/c222137-19366804.html",
}
FACT = {"text_zh": "1934 年 10 月架有浮桥, 昼拆夜搭", "sources": [SOURCE]}
_names = itertools.count(1)
ITEMS = "/office/v1/content/items"


class Newsroom:
    """The staff of one unit and of the county who bring content to the public."""

    def __init__(self, client):
        self.client = client
        self.author = affairs.seat(client, "scenic_manager", unit=UNIT)
        self.first = affairs.seat(client, "scenic_manager", unit=UNIT)
        self.second = affairs.seat(client, "tourism_office", unit="culture_tourism")
        self.final = affairs.seat(client, "case_supervisor", unit=UNIT)
        self.publisher = affairs.seat(client, "tourism_office", unit="culture_tourism")

    def point(self, *, place="park", own=None, **content):
        name = next(_names)
        body = {"place": place, "content": {"title_zh": f"点位{name}", "text_zh": "文字", **content}}
        return self.author.post("/office/v1/guide/points", body | ({"id": own} if own else {}))

    def made(self, **content) -> str:
        answer = self.point(**content)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    def submit(self, item, revision=1):
        return self.author.post(f"{ITEMS}/{item}/submit", {"revision": revision})

    def decide(self, step, item, revision=1, *, by=None, verdict="pass", **told):
        clerk = by or {"first-review": self.first, "second-review": self.second, "final-review": self.final}[step]
        return clerk.post(f"{ITEMS}/{item}/{step}", {"revision": revision, "verdict": verdict, **told})

    def publish(self, item, revision=1, **span):
        return self.publisher.post(f"{ITEMS}/{item}/publish", {"revision": revision, **span})

    def approve(self, item, revision=1):
        answers = [self.submit(item, revision)]
        answers += [self.decide(step, item, revision) for step in ("first-review", "second-review", "final-review")]
        assert [one.status_code for one in answers] == [200] * 4, [one.json for one in answers]
        return answers[-1]

    def bring_out(self, item, revision=1, **span) -> str:
        self.approve(item, revision)
        answer = self.publish(item, revision, **span)
        assert answer.status_code == 200, answer.json
        return item.partition(":")[2]

    def shown(self, **content) -> str:
        """Make a point, bring it through all reviews, and return the id that the public knows."""
        return self.bring_out(self.made(**content))

    def write(self, item, base=1, **content):
        told = {"title_zh": "改后的标题", "text_zh": "改后的文字", **content}
        return self.author.post(f"{ITEMS}/{item}/revisions", {"base": base, "content": told})

    def state(self, item) -> str:
        return self.author.get(f"{ITEMS}/{item}").json["state"]

    def upload(self, content=None, *, by=None, **told) -> str:
        given = {"name": "讲解.mp3", "media_type": "audio/mpeg", "purpose": "content_media"} | told
        answer = files.upload(by or self.author, "office", content or mp3(), **given)
        assert answer.status_code == 200, answer.json
        return answer.json["id"]


def audio(file_id, **told) -> dict:
    return {"file": file_id, "role": "audio", "language": "zh", "transcript": "这里是东门渡口。", **told}


def mp3(frames=40, *, before=b"", after=b"") -> bytes:
    """Frames of silence: MPEG 1, layer III, 128 kbit/s, 44.1 kHz, 26 ms each."""
    return before + (b"\xff\xfb\x90\x00" + bytes(413)) * frames + after


def id3(told=b"SecretPhone 25.955N 115.412E") -> bytes:
    size = len(told)
    return b"ID3\x04\x00\x00" + bytes([0, 0, size >> 7, size & 127]) + told


def box(kind: bytes, *inside: bytes) -> bytes:
    data = b"".join(inside)
    return struct.pack(">I", len(data) + 8) + kind + data


def m4a(seconds=12, *, handler=b"soun", more=b"") -> bytes:
    movie = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, seconds * 1000) + bytes(80))
    track = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(12))))
    told = box(b"udta", box(b"\xa9xyz", b"+25.955+115.412/"))
    return box(b"ftyp", b"M4A \x00\x00\x00\x00") + box(b"moov", movie, track, told, more) + box(b"mdat", bytes(200))


def page(packet: bytes, granule: int, number: int, stream=7, kind=0) -> bytes:
    table = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = b"OggS\x00" + bytes([kind]) + struct.pack("<qIII", granule, stream, number, 0)
    return head + bytes([len(table)]) + table + packet


def ogg(seconds=10, *, codec=b"OpusHead") -> bytes:
    rate = 48_000 if codec == b"OpusHead" else 44_100
    first = codec + bytes([1, 2]) + bytes(30)
    if codec != b"OpusHead":
        first = b"\x01vorbis" + bytes(5) + struct.pack("<I", rate) + bytes(14)
    return page(first, 0, 0, kind=2) + page(b"comment", 0, 1) + page(bytes(300), seconds * rate, 2, kind=4)
