"""How we behave towards servers, as a value."""

from __future__ import annotations

from steadypin import __version__
from steadypin.values import dataclass, field

MEGABYTE = 1024 * 1024
USER_AGENT = f"steadypin/{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How long, how much, how often, and the way out. Times in seconds, sizes in bytes.

    `deadline` is for one `get` with all its attempts and its body. A `Retry-After` above `longest_wait` is not waited for.
    `proxy`, `ca_bundle`, `client_cert` and `trusted_hosts` ("host" or "host:port", without verification of certificates) are
    pip's; where they are not set, the environment rules as `requests` reads it.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 15.0
    deadline: float = 60.0
    retries: int = 3
    backoff: float = 0.25
    longest_wait: float = 10.0
    redirects: int = 10
    connections: int = 16
    wire_limit: int = 64 * MEGABYTE
    body_limit: int = 128 * MEGABYTE
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    client_cert: str | None = None
    trusted_hosts: tuple[str, ...] = ()
