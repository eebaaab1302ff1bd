"""Pictures and audio of content: no voice without its words, open only while shown, in parts for players that seek."""

import io

import pytest
from bson import ObjectId
from PIL import Image

from models.media.file import File
from tests.support import affairs, files
from tests.tourism.content_kit import ITEMS, Newsroom, audio, id3, m4a, mp3, ogg

MEDIA = "/mini/v1/content/media"
POINTS = "/mini/v1/guide/points"
LONG_MP3 = mp3(2000)


@pytest.fixture
def news(client, seeded):
    return Newsroom(client)


@pytest.fixture
def voice(news):
    """An audio of some chunks that is published with its words; returns the id of its file."""
    file_id = news.upload(LONG_MP3)
    news.shown(media=[audio(file_id)])
    return file_id


def test_a_voice_without_its_words_is_saved_but_not_reviewed(news):
    told = audio(news.upload())
    del told["transcript"]
    made = news.made(media=[told])
    answer = news.submit(made)
    assert (answer.status_code, answer.json["code"]) == (422, "content_transcript_missing")
    assert list(answer.json["fields"]) == ["content.media.0.transcript"]
    news.write(made, media=[told | {"transcript": "这里是东门渡口。"}])
    assert news.submit(made, 2).status_code == 200


def test_a_point_speaks_two_languages_and_simply_for_the_elderly(news, client):
    parts = [
        audio(news.upload()),
        audio(news.upload(ogg(), name="en.ogg", media_type="audio/ogg"), language="en", transcript="Here is a ferry."),
        audio(news.upload(m4a(), name="x.m4a", media_type="audio/x-m4a"), version="elder", transcript="渡口到了。"),
    ]
    own = news.shown(media=parts, text_elder_zh="渡口到了。")
    told = client.get(f"{POINTS}/{own}").json
    assert [(one["language"], one["version"]) for one in told["media"]] == [
        ("zh", "standard"),
        ("en", "standard"),
        ("zh", "elder"),
    ]
    assert all(one["transcript"] for one in told["media"])
    types = [client.get(one["url"]).content_type for one in told["media"]]
    assert types == ["audio/mpeg", "audio/ogg", "audio/mp4"]


def test_a_picture_is_shown_without_the_place_where_it_was_taken(news, client):
    picture = news.upload(files.photo((90, 60)), name="x.jpg", media_type="image/jpeg")
    own = news.shown(media=[{"file": picture, "role": "picture", "caption_zh": "渡口"}])
    url = client.get(f"{POINTS}/{own}").json["media"][0]["url"]
    answer = client.get(url)
    assert answer.content_type == "image/jpeg"
    assert b"SecretPhone" not in answer.data
    assert Image.open(io.BytesIO(answer.data)).size == (60, 90)


def test_audio_is_handed_out_without_its_tags(news, client):
    file_id = news.upload(mp3(before=id3()))
    news.shown(media=[audio(file_id)])
    assert client.get(f"{MEDIA}/{file_id}").data == mp3()


def test_a_file_is_open_only_while_a_published_revision_names_it(news, client):
    file_id = news.upload()
    made = news.made(media=[audio(file_id)])
    assert client.get(f"{MEDIA}/{file_id}").status_code == 404
    news.bring_out(made)
    assert client.get(f"{MEDIA}/{file_id}").status_code == 200
    news.write(made, text_zh="不再用这段音频")
    assert client.get(f"{MEDIA}/{file_id}").status_code == 200
    news.bring_out(made, 2)
    assert client.get(f"{MEDIA}/{file_id}").status_code == 404


def test_a_withdrawn_item_takes_its_files_along(news, client):
    file_id = news.upload()
    made = news.made(media=[audio(file_id)])
    news.bring_out(made)
    etag = client.get(f"{MEDIA}/{file_id}").headers["ETag"]
    news.publisher.post(f"{ITEMS}/{made}/withdraw", {"reason": "有误"})
    assert client.get(f"{MEDIA}/{file_id}", headers={"If-None-Match": etag}).status_code == 404


def test_reviewers_hear_it_before_and_others_do_not(news, client):
    file_id = news.upload()
    made = news.made(media=[audio(file_id)])
    path = f"{ITEMS}/{made}/media/{file_id}"
    assert news.first.get(path).data == news.final.get(path).data == mp3()
    stranger = affairs.seat(client, "scenic_manager", unit="changzhengyuan")
    assert stranger.get(path).status_code == 404
    other = news.made()
    assert news.first.get(f"{ITEMS}/{other}/media/{file_id}").status_code == 404
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("role", ["picture", "poster"])
def test_a_file_of_another_sort_than_its_role_is_refused_and_stays_free(news, role):
    file_id = news.upload()
    answer = news.point(media=[{"file": file_id, "role": role}])
    assert (answer.status_code, answer.json["code"]) == (422, "content_media_wrong")
    assert File._get_collection().find_one({"_id": ObjectId(file_id)})["state"] == "uploaded"
    picture = news.upload(files.png(), name="x.png", media_type="image/png")
    assert news.point(media=[audio(picture)]).status_code == 422


def test_one_does_not_use_the_file_of_another_or_one_of_another_purpose(news):
    theirs = news.upload(by=news.first)
    assert news.point(media=[audio(theirs)]).json["code"] == "content_media_wrong"
    private = news.upload(files.png(), name="x.png", media_type="image/png", purpose="case_attachment")
    assert news.point(media=[{"file": private, "role": "picture"}]).status_code == 422
    assert news.point(media=[audio("0" * 24)]).status_code == 422


def test_a_colleague_keeps_the_file_that_the_item_has(news, client):
    file_id = news.upload()
    made = news.made(media=[audio(file_id)])
    content = {"title_zh": "同事改", "text_zh": "x", "media": [audio(file_id)]}
    answer = news.first.post(f"{ITEMS}/{made}/revisions", {"base": 1, "content": content})
    assert answer.status_code == 201
    strange = {"base": 1, "content": {**content, "media": [audio(file_id)]}}
    assert news.first.post(f"{ITEMS}/{news.made()}/revisions", strange).json["code"] == "content_media_wrong"


def test_residents_cannot_send_files_for_content(news, phone):
    answer = files.announce(phone, "mini", mp3(), media_type="audio/mpeg", purpose="content_media")
    assert answer.status_code == 400


@pytest.mark.parametrize("media_id", ["0" * 24, "x", "%00", "é", "{}"])
def test_an_unknown_file_is_not_found(client, seeded, media_id):
    assert client.get(f"{MEDIA}/{media_id}").status_code == 404


def test_a_file_of_a_case_is_never_open(news, client):
    picture = news.upload(files.png(), name="x.png", media_type="image/png", purpose="case_attachment")
    change = {"$set": {"state": "attached", "attached_to": "case:1"}}
    File._get_collection().update_one({"_id": ObjectId(picture)}, change)
    assert client.get(f"{MEDIA}/{picture}").status_code == 404


# In parts


def test_the_whole_file_says_that_it_can_be_read_in_parts(client, voice):
    answer = client.get(f"{MEDIA}/{voice}")
    assert (answer.status_code, answer.content_type) == (200, "audio/mpeg")
    assert answer.data == LONG_MP3
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(LONG_MP3))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, len(LONG_MP3)),
        ("bytes=393215-393216", 393215, 393217),
        ("bytes=100-786500", 100, 786501),
        ("bytes=800000-", 800000, len(LONG_MP3)),
        ("bytes=-5", len(LONG_MP3) - 5, len(LONG_MP3)),
        ("bytes=833990-9999999", 833990, len(LONG_MP3)),
    ],
)
def test_a_part_is_those_bytes_and_no_others(client, voice, asked, start, end):
    answer = client.get(f"{MEDIA}/{voice}", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == LONG_MP3[start:end]
    assert int(answer.headers["Content-Length"]) == end - start
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(LONG_MP3)}"


def test_only_the_chunks_that_are_sent_are_opened(client, voice, monkeypatch):
    from models.media import chunk  # noqa: PLC0415 - only to watch it

    opened, really = [], chunk._open
    monkeypatch.setattr(
        chunk, "_open", lambda place, record, data: opened.append(record) or really(place, record, data)
    )
    client.get(f"{MEDIA}/{voice}", headers={"Range": "bytes=400000-400010"})
    assert [one.rpartition(":")[2] for one in opened] == ["1"]


@pytest.mark.parametrize("asked", ["bytes=834000-", "bytes=9999999-99999999"])
def test_a_part_behind_the_end_is_416(client, voice, asked):
    answer = client.get(f"{MEDIA}/{voice}", headers={"Range": asked})
    assert (answer.status_code, answer.json["code"]) == (416, "range_not_satisfiable")


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=x", "lines=1-2", "bytes=0-1,5-6", "bytes", "", "bytes=-0"])
def test_odd_ranges_never_break_anything(client, voice, asked):
    answer = client.get(f"{MEDIA}/{voice}", headers={"Range": asked})
    assert answer.status_code in {200, 206, 416}
    if answer.status_code == 200:
        assert answer.data == LONG_MP3


def test_who_has_it_already_gets_nothing_and_caches_must_ask(client, voice):
    answer = client.get(f"{MEDIA}/{voice}")
    etag = answer.headers["ETag"]
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(f"{MEDIA}/{voice}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert client.get(f"{MEDIA}/{voice}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_part_of_another_edition_is_answered_whole(client, voice):
    etag = client.get(f"{MEDIA}/{voice}").headers["ETag"]
    part = {"Range": "bytes=0-9"}
    assert client.get(f"{MEDIA}/{voice}", headers={**part, "If-Range": etag}).status_code == 206
    assert client.get(f"{MEDIA}/{voice}", headers={**part, "If-Range": '"other"'}).status_code == 200
    assert (
        client.get(f"{MEDIA}/{voice}", headers={**part, "If-Range": "Sun, 22 Nov 2026 10:00:00 GMT"}).status_code == 200
    )


def test_the_head_of_a_file_is_told_without_it(client, voice):
    answer = client.head(f"{MEDIA}/{voice}")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(LONG_MP3))
