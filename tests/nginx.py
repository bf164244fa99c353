"""Debian's nginx in front of a gateway, as `smilepost kiosk proxy` configures it, with a certificate for a day."""

import os
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

NGINX = "/usr/sbin/nginx"
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {site};
}}
"""
"""What Debian's own /etc/nginx/nginx.conf does around a site, in a folder of ours."""


def nginx_or_skip() -> None:
    if Path(NGINX).exists():
        return
    if os.environ.get("SMILEPOST_REQUIRE_BROWSER") == "1":
        pytest.fail(f"no nginx at {NGINX}: apt install nginx-light")
    pytest.skip(f"no nginx at {NGINX}: apt install nginx-light")


def certificate(folder: Path) -> tuple[Path, Path, str]:
    """For localhost: its file, its key's file, and the hash of its public key, by which Chromium can be told to
    believe it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
    )
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    files = folder / "certificate.pem", folder / "certificate.key"
    files[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return *files, b64encode(sha256(public).digest()).decode()


@contextmanager
def running(site: Path, port: int) -> Iterator[None]:
    """Answering on `port` of this machine, until the block ends."""
    folder = site.parent
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=site))
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx-error.log")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1_200):
            assert process.poll() is None, (folder / "nginx-error.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)
