"""The health commission's figures: reckoned at night, told by town, with no small number and nobody's name."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock, jobs, outbox, small_numbers
from models.eldercare import figure, figure_run
from models.eldercare.figure import HealthFigure
from models.eldercare.figure_run import HealthFigureRun
from models.eldercare.subject import HealthSubject
from models.places import area
from tests.eldercare import figures_kit as kit
from tests.eldercare.figures_kit import CLINIC, ELSEWHERE, OTHER_TOWN, TOWN, VILLAGE, YEAR
from tests.support import affairs, queues

pytestmark = pytest.mark.usefixtures("seeded")


class TestCoverage:
    def test_counts_who_is_of_age_by_town(self, client):
        for one in kit.elders(9):
            kit.check(one)
        for one in kit.elders(6):
            kit.check(one, left=1)
        kit.elders(7)
        for one in kit.elders(8, area=OTHER_TOWN):
            kit.check(one)
        kit.night()
        told = kit.read(kit.manager(client), f"yearly-checks?year={YEAR}")
        row = kit.of_town(told)
        assert (row["enrolled"], row["done"], row["partly"], row["not_begun"]) == (22, 9, 6, 7)
        assert (row["town_zh"], row["percent"]) == ("梓山镇", 40.9)
        assert (told["county"]["enrolled"], told["county"]["done"]) == (30, 17)
        assert told["as_of"].startswith("2026-11-20T")
        assert {one["town"] for one in told["towns"]} == set(area.towns()), "a town without elders is told as well"

    @pytest.mark.parametrize(("birth_year", "counted"), [(1961, 1), (1962, 0)])
    def test_begins_in_the_year_in_which_an_elder_turns_65(self, client, birth_year, counted):
        kit.elders(5, area=OTHER_TOWN)
        kit.elder(birth_year=birth_year, area=OTHER_TOWN)
        kit.night()
        told = kit.read(kit.manager(client), "yearly-checks")
        assert kit.of_town(told, OTHER_TOWN)["enrolled"] == 5 + counted

    def test_counts_no_other_year_and_nobody_who_died(self, client):
        last = kit.elders(6)
        for one in last:
            kit.check(one, year=YEAR - 1)
        kit.alert(last[0], outcome="died")
        kit.night()
        row = kit.of_town(kit.read(kit.manager(client), "yearly-checks"))
        assert (row["enrolled"], row["done"], row["not_begun"]) == (5, 0, 5)

    def test_tells_no_group_of_fewer_than_five_nor_what_would_give_it_away(self, client):
        for one in kit.elders(3):
            kit.check(one)
        kit.elders(12)
        for one in kit.elders(20, area=OTHER_TOWN):
            kit.check(one)
        kit.night()
        told = kit.read(kit.manager(client), "yearly-checks")
        row = kit.of_town(told)
        assert (row["done"], row["not_begun"], row["partly"], row["percent"]) == (None, None, 0, None)
        assert told["county"]["enrolled"] == 35
        assert "少于 5 人" in told["note_zh"]
        other = kit.of_town(told, OTHER_TOWN)
        assert other["done"] is None, "with the county's number it would tell the first town's"
        shown = [number for one in (*told["towns"], told["county"]) for number in one.values() if type(number) is int]
        assert not [number for number in shown if 0 < number < small_numbers.SMALL]

    def test_of_a_year_that_no_night_reckoned_says_so_by_having_no_time(self, client):
        told = kit.read(kit.manager(client), "yearly-checks?year=2025")
        assert (told["towns"], "as_of" in told, "county" in told) == ([], False, False)

    @pytest.mark.parametrize("query", ["year=1999", "year=x", "month=2026-11"])
    def test_refuses_what_is_no_year(self, client, query):
        assert kit.manager(client).get(f"{kit.OFFICE}/figures/yearly-checks?{query}").status_code in {400, 422}


class TestControl:
    def test_goes_by_the_last_visit_of_the_year(self, client):
        for one in kit.elders(6):
            kit.programme(one, reached=True)
        for one in kit.elders(5):
            kit.programme(one, reached=False)
        for one in kit.elders(5):
            kit.programme(one, reached=True, at=clock.now() - timedelta(days=400))
        for one in kit.elders(5):
            kit.programme(one, "diabetes", reached=True)
        kit.night()
        told = kit.read(kit.manager(client), "control")
        pressure, sugar = (kit.of_town(one) for one in told["diseases"])
        assert (pressure["managed"], pressure["reached"], pressure["not_reached"], pressure["not_visited"]) == (
            16,
            6,
            5,
            5,
        )
        assert (pressure["percent"], sugar["managed"], sugar["percent"]) == (37.5, 5, 100.0)
        assert [one["disease_zh"] for one in told["diseases"]] == ["高血压", "2型糖尿病"]

    def test_counts_neither_who_is_suspected_nor_who_was_dismissed(self, client):
        for one in kit.elders(6):
            kit.programme(one, reached=True)
        kit.programme(kit.elder(), state="suspected")
        over = {"state": "ended", "live": False, "ended_at": clock.now()}
        kit.programme(kit.elder(), ended_as="dismissed", **over)
        for one in kit.elders(5):
            kit.programme(one, reached=False, ended_as="moved", **over)
        kit.night()
        row = kit.of_town(kit.read(kit.manager(client), "control")["diseases"][0])
        assert (row["managed"], row["reached"], row["not_reached"]) == (11, 6, 5)


class TestAlerts:
    def test_tell_how_long_they_waited_and_how_they_ended(self, client):
        for minutes, outcome in ((2, "resolved"), (4, "resolved"), (6, "resolved"), (8, "resolved"), (90, "resolved")):
            kit.alert(kit.elder(), minutes=minutes, outcome=outcome)
        for _ in range(6):
            kit.alert(kit.elder(area=OTHER_TOWN), minutes=1, outcome="false_alarm")
        for _ in range(5):
            kit.alert(kit.elder())
        kit.alert(kit.elder(), state="linked", live=False)
        kit.night()
        told = kit.read(kit.manager(client), "alerts?month=2026-11")
        urgent = next(one for one in told["severities"] if one["severity"] == "urgent")
        assert (urgent["raised"], urgent["open"], urgent["median_minutes_to_acknowledge"]) == (16, 5, 1)
        counts = {one["outcome"]: one["count"] for one in urgent["outcomes"]}
        assert (counts["resolved"], counts["false_alarm"], counts["died"]) == (5, 6, 0)
        assert (kit.of_town(told)["raised"], kit.of_town(told)["open"], kit.of_town(told)["closed"]) == (10, 5, 5)
        assert kit.of_town(told, OTHER_TOWN)["closed"] == 6

    def test_hide_the_median_of_a_few(self, client):
        for _ in range(4):
            kit.alert(kit.elder(), "emergency", minutes=3, outcome="resolved")
        kit.night()
        told = kit.read(kit.manager(client), "alerts")
        grave = next(one for one in told["severities"] if one["severity"] == "emergency")
        assert (grave["raised"], grave["median_minutes_to_acknowledge"]) == (None, None)
        assert kit.of_town(told)["raised"] is None

    def test_belong_to_the_month_in_which_they_were_raised(self, client, travel):
        kit.alert(kit.elder())
        travel("2026-12-03", "09:00")
        kit.night()
        boss = kit.manager(client)
        assert kit.read(boss, "alerts?month=2026-11")["as_of"].startswith("2026-12-03")
        assert {one["raised"] for one in kit.read(boss, "alerts")["severities"]} == {0}

    @pytest.mark.parametrize("month", ["2026-13", "2026-1", "x", "2026-11%00"])
    def test_refuse_what_is_no_month(self, client, month):
        assert kit.manager(client).get(f"{kit.OFFICE}/figures/alerts?month={month}").status_code in {400, 422}


class TestWhoReads:
    def test_the_auditor_reads_them_and_a_doctor_does_not(self, client):
        kit.night()
        auditor, doctor = affairs.seat(client, "auditor"), kit.doctor(client)
        for path in ("yearly-checks", "control", "alerts"):
            assert auditor.get(f"{kit.OFFICE}/figures/{path}").status_code == 200
            assert doctor.get(f"{kit.OFFICE}/figures/{path}").status_code == 403
        assert auditor.get(f"{kit.OFFICE}/figures/own-units").status_code == 403

    def test_a_unit_reads_its_own_whole(self, client):
        for one in kit.elders(2, units=(CLINIC,)):
            kit.check(one)
            kit.programme(one, reached=True)
        kit.elder(units=(CLINIC, ELSEWHERE))
        kit.night()
        (own,) = kit.read(kit.doctor(client), "own-units")["items"]
        assert own["yearly_checks"] == {"enrolled": 3, "done": 2, "partly": 0, "not_begun": 1, "percent": 66.7}
        assert (own["unit"], own["control"][0]["managed"], own["control"][0]["percent"]) == (CLINIC, 2, 100.0)
        (other,) = kit.read(kit.doctor(client, ELSEWHERE), "own-units")["items"]
        assert (other["yearly_checks"]["enrolled"], other["yearly_checks"]["done"]) == (1, 0)

    def test_who_works_for_one_town_reads_its_row_alone(self, client):
        kit.elders(6)
        kit.alert(kit.elder())
        kit.night()
        boss = affairs.seat(client, "health_manager", unit=CLINIC, area=TOWN)
        told = kit.read(boss, "yearly-checks")
        assert ([one["town"] for one in told["towns"]], "county" in told) == ([TOWN], False)
        told = kit.read(boss, "alerts")
        assert ([one["town"] for one in told["towns"]], told["severities"]) == ([TOWN], [])


class TestNight:
    def test_counts_each_elder_once_however_often_a_batch_is_looked_at(self, monkeypatch):
        monkeypatch.setattr(figure_run, "BATCH", 4)
        kit.elders(11)
        assert figure_run.begin()
        job = HealthFigureRun._get_collection().find_one({}, hint="_id_")["job"]
        found = HealthSubject._get_collection().find({}, {"_id": 1}, hint="_id_").sort("_id", 1).limit(4)
        last = [one["_id"] for one in found][-1]
        for _ in range(3):  # killed twice after the tally was written and before the job moved on
            figure_run._add(job, last)
        queues.drain("reports")
        assert figure.counts(figure.of_county("yearly_check", str(YEAR))["county"])["not_begun"] == 11
        assert jobs.read(job)["state"] == "done"

    def test_goes_on_where_another_worker_stopped(self, monkeypatch):
        monkeypatch.setattr(figure_run, "BATCH", 3)
        monkeypatch.setattr(jobs, "SECONDS", 0)
        kit.elders(8)
        assert figure_run.begin()
        job = HealthFigureRun._get_collection().find_one({}, hint="_id_")["job"]
        with pytest.raises(outbox.Later):
            figure_run.work(job)
        assert jobs.read(job)["done"] == 1
        while HealthFigureRun._get_collection().find_one({"job": job}):
            try:
                figure_run.work(job)
            except outbox.Later:
                continue
        assert figure.counts(figure.of_county("yearly_check", str(YEAR))["county"])["not_begun"] == 8

    def test_begins_once_a_day(self):
        assert figure_run.begin()
        assert not figure_run.begin()

    def test_gives_up_a_run_of_the_day_before(self, travel):
        kit.elders(5)
        assert figure_run.begin()
        stale = HealthFigureRun._get_collection().find_one({}, hint="_id_")["job"]
        travel("2026-11-21", "02:30")
        assert figure_run.begin()
        figure_run.work(stale)
        assert HealthFigure._get_collection().find_one({}, hint="_id_") is None, "what was given up puts no rows"
        queues.drain("reports")
        assert figure.counts(figure.of_county("yearly_check", str(YEAR))["county"])["not_begun"] == 5

    def test_takes_away_the_row_of_a_town_that_nobody_lives_in_any_more(self, travel):
        gone = kit.elders(5)
        kit.night()
        assert figure.town(TOWN) in figure.of_county("yearly_check", str(YEAR))
        moved = {"$set": {"area": OTHER_TOWN}}
        HealthSubject._get_collection().update_many({"_id": {"$in": gone}}, moved)
        travel("2026-11-21", "02:30")
        kit.night()
        assert set(figure.of_county("yearly_check", str(YEAR))) == {"county", figure.town(OTHER_TOWN)}

    def test_keeps_the_last_figures_of_a_year_that_is_over(self, client, travel):
        for one in kit.elders(5):
            kit.programme(one, reached=True)
        kit.night()
        travel("2027-01-02", "02:30")
        affairs.stay_awake()
        kit.night()
        boss = kit.manager(client)
        assert kit.of_town(kit.read(boss, f"control?year={YEAR}")["diseases"][0])["reached"] == 5
        assert kit.of_town(kit.read(boss, "control?year=2027")["diseases"][0])["not_visited"] == 5
        assert kit.read(boss, f"yearly-checks?year={YEAR}")["as_of"].startswith("2027-01-02")

    def test_counts_who_has_no_address_apart(self, client):
        kit.elders(6, area="")
        kit.night()
        told = kit.read(kit.manager(client), "yearly-checks")
        assert (kit.of_town(told, "")["enrolled"], kit.of_town(told, "")["town_zh"]) == (6, "住址未登记")

    def test_does_nothing_for_a_job_whose_run_is_gone(self):
        assert figure_run.begin()
        run = HealthFigureRun._get_collection().find_one_and_delete({}, hint="_id_")
        figure_run.work(run["job"])
        assert HealthFigure._get_collection().find_one({"_id": str(ObjectId())}) is None


def test_the_area_of_a_village_lies_in_its_town():
    assert VILLAGE.startswith(TOWN)
