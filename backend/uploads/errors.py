"""Why a file is refused.

FileRefused             422  the file cannot be taken as it is
├── FileTypeWrong            not one of the kinds taken here, or not what it says it is
├── FileTooBig               more bytes than its kind may have
├── FileBroken               it cannot be read
├── PictureTooLarge          more pixels than are ever decoded
├── PictureMoves             more than one frame
├── AudioTooLong             it plays longer than anybody listens
├── PdfActive                a PDF that would act: scripts, programs, attachments, or encrypted
└── WorkbookUnsafe           a workbook with macros, links to elsewhere, or that swells when unpacked
"""

from typing import Any

from backend.errors import Unprocessable


class FileRefused(Unprocessable):
    """422: the file cannot be taken as it is."""

    code = "file_refused"
    zh = "这个文件不能上传,请换一个文件。"
    en = "This file cannot be uploaded. Choose another one."

    def __init__(self, **details: Any) -> None:
        super().__init__(**details)
        self.fields = {"file": [self.message()]}


class FileTypeWrong(FileRefused):
    """422: not one of the kinds taken here, or its bytes are not what it says."""

    code = "file_type_wrong"
    zh = "文件类型不符,这里只接收 {allowed};请不要直接改扩展名。"
    en = "The file's type is not taken here, or its content is of another type. Taken: {allowed}."


class FileTooBig(FileRefused):
    """422: more bytes than its kind may have."""

    code = "file_too_big"
    zh = "文件太大,最多 {most_mb} MB,请压缩后再上传。"
    en = "The file is too big, at most {most_mb} MB. Make it smaller."


class FileBroken(FileRefused):
    """422: the file cannot be read."""

    code = "file_broken"
    zh = "文件已损坏或不完整,无法读取,请重新导出或重新拍摄后再上传。"
    en = "The file is damaged or incomplete. Export or take it again."


class PictureTooLarge(FileRefused):
    """422: more pixels than are ever decoded."""

    code = "picture_too_large"
    zh = "图片尺寸过大(最多 {most_mp} 百万像素),请缩小后再上传。"
    en = "The picture has too many pixels, at most {most_mp} million. Make it smaller."


class PictureMoves(FileRefused):
    """422: the picture has more than one frame."""

    code = "picture_moves"
    zh = "不接收动图,请上传静态图片。"
    en = "Moving pictures are not taken. Send a still one."


class AudioTooLong(FileRefused):
    """422: the audio plays longer than anybody listens on the way."""

    code = "audio_too_long"
    zh = "音频太长(最长 {most_minutes} 分钟),请分段后再上传。"
    en = "The audio is too long, at most {most_minutes} minutes. Cut it into parts."


class PdfActive(FileRefused):
    """422: the PDF would act, carries other files, or cannot be looked into."""

    code = "pdf_active"
    zh = "PDF 已加密,或含有脚本、附件、自动执行的内容;请另存为普通 PDF(例如“打印为 PDF”)后再上传。"
    en = "The PDF is encrypted or holds scripts, attachments or actions. Print it to a plain PDF first."


class WorkbookUnsafe(FileRefused):
    """422: the workbook holds macros or links to elsewhere, or swells when it is unpacked."""

    code = "workbook_unsafe"
    zh = "表格含有宏、外部链接或异常压缩的内容;请新建空白表格,只粘贴数值后保存为 xlsx 再上传。"
    en = "The workbook holds macros, external links or abnormal data. Paste the values into a plain xlsx."
