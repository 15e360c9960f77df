"""What every test may rely on."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A loaded machine draws and runs examples slowly, and that is no fault of what is tested. One commit has one result: examples
# are the same in every run, and `--hypothesis-profile=search` looks for others.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", PATIENT)
settings.register_profile("steadypin", PATIENT, derandomize=True)
settings.load_profile("steadypin")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite that is started in the background ignores Ctrl-C, and so would every program that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
