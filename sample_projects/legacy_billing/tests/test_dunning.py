import datetime

import pytest

from billing import dunning


@pytest.mark.parametrize("ordered, due", [((2022, 5, 20), (2022, 6, 3)), ((2022, 5, 21), (2022, 6, 6)), ((2022, 5, 22), (2022, 6, 6))])
def test_due_day(ordered, due):
    assert dunning.due_day(datetime.date(*ordered)) == datetime.date(*due)


def test_reminders_keep_the_office_hour_over_summer_time():
    found = [moment.isoformat() for moment in dunning.reminders(datetime.date(2022, 8, 15), 3)]
    assert found == ["2022-09-29T08:00:00+02:00", "2022-10-29T08:00:00+02:00", "2022-11-29T08:00:00+01:00"]
