"""Audio is taken by its bytes: whole, short enough, without what a recorder writes beside the sound."""

import pytest

from backend.uploads import audio, check
from backend.uploads.errors import AudioTooLong, FileBroken, FileRefused, FileTypeWrong
from tests.support import files
from tests.tourism.content_kit import box, id3, m4a, mp3, ogg, page

SAMPLES = {"mp3": mp3(), "m4a": m4a(), "ogg": ogg()}
LONG = audio.MOST_SECONDS + 60


def taken(kind: str, content: bytes, name="讲解.bin") -> check.Checked:
    return check.check(content, media_type=check.KINDS[kind].media_type, name=name, allowed=check.AUDIO)


@pytest.mark.parametrize("kind", SAMPLES)
def test_each_kind_of_audio_is_taken_under_its_own_type(kind):
    found = taken(kind, SAMPLES[kind])
    assert (found.kind, found.name) == (kind, f"讲解{check.KINDS[kind].extension}")


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("other", [*SAMPLES, "png", "html", "nothing"])
def test_what_is_said_to_be_audio_and_is_not_is_refused(kind, other):
    if other != kind:
        content = {**SAMPLES, "png": files.png(), "html": b"<html><script>", "nothing": bytes(64)}[other]
        with pytest.raises(FileTypeWrong):
            taken(kind, content)


def test_an_mp3_loses_its_tags_at_both_ends():
    tagged = mp3(before=id3(), after=b"TAG" + b"SecretPhone".ljust(125, b"\x00"))
    assert taken("mp3", tagged).content == mp3()


def test_an_m4a_loses_the_place_where_it_was_recorded_and_keeps_its_positions():
    content = m4a()
    assert b"+25.955" in content
    kept = taken("m4a", content).content
    assert b"+25.955" not in kept
    assert len(kept) == len(content)
    assert kept.index(b"mdat") == content.index(b"mdat")


def test_vorbis_and_opus_are_both_ogg():
    assert taken("ogg", ogg(codec=b"vorbis")).kind == taken("ogg", ogg()).kind == "ogg"


@pytest.mark.parametrize(
    ("kind", "content"),
    [("mp3", mp3(LONG * 39)), ("m4a", m4a(LONG)), ("ogg", ogg(LONG)), ("ogg", ogg(LONG, codec=b"vorbis"))],
    ids=["mp3", "m4a", "opus", "vorbis"],
)
def test_audio_that_is_too_long_is_refused_with_the_limit(kind, content):
    with pytest.raises(AudioTooLong) as refused:
        check.KINDS[kind].clean(content)
    assert "30 分钟" in refused.value.message()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("mp3", mp3(after=bytes(9000))),
        ("m4a", m4a()[:-100]),
        ("m4a", m4a() + b"\x00\x00\x00\x04xxxx"),
        ("m4a", m4a(0)),
        ("m4a", m4a() + b"\x00\x00"),
        ("ogg", ogg()[:-10]),
        ("ogg", ogg() + b"junk of some length that is no page"),
        ("ogg", ogg() + page(b"x", 5, 9, stream=8)),
    ],
    ids=["mp3 and something else", "m4a cut", "box too small", "no length", "half a box", "ogg cut", "junk", "two"],
)
def test_audio_that_breaks_off_or_holds_something_else_is_refused(kind, content):
    with pytest.raises(FileBroken):
        taken(kind, content)


def test_a_film_is_no_audio():
    with pytest.raises(FileTypeWrong):
        taken("m4a", m4a(more=box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + b"vide" + bytes(12))))))


def test_boxes_nested_without_end_are_refused_and_not_followed():
    inside = b""
    for _ in range(5000):
        inside = box(b"moov", inside)
    with pytest.raises(FileBroken):
        taken("m4a", m4a() + inside)


def test_very_many_boxes_are_refused():
    with pytest.raises(FileBroken):
        taken("m4a", m4a() + box(b"free") * 20_000)


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_cut_and_no_changed_byte_is_more_than_a_refusal(kind):
    content = SAMPLES[kind][:900]
    for at in range(0, len(content), 7):
        for changed in (content[:at], content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]):
            try:
                check.KINDS[kind].clean(changed)
            except FileRefused:
                continue
