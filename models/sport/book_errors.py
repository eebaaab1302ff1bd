"""Why a court, lane or session cannot be booked as wished."""

from backend.errors import NotFound, Unprocessable


class SlotUnknown(NotFound):
    """404: there is no such hour or session of a venue of sport."""

    code = "sport_slot_unknown"
    zh = "没有这个场地时段,请刷新后重新选择。"
    en = "There is no such hour or session. Refresh and choose again."


class NotInARow(Unprocessable):
    """422: the hours are not of one resource and day, or not one after the other."""

    code = "sport_hours_not_in_a_row"
    zh = "一次只能预订同一片场地、同一天、前后相连的时段,请重新选择。"
    en = "Hours must be of the same court and day and follow one another. Choose again."


class TooManyHours(Unprocessable):
    """422: more hours than may be booked at once."""

    code = "sport_too_many_hours"
    zh = "这片场地一次最多预订 {most} 个时段,请减少后再提交。"
    en = "At most {most} hours of this court at once. Choose fewer."


class PlayersWrong(Unprocessable):
    """422: too few or too many players."""

    code = "sport_players_wrong"
    zh = "这片场地每次须登记 {least} 至 {most} 人,请增减人员后再提交。"
    en = "{least} to {most} persons are named for this court. Change the list and send it again."


class PlayerTwice(Unprocessable):
    """422: somebody is named twice."""

    code = "sport_player_twice"
    zh = "同一人只能登记一次,请去掉重复的人员。"
    en = "A person is named twice. Name everybody once."


class BookerMissing(Unprocessable):
    """422: a price of one's own standing is for who plays along."""

    code = "sport_booker_missing"
    zh = "优惠价按预订人本人的资格执行,请把自己加入人员名单,或改选普通价。"
    en = "A concession is that of who books. Add yourself to the players, or choose the standard price."


class TypePerPlayer(Unprocessable):
    """422: a court has one price, whoever plays."""

    code = "sport_type_per_player"
    zh = "整场预订按一种价格计费,请不要为单个人员选择票种。"
    en = "A court has one price. Do not choose a ticket type for a single player."


class GuardianMissing(Unprocessable):
    """422: a child needs somebody of full age along."""

    code = "sport_guardian_missing"
    zh = "{age} 周岁以下儿童须由成年人陪同,请在同一订单中加入一位 18 周岁以上的陪同人。"
    en = "A child under {age} needs an adult in the same order. Add one."


class CertificateMissing(Unprocessable):
    """422: the deep water asks for a certificate."""

    code = "sport_deep_water_certificate"
    zh = "深水区须持有效的深水合格证,入场时查验;请确认每位人员都持证后再预约。"
    en = "Deep water asks for a certificate, which the gate looks at. State that everybody has one."
