"""The rules: what a permit costs, how long it holds, and when there is no space left."""

from __future__ import annotations

from datetime import date

import requests
from dateutil.relativedelta import relativedelta
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking_api.errors import ApiError
from parking_api.models import Permit, Zone

YEAR_DISCOUNT = 10
"""Percent off for every permit of twelve months or more."""


def last_day(starts: date, months: int) -> date:
    """The day before the same day `months` later; a permit from 31 January for one month ends on 27 or 28 February."""
    return starts + relativedelta(months=months) - relativedelta(days=1)


def price(zone: Zone, months: int) -> int:
    """Cents for `months` in `zone`, rounded down to a whole cent."""
    full = zone.cents_per_month * months
    return full * (100 - YEAR_DISCOUNT) // 100 if months >= 12 else full


def taken(session: Session, zone: Zone, starts: date, ends: date) -> int:
    """How many permits of the zone overlap these days."""
    overlap = (Permit.zone_code == zone.code, Permit.starts <= ends, Permit.ends >= starts)
    return session.scalar(select(func.count()).select_from(Permit).where(*overlap)) or 0


def issue(session: Session, *, plate: str, holder: str, zone_code: str, starts: date, months: int) -> Permit:
    """A new permit, not yet paid. Raises ApiError 404 for an unknown zone and 409 for a full one."""
    zone = session.get(Zone, zone_code)
    if zone is None:
        raise ApiError(404, f"there is no zone {zone_code}")
    ends = last_day(starts, months)
    if taken(session, zone, starts, ends) >= zone.spaces:
        raise ApiError(409, f"zone {zone_code} is full in that time")
    permit = Permit(plate=plate, holder=holder, zone=zone, starts=starts, ends=ends, cents=price(zone, months))
    session.add(permit)
    session.flush()
    return permit


def charge(permit: Permit, url: str) -> str:
    """Ask the payment service for the permit's price; returns the charge's id."""
    body = {"reference": f"permit-{permit.number}", "cents": permit.cents}
    try:
        answer = requests.post(url, json=body, timeout=5)
        answer.raise_for_status()
        return str(answer.json()["id"])
    except (requests.RequestException, KeyError, TypeError) as error:
        raise ApiError(502, "the payment service did not answer") from error


def valid_on(session: Session, plate: str, day: date) -> list[Permit]:
    """Every permit of this plate that holds on this day."""
    query = select(Permit).where(Permit.plate == plate, Permit.starts <= day, Permit.ends >= day).order_by(Permit.number)
    return list(session.scalars(query))
