"""How a card may move: the state table, read by the rules and by the tests. Plain values, no store.

    applied ──issued──▶ issued ──activate──▶ active
                          │  ▲                │  ▲
                     freeze, lose          freeze, lose
                          ▼  │ unfreeze       ▼  │ unfreeze
                        frozen ───lose──▶ lost, frozen
                          └────────┬──────────┘
                       replace ▼   ▼ cancel
                        replaced   cancelled

What ends codes (lose, freeze, replace, cancel) takes effect here at once; the centre is told by the outbox.
"""

from dataclasses import dataclass

STATE_ZH = {
    "applied": "已申请,制卡中",
    "issued": "已发卡,待激活",
    "active": "正常",
    "lost": "已挂失",
    "frozen": "已冻结",
    "replaced": "已补换新卡",
    "cancelled": "已注销",
}
LIVE = ("applied", "issued", "active", "lost", "frozen")
"""A person holds one card in these states at most."""
USABLE = ("issued", "active")
"""What may be lost or frozen, and what comes back after it."""
PHYSICAL_ZH = {"making": "制卡中", "made": "卡片已制好,待领取", "in_hand": "卡片已领取", "void": "卡片已失效"}
"""The store says `making` until the card is handed out; it reads `made` from the day that the centre named."""
ELECTRONIC_ZH = {"unsigned": "电子社保卡未签发", "signed": "电子社保卡已签发", "void": "电子社保卡已失效"}
BACK = ""
"""The state after `unfreeze` is the one before the card was stopped."""


@dataclass(frozen=True)
class Move:
    """From which states to which; `command` is what the centre is told, `tells` the notice that the holder gets."""

    zh: str
    before: tuple[str, ...]
    after: str
    command: str = ""
    tells: str = ""


MOVES = {
    "issued": Move("发卡", ("applied",), "issued", tells="card_issued"),
    "refused": Move("申请未通过", ("applied",), "cancelled", tells="card_refused"),
    "activate": Move("激活", ("issued",), "active", "activate", "card_active"),
    "lose": Move("挂失", ("issued", "active", "frozen"), "lost", "report_loss", "card_lost"),
    "freeze": Move("冻结", ("issued", "active"), "frozen", "freeze", "card_frozen"),
    "hold": Move("管理部门冻结", ("issued", "active", "frozen"), "frozen", "freeze", "card_frozen"),
    "hold_lost": Move("管理部门冻结", ("lost",), "lost", "", "card_frozen"),
    "unfreeze": Move("解除冻结或挂失", ("lost", "frozen"), BACK, "unfreeze", "card_unfrozen"),
    "replace": Move("补换卡", ("issued", "active", "lost", "frozen"), "replaced", "", "card_replaced"),
    "cancel": Move("注销", ("issued", "active", "lost", "frozen"), "cancelled", "cancel", "card_cancelled"),
    "report_death": Move("死亡信息核实中", ("issued", "active", "lost", "frozen"), "frozen", "", "card_death_reported"),
    "refute_death": Move("死亡信息有误,恢复", ("frozen",), BACK, "", "card_death_refuted"),
}
STOPS = frozenset({"lose", "freeze", "hold", "replace", "cancel", "report_death"})
"""These end every code of the card."""
OFFICIAL = frozenset({"staff", "centre"})
"""Who stopped a card so that its holder alone does not get it back; a loss reported later does not change that."""
EXPECTED = {
    "activate": "active",
    "report_loss": "lost",
    "freeze": "frozen",
    "cancel": "cancelled",
}
"""The status that the centre must show after a command; after others it is the one that goes with the command."""
LOOSER = {"issued": 0, "active": 0, "frozen": 1, "lost": 1, "replaced": 2, "cancelled": 2}
"""How far a status stops a card. Where the centre stops it further than we do, it is stopped here too."""
