"""One label, and why one cannot be printed."""

from dataclasses import dataclass

from backend.errors import Unprocessable


@dataclass(frozen=True, slots=True)
class Label:
    """What the code says, the lines beside it, and the number for people, which is never cut."""

    payload: str
    lines: tuple[str, ...] = ()
    serial: str = ""


class PayloadNotPlain(Unprocessable):
    """422: a code holds printable ASCII, which every phone reads alike."""

    code = "payload_not_plain"
    zh = "二维码内容只能是英文字母、数字和常用符号,请检查后再试。"
    en = "A code can hold only printable ASCII characters. Please check the content."


class CodeTooDense(Unprocessable):
    """422: the modules of the code would be smaller than a phone reads with ease."""

    code = "code_too_dense"
    zh = "标签太小,印出的二维码每格只有 {module_mm} 毫米(至少 {least_mm} 毫米),请选用更大的标签。"
    en = "The label is too small: a module would be {module_mm} mm ({least_mm} mm at least). Choose a larger label."


class SerialTooLong(Unprocessable):
    """422: the number for people does not fit the label."""

    code = "serial_too_long"
    zh = "编号太长,标签上印不下,请选用更大的标签。"
    en = "The serial number does not fit the label. Choose a larger label."


class StartOutside(Unprocessable):
    """422: a sheet has no label of that number."""

    code = "start_outside"
    zh = "这种标签纸每张只有 {per_page} 个标签,起始位置请填 1 到 {per_page}。"
    en = "This sheet has {per_page} labels. Start at 1 to {per_page}."


class LayoutUnknown(Unprocessable):
    """422: no such sheet."""

    code = "layout_unknown"
    zh = "没有这种标签纸,请从列表中选择。"
    en = "There is no such label sheet. Choose one from the list."


class SizeOutside(Unprocessable):
    """422: a size or a correction that no printer here can mean."""

    code = "label_size_outside"
    zh = "{what}应在 {least} 到 {most} 之间,请量好后再填。"
    en = "{what} must be {least} to {most}. Please measure again."


class PartChanged(Unprocessable):
    """422: a stored part is not the one that was written."""

    code = "label_part_changed"
    zh = "标签文件 {name} 与登记的不一致,请重新生成。"
    en = "The label file {name} is not the one that was registered. Make it again."
