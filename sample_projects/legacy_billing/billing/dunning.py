"""When an invoice is due, and when we remind."""
import datetime

import pytz
from dateutil.relativedelta import MO, relativedelta

OFFICE = pytz.timezone("Europe/Berlin")


def due_day(ordered):
    """Two weeks later; a weekend moves it to Monday."""
    day = ordered + relativedelta(weeks=2)
    return day if day.weekday() < 5 else day + relativedelta(weekday=MO(1))


def reminders(ordered, count=3):
    """The days on which we remind: one month apart, at the office's eight o'clock."""
    first = due_day(ordered)
    days = (first + relativedelta(months=number) for number in range(1, count + 1))
    return [OFFICE.localize(datetime.datetime(day.year, day.month, day.day, 8)) for day in days]
