"""Why content is not taken, not passed on, or not shown.

BadInput       ContentWrong         what was written does not have the form of its kind
Conflict       ContentStateWrong    the revision is not in the step that this needs
               OwnContent           the author, or who passed it before, does not review it
               RevisionStale        somebody wrote a later revision meanwhile
               ContentTaken         there is content of this kind under this id
Unprocessable  TranscriptMissing    audio without its words
               SourcesMissing       red heritage without facts that name their source
               MediaWrong           a file that is not there, or not of this sort
"""

from collections.abc import Mapping
from typing import Any

from backend.errors import BadInput, Conflict, Unprocessable

STATES = {
    "draft": "草稿",
    "first_review": "待初审",
    "second_review": "待复审",
    "final_review": "待终审",
    "approved": "待发布",
    "returned": "已退回",
    "scheduled": "定时发布",
    "published": "已发布",
    "withdrawn": "已下线",
}
"""Of an item: the state of its open revision, else of what is published."""


class ContentWrong(BadInput):
    """400: what was written does not have the form of its kind; `fields` says where."""

    code = "content_wrong"
    zh = "内容格式有误,请按提示修改后再保存。"
    en = "The content does not have the form of its kind. Correct the fields named."


class ContentStateWrong(Conflict):
    """409: the revision is not in the step that this needs."""

    code = "content_state_wrong"
    zh = "该内容目前为「{state_zh}」,不能进行此操作;请刷新后按当前环节办理。"
    en = "The content is in the state {state}. Refresh, then do what this state allows."

    def __init__(self, state: str) -> None:
        super().__init__(state=state, state_zh=STATES[state])


class OwnContent(Conflict):
    """409: the author, or who passed it in an earlier step, does not review it."""

    code = "content_own_work"
    zh = "作者不能审自己的稿件,同一人也不能审同一稿的两个环节,请由其他审校人办理。"
    en = "Nobody reviews what they wrote or have passed before. Another person must."


class RevisionStale(Conflict):
    """409: somebody wrote a later revision meanwhile."""

    code = "content_revision_stale"
    zh = "该内容已有更新的版本(第 {revision} 版),请在最新版本上修改。"
    en = "There is a later revision ({revision}). Change that one."


class ContentTaken(Conflict):
    """409: there is content of this kind under this id."""

    code = "content_id_taken"
    zh = "这个编号已被使用,请换一个。"
    en = "This id is taken. Choose another one."


class TranscriptMissing(Unprocessable):
    """422: audio without its words, which who cannot hear needs."""

    code = "content_transcript_missing"
    zh = "音频缺少文字稿(无障碍要求),请补充后再送审。"
    en = "Audio needs a transcript. Add it before the review."


class SourcesMissing(Unprocessable):
    """422: red heritage whose facts do not name their sources."""

    code = "content_sources_missing"
    zh = "红色文化内容须逐条列出史实并注明来源,请补充后再送审。"
    en = "Red heritage lists its facts, each with its source. Add them before the review."


class MediaWrong(Unprocessable):
    """422: a file that is not there, or not of the sort that its role takes."""

    code = "content_media_wrong"
    zh = "素材文件不存在、不属于您,或类型与用途不符,请重新上传后再保存。"
    en = "A media file is missing, not yours, or not of the sort that its role takes."

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields={name: [str(told)] for name, told in fields.items()})
