"""Where an application stands, and which way it may go: the one table that all rules of applications read."""

STATES = {
    "draft": "草稿",
    "submitted": "已提交,审核中",
    "to_correct": "待更正",
    "qualified": "审核通过",
    "refused": "审核不通过",
    "withdrawn": "已撤回",
}
LIVE = ("draft", "submitted", "to_correct", "qualified", "refused")
"""One of these a child has once a round; after a withdrawal a family may begin again."""
EDITABLE = ("draft", "to_correct")
MOVES = {
    "submit": (("draft", "to_correct"), "submitted"),
    "ask": (("submitted",), "to_correct"),
    "correct": (("submitted", "qualified", "refused"), "to_correct"),
    "qualify": (("submitted",), "qualified"),
    "lapse": (("to_correct",), "submitted"),
    "refuse": (("submitted",), "refused"),
    "reopen": (("qualified", "refused"), "submitted"),
    "overturn": (("refused",), "qualified"),
    "withdraw": (("draft", "submitted", "to_correct", "qualified"), "withdrawn"),
}
"""What moves an application, from where, and where it comes to.

`ask` is a reviewer's, `lapse` ends the time to answer it, `correct` is the family's own while the window is open;
`reopen` is an appeal that sends it back to the review, `overturn` one that was won.
"""
CORRECTABLE = MOVES["correct"][0]
SUBMITTED = ("submitted", "to_correct", "qualified", "refused")
"""Where an application may stand that was submitted once."""
DRAWN = ("qualified",)
"""Who is on the frozen list."""
