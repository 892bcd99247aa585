"""Mail addresses beyond ASCII: domains as DNS knows them (IDNA), local parts as SMTPUTF8 carries them (RFC 6531)."""

from collections.abc import Iterable
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses, parseaddr

import idna


def bare(written: str) -> str:
    """The address alone: "Ann <ann@example.com>" -> "ann@example.com"."""
    return parseaddr(written)[1]


def is_address(written: str) -> bool:
    """Whether a text is exactly one address, with or without a name, that mail can be sent to."""
    found = getaddresses([written])
    plain = found[0][1] if len(found) == 1 else ""
    if not written.isprintable() or "@" not in plain[1:-1]:
        return False
    try:
        local, _, domain = with_ascii_domain(plain).rpartition("@")
        # The parser knows ASCII only; what else may stand in a local part stands for a letter here.
        Address(addr_spec=f"{''.join(letter if letter.isascii() else 'x' for letter in local)}@{domain}")
    except (ValueError, IndexError, HeaderParseError):
        return False
    return not any(letter.isspace() for letter in local)


def with_ascii_domain(written: str) -> str:
    """The same address, its domain as DNS knows it: "Jo <jo@bücher.example>" -> "Jo <jo@xn--bcher-kva.example>".

    Raises ValueError for a domain that cannot exist.
    """
    address = bare(written)
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return written
    # Non-transitional: with the older rules "straße.example" would be "strasse.example", which is another's domain.
    ascii_domain = idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    before, found, after = written.rpartition(address)
    return f"{before}{local}@{ascii_domain}{after}" if found else f"{local}@{ascii_domain}"


def needs_utf8(written: str) -> bool:
    """Whether only a server with SMTPUTF8 takes this address."""
    return not bare(written).rpartition("@")[0].isascii()


def only_ascii(written: Iterable[str]) -> tuple[str, ...]:
    """Those that any server takes."""
    return tuple(address for address in written if not needs_utf8(address))
