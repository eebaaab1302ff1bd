"""Why a slot gives no place."""

from backend.errors import Conflict


class SlotSoldOut(Conflict):
    """409: not enough places left."""

    code = "slot_sold_out"
    zh = "该时段余票不足(剩 {left} 个名额),请换一个时段或减少人数。"
    en = "Only {left} places are left in this slot. Choose another slot or fewer visitors."


class DaySoldOut(Conflict):
    """409: the day's limit of the place is reached, whatever its slots have left."""

    code = "day_sold_out"
    zh = "当天总名额不足(剩 {left} 个),请换一天或减少人数。"
    en = "Only {left} places are left on this day. Choose another day or fewer visitors."


class ShareSoldOut(Conflict):
    """409: the slot has places, but not in the share that was asked for."""

    code = "share_sold_out"
    zh = "该时段的{share}名额不足(剩 {left} 个),请换一个时段或减少人数。"
    en = "Only {left} places of the share “{share}” are left in this slot. Choose another slot or fewer visitors."


class SlotClosed(Conflict):
    """409: the slot takes no bookings."""

    code = "slot_closed"
    zh = "该时段已停止预约,请换一个时段。"
    en = "This slot takes no bookings. Choose another one."


class SlotPaused(Conflict):
    """409: the slot sells nothing at this moment and may sell again."""

    code = "slot_paused"
    zh = "现场客流较大,该时段暂停预约;已预约的不受影响。请稍后再试,或换一个时段。"
    en = "The place is crowded, so this slot is not sold at this moment. Try again later or choose another slot."


class SlotUnderCheck(SlotPaused):
    """409: something about the place itself is being looked at; it may sell again."""

    code = "slot_under_check"
    zh = "场地正在检查处理,该时段暂停预约;已预约的请留意通知。请稍后再试,或换一个场地。"
    en = "The venue is being checked, so this slot is not sold at this moment. Try again later or choose another one."


CHECK = "check"
"""The reason of a pause for something about the place itself, its water for example."""


def paused(reason: str) -> SlotPaused:
    """Return the refusal of a slot that is paused for a reason."""
    return SlotUnderCheck() if reason == CHECK else SlotPaused()


class SlotOver(Conflict):
    """409: the slot has ended."""

    code = "slot_over"
    zh = "该时段已结束,请预约之后的时段。"
    en = "This slot is over. Choose a later one."


class SlotBusy(Conflict):
    """409: too many bookings of this slot are under way at this moment."""

    code = "slot_busy"
    zh = "预约的人较多,请几秒后重试,名额未被占用。"
    en = "Many people are booking this slot. Try again in a few seconds; nothing was taken."


class SlotChanged(SlotBusy):
    """409: the slot sells along with a counter that the booking did not know; looked at again, it may be had."""
