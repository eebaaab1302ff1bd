"""What a scanned mini-program code opens: its scene names the exhibit or the place."""

from backend.errors import NotFound
from models.content import item
from models.places import place
from models.tourism import exhibit, exhibit_code

PLACE = "p="


class SceneUnknown(NotFound):
    """404: the code is none of ours, or what it stood for is not shown any more."""

    code = "scene_unknown"
    zh = "没有识别出这个码,或对应内容已下线;请输入展品旁的编号,或从首页进入导览。"
    en = "This code is not known here, or its content was taken off. Type the number beside the exhibit instead."


def resolve(scene: str) -> dict[str, str]:
    """Return what a scene stands for, and the page of the mini-program that shows it.

    Raises:
        SceneUnknown: nothing that is shown.
    """
    kind, named = scene[:2], scene[2:]
    if kind == exhibit.SCENE and item.published(exhibit.KIND, named):
        return {"kind": "exhibit", "id": named, "page": exhibit_code.PAGE}
    if kind == PLACE:
        try:
            found = place.read(named)
        except NotFound:
            raise SceneUnknown from None
        if found["rank"] < 0:
            raise SceneUnknown
        return {"kind": "place", "id": named, "page": "pages/place/index"}
    raise SceneUnknown
