"""Threads that are the first to convert to a type: unprepared, nearly each time the process dies."""

import subprocess
import sys

import pytest

_CONVERTED = """
import sys, threading
import msgspec
from faultdesk.domain.client import Client, Entitlement, Basis, Charge
from faultdesk.domain.fax import Page
from faultdesk.domain.ticket import Classification, Facts, Kind
from faultdesk.service.prepared_types import prepare_types

if "prepared" in sys.argv:
    prepare_types()
sys.setswitchinterval(1e-6)
told = [
    (msgspec.to_builtins(Classification(kind=Kind.FAULT, facts=Facts(phone="1"))), Classification),
    (msgspec.to_builtins(Entitlement(basis=Basis.WARRANTY, charge=Charge.FREE)), Entitlement),
    (msgspec.to_builtins(Client(name="x")), Client),
    ([msgspec.to_builtins(Page(number=1))], tuple[Page, ...]),
]
together = threading.Barrier(8)


def convert():
    together.wait()
    for data, kind in told * 20:
        msgspec.convert(data, kind)


threads = [threading.Thread(target=convert) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("_", range(5))
def test_threads_that_are_the_first_to_convert_do_not_end_the_process(_: int) -> None:
    done = subprocess.run([sys.executable, "-c", _CONVERTED, "prepared"], check=False)

    assert done.returncode == 0
