"""Where credentials may go: a scheme, a host and a port, never a pattern."""

import ipaddress

import httpx
import msgspec

from helpdesk_kpi.errors import ConfigError

_PORTS = {"https": 443, "http": 80}


class Host(msgspec.Struct, frozen=True):
    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")


def parse_host(address: str) -> Host:
    """The site of "https://acme.zendesk.com/..." or "acme.zendesk.com"; ConfigError if it may carry no credentials."""
    try:
        url = httpx.URL(address if "://" in address else f"https://{address}")
    except httpx.InvalidURL as error:
        raise ConfigError(f"{address!r} is no address: {error}") from None
    if url.scheme not in _PORTS or not url.host:
        raise ConfigError(f"{address!r} is no address; one like https://acme.example.com is expected")
    if url.userinfo:
        raise ConfigError(f"the address of {url.host!r} must not carry a name or password")
    if url.scheme == "http" and not is_loopback(url.host):
        raise ConfigError(f"{address!r}: http:// is only for a loopback address; use https://{url.host}")
    return Host(url.scheme, url.host, url.port or _PORTS[url.scheme])


def is_same_host(url: httpx.URL, site: Host) -> bool:
    return (url.scheme, url.host, url.port or _PORTS.get(url.scheme)) == (site.scheme, site.host, site.port)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
