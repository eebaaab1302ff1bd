"""CSV: text in one of the encodings that offices here write."""

from backend.uploads.errors import FileBroken, FileTypeWrong

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def decode(content: bytes) -> str:
    """Return the text: UTF-8 (with or without mark), UTF-16 with mark, else GB 18030.

    Raises:
        FileBroken: it is in none of them.
    """
    tried = ("utf-16",) if content.startswith(_UTF16) else ("utf-8-sig", "gb18030")
    for encoding in tried:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileBroken


def clean_csv(content: bytes) -> bytes:
    """Return the file as it is.

    Raises:
        FileBroken: it is no text in an encoding that is known.
        FileTypeWrong: it is text of another kind.
    """
    begin = decode(content)
    if "\x00" in begin:
        raise FileBroken
    if begin.lstrip()[:1] in {"<", "{", "%"}:
        raise FileTypeWrong(allowed="CSV")
    return content
