"""The tables: zones, and permits in them."""

from __future__ import annotations

from datetime import date
from typing import Optional

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Zone(Base):
    __tablename__ = "zones"

    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    cents_per_month: Mapped[int]
    spaces: Mapped[int]
    permits: Mapped[list[Permit]] = relationship(back_populates="zone")


class Permit(Base):
    __tablename__ = "permits"

    number: Mapped[int] = mapped_column(primary_key=True)
    plate: Mapped[str] = mapped_column(String(12), index=True)
    holder: Mapped[str] = mapped_column(String(120))
    zone_code: Mapped[str] = mapped_column(ForeignKey("zones.code"))
    starts: Mapped[date]
    ends: Mapped[date]
    cents: Mapped[int]
    charge: Mapped[Optional[str]] = mapped_column(String(64))
    zone: Mapped[Zone] = relationship(back_populates="permits")
