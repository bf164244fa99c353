"""The configuration of the web server that stands in front of a gateway: nginx, as Debian has it."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.config import Settings

_TEMPLATE = Path(__file__).with_name("nginx.conf")
HTTPS = 443
CERTIFICATE, KEY = "/etc/letsencrypt/live/{name}/fullchain.pem", "/etc/letsencrypt/live/{name}/privkey.pem"
"""Where certbot puts them."""
LOG = "/var/log/nginx/smilepost.log"
_PLAIN = """
server {
    listen 80;
    listen [::]:80;
    server_name $NAME;
    server_tokens off;
    return 301 https://$NAME$request_uri;
}
"""


class NoGateway(Exception):
    """The settings are no gateway's; the message is a sentence."""


def nginx(
    settings: Settings, certificate: Path | None = None, key: Path | None = None, *, six: bool = True, log: str = LOG
) -> str:
    """What belongs into /etc/nginx/sites-enabled. `six`: whether to listen on IPv6 as well. Raises NoGateway."""
    address = urlsplit(settings.public_url or "")
    if address.scheme != "https" or not address.hostname:
        raise NoGateway(
            'This terminal is no gateway: the key "public_url" in [kiosk] is the address under which tablets find it, '
            "such as https://tablets.example.com."
        )
    name, port = address.hostname, address.port or HTTPS
    listen = [f"    listen {port} ssl http2;", f"    listen [::]:{port} ssl http2;"][: 1 + six]
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host  # noqa: S104 - compared with
    said = {
        "GATEWAY": f"{f'[{host}]' if ':' in host else host}:{settings.port}",
        "PLAIN": _plain(name, six) if port == HTTPS else "",
        "LISTEN": "\n".join(listen),
        "NAME": name,
        "NAMED": address.netloc,
        "CERTIFICATE": str(certificate or CERTIFICATE.format(name=name)),
        "KEY": str(key or KEY.format(name=name)),
        "LOG": log,
    }
    # In capitals are our own; in small letters are nginx's.
    return re.sub(r"\$([A-Z]+)\b", lambda found: said[found[1]], _TEMPLATE.read_text("utf-8"))


def _plain(name: str, six: bool) -> str:
    """Whoever comes without https is sent on."""
    lines = _PLAIN.replace("$NAME", name).splitlines(keepends=True)
    return "".join(line for line in lines if six or "[::]" not in line)


def has_ipv6() -> bool:
    """Whether this machine has it; without, nginx would not start at all."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
