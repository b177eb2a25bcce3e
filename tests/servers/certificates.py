"""A certificate authority of the tests' own, made with openssl."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from servers.process import program


class Certificate(NamedTuple):
    """Files in PEM: the server's chain and key, and the authority that signed it."""

    chain: Path
    key: Path
    authority: Path


def make_certificate(
    folder: Path, names: str = "IP:127.0.0.1,DNS:localhost", *, expired: bool = False
) -> Certificate:
    """Make an authority and a certificate for `names` (openssl's subjectAltName), valid for ten days.

    `expired`: the certificate's time was over yesterday.
    """
    made = Certificate(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    authority_key = folder / "authority.key"
    new = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "10",
    ]
    _openssl(
        *new, "-subj", "/CN=faultdesk test authority", "-keyout", authority_key, "-out", made.authority,
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )  # fmt: skip
    _openssl(
        *new, "-subj", "/CN=localhost", "-keyout", made.key, "-out", made.chain, "-CA", made.authority,
        "-CAkey", authority_key, "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=CA:FALSE",
    )  # fmt: skip
    if expired:
        request = folder / "request.pem"
        keep = ("-copy_extensions", "copy")
        _openssl("x509", "-x509toreq", "-in", made.chain, "-signkey", made.key, *keep, "-out", request)
        _openssl(
            "x509", "-req", "-in", request, "-out", made.chain, "-days", "-1", *keep, "-set_serial", "1",
            "-CA", made.authority, "-CAkey", authority_key,
        )  # fmt: skip
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run([program("openssl", package="openssl"), *arguments], check=True, capture_output=True)
