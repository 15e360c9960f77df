"""One engine for an application, one session for a request."""

from __future__ import annotations

from flask import Flask, current_app, g
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from parking_api.models import Base


def attach(app: Flask) -> None:
    """Create the engine and the tables; commit after each request that went well."""
    url = app.config["DATABASE_URL"]
    options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}} if url == "sqlite://" else {}
    engine = create_engine(url, **options)
    Base.metadata.create_all(engine)
    app.extensions["engine"] = engine
    app.teardown_request(_close)


def session() -> Session:
    if "session" not in g:
        g.session = Session(current_app.extensions["engine"])
    return g.session


def _close(error: BaseException | None) -> None:
    open_session = g.pop("session", None)
    if open_session is None:
        return
    if error is None:
        open_session.commit()
    open_session.close()
