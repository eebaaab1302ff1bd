"""What content of every kind consists of: titles, texts, media with transcripts, facts with their sources.

Text is plain: line breaks are the only form, and what looks like HTML is refused, whoever shows it later.
"""

import re
from typing import Any

import marshmallow as ma
from marshmallow import validate

_MARKUP = re.compile(r"<\s*[A-Za-z!/?]|&#?\w+;|\]\s*\(\s*javascript:", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
MOST_MEDIA, MOST_FACTS, MOST_SOURCES = 40, 60, 20
ID = r"^[a-z0-9][a-z0-9_]{0,29}\Z"
"""Short, because a mini-program code holds 32 characters."""


class Plain(validate.Validator):
    """Plain text that is not empty to the eye."""

    def __call__(self, value: str) -> str:
        """Refuse what shows nothing, cannot be seen, or looks like markup."""
        if not value.strip():
            raise ma.ValidationError("此项不能为空。")
        if _MARKUP.search(value) or _UNSEEN.search(value):
            raise ma.ValidationError("只接收纯文本,不要粘贴网页代码、HTML 标签或控制字符。")
        return value


def text(most: int, example: str, *, required: bool = False) -> ma.fields.String:
    """Return a field of plain text of one to `most` characters."""
    bounds = validate.And(validate.Length(1, most), Plain())
    return ma.fields.String(required=required, validate=bounds, metadata={"example": example})


class ContentSource(ma.Schema):
    """Where a fact is from: a title, and its address or a note on how to find it."""

    title = text(300, "中央红军长征渡口遗址(江西篇), 中国共产党历史网 2012-10-24", required=True)
    url = ma.fields.String(
        validate=validate.Regexp(r"^https?://[^\s<>\"]{4,490}\Z"),
        metadata={"example": "https://www.dswxyjy.org.cn/BIG5/n/2012/1024/c222137-19366804.html"},
    )
    note = text(300, "公开文件, 索引未给出网址")

    @ma.validates_schema
    def found(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A source that nobody can find is none."""
        if "url" not in data and "note" not in data:
            raise ma.ValidationError("请填写网址;没有网址的,在 note 中说明出处。", "url")


class ContentFact(ma.Schema):
    """One fact, and where it is from."""

    text_zh = text(500, "1934 年 10 月架有浮桥, 昼拆夜搭", required=True)
    sources = ma.fields.List(ma.fields.Nested(ContentSource), required=True, validate=validate.Length(1, MOST_SOURCES))
    demo = ma.fields.Boolean(metadata={"description": "演示用的虚构内容", "example": False})


class ContentMedia(ma.Schema):
    """A picture, the poster of a film, or an audio with its words in one language and version."""

    file = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{24}\Z"),
        metadata={"description": "已上传的素材(用途 content_media)", "example": "673ec0a5c0ffee0123456789"},
    )
    role = ma.fields.String(
        required=True,
        validate=validate.OneOf(("picture", "poster", "audio")),
        metadata={"description": "picture 图片;poster 视频封面;audio 音频", "example": "audio"},
    )
    caption_zh = text(200, "东门渡口旧址")
    language = ma.fields.String(
        validate=validate.OneOf(("zh", "en")), metadata={"description": "音频的语言", "example": "zh"}
    )
    version = ma.fields.String(
        validate=validate.OneOf(("standard", "elder")),
        metadata={"description": "音频版本: standard 标准;elder 适老简明", "example": "standard"},
    )
    transcript = text(8000, "1934 年 10 月, 东门渡口架有浮桥, 昼拆夜搭。")

    @ma.validates_schema
    def fits(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Only audio is spoken, and says in what language."""
        spoken = [name for name in ("language", "version", "transcript") if name in data]
        if data["role"] != "audio" and spoken:
            raise ma.ValidationError("只有音频才填写语言、版本和文字稿。", spoken[0])
        if data["role"] == "audio" and "language" not in data:
            raise ma.ValidationError("此项必填。", "language")


class Content(ma.Schema):
    """The base of every kind's schema."""

    title_zh = text(80, "东门渡口(长征第一渡)", required=True)
    title_en = text(160, "Dongmen Ferry")
    summary_zh = text(300, "中央机关、军委机关由此过河。")
    text_zh = text(8000, "中央机关、军委机关由此过河。1934 年 10 月架有浮桥, 昼拆夜搭。")
    text_en = text(16000, "The central organs crossed the river here.")
    text_elder_zh = text(2000, "中央机关由这里过河。")
    media = ma.fields.List(ma.fields.Nested(ContentMedia), validate=validate.Length(0, MOST_MEDIA))
    facts = ma.fields.List(ma.fields.Nested(ContentFact), validate=validate.Length(0, MOST_FACTS))
    red_heritage = ma.fields.Boolean(metadata={"description": "红色文化内容,须逐条注明来源", "example": True})
    demo = ma.fields.Boolean(metadata={"description": "演示用的虚构内容", "example": False})
