"""Where a message may go: the rule for addresses that people type in, against requests into our own network.

The address is read strictly, its host resolved once, and every answer checked (reliability C47, C48); whoever connects
uses what was checked. What the operator allows in `OUTGOING_ALLOWED_HOSTS` may lie inside.
"""

import re
import socket
import threading
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from teams.errors import InvalidInput
from teams.notifications.inside import AllowList, allow_list, is_inner_name, is_inside

# (host, port) -> addresses; raises OSError if there are none.
Resolver = Callable[[str, int], Sequence[str]]

PORTS = {"http": 80, "https": 443}
LONGEST = 2048
RESOLVE_SECONDS = 3.0
_OTHER_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class AddressRefused(InvalidInput):
    """The rule forbids the address; the message says which part of it."""

    code = "address_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, fields={"url": message})


@dataclass(frozen=True)
class Target:
    """An address that was read. `host` is in ASCII, `path` begins with / and holds the query.

    `objection` is why it is refused unless all its addresses lie in networks that the operator allows.
    """

    scheme: str
    host: str
    port: int
    path: str
    is_named: bool  # by the operator: then any address will do
    objection: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def check_url(url: str, *, resolver: Resolver | None = None) -> None:
    """Refuse an address when somebody saves it; sending asks the same again.

    A name that nobody resolves just now passes: sending will tell.

    Raises:
        AddressRefused
    """
    target = read(url, operators())
    try:
        addresses(target, operators(), resolver or look_up, RESOLVE_SECONDS)
    except OSError:
        return


def operators() -> AllowList:
    return allow_list(tuple(settings.OUTGOING_ALLOWED_HOSTS))


def read(url: str, allowed: AllowList) -> Target:
    """Take an address apart.

    Raises:
        AddressRefused
    """
    if len(url) > LONGEST:
        raise AddressRefused(_("The address is too long."))
    if any(char <= " " or char in "\\\x7f" for char in url):
        raise AddressRefused(_("The address holds characters that are not allowed."))
    parts, port = _split(url)
    if parts.scheme not in PORTS:
        raise AddressRefused(_("Write the whole address; it begins with https:// or http://."))
    if "@" in parts.netloc:
        raise AddressRefused(_("The address must not hold a user name or password."))
    host = _host(parts.hostname or "", is_bracketed="[" in parts.netloc)
    port = PORTS[parts.scheme] if port is None else port
    path = _quoted(parts.path or "/") + (f"?{_quoted(parts.query)}" if parts.query else "")
    is_named = allowed.names_host(host, port)
    target = Target(parts.scheme, host, port, path, is_named, "" if is_named else _objection(host, port))
    if target.objection and not allowed.networks:
        raise AddressRefused(target.objection)
    return target


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise AddressRefused(_("The address cannot be read.")) from None


def _quoted(text: str) -> str:
    return quote(text, safe="/%:@!$&'()*+,;=~?")


def _host(written: str, *, is_bracketed: bool) -> str:
    """The host as resolvers and certificates know it: IDNA, or an address in its usual form."""
    if not written:
        raise AddressRefused(_("The address names no host."))
    try:
        if is_bracketed:
            return str(IPv6Address(written.replace("%", "/")))  # No zones: they name a network card of ours.
        folded = unicodedata.normalize("NFKC", written).translate(_OTHER_DOTS).lower().removesuffix(".")
        name = folded.encode("idna").decode()
    except ValueError:
        raise AddressRefused(_("The host of the address cannot be read.")) from None
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise AddressRefused(_("The host of the address cannot be read."))
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(IPv4Address(name))
        except AddressValueError:
            raise AddressRefused(_("The host is a number in an unusual form.")) from None
    return name


def _objection(host: str, port: int) -> str:
    if port not in PORTS.values():
        return _("Only the ports 80 and 443 are open, unless the operator allows this host.")
    try:
        lies_inside = is_inside(ip_address(host))
    except ValueError:
        lies_inside = is_inner_name(host)
    return inside_rule() if lies_inside else ""


def inside_rule() -> str:
    return _("The host lies inside (a private, local or reserved address), and the operator does not allow it.")


def addresses(target: Target, allowed: AllowList, resolver: Resolver, seconds: float) -> list[str]:
    """The addresses to connect to, each of them checked.

    Raises:
        AddressRefused: one of them at least lies inside.
        OSError: there are none, or not in time.
    """
    try:
        found = [str(ip_address(target.host))]
    except ValueError:
        found = list(dict.fromkeys(_in_time(resolver, target, seconds)))
    if not found:
        raise OSError("no address")
    if not target.is_named:
        for text in found:
            _check(text, target, allowed)
    return found


def _check(text: str, target: Target, allowed: AllowList) -> None:
    address = ip_address(text)
    if allowed.holds(address):
        return
    if target.objection:
        raise AddressRefused(target.objection)
    if is_inside(address):
        raise AddressRefused(inside_rule())


def look_up(host: str, port: int) -> list[str]:
    """The system's own resolver."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _in_time(resolver: Resolver, target: Target, seconds: float) -> Sequence[str]:
    """Ask in a thread of its own: the system's resolver knows no time limit."""
    answers: list[Sequence[str] | OSError] = []

    def ask() -> None:
        try:
            answers.append(resolver(target.host, target.port))
        except (OSError, UnicodeError) as error:
            answers.append(error if isinstance(error, OSError) else OSError("not a name"))

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not answers:
        raise TimeoutError("the resolver does not answer")
    if isinstance(answers[0], OSError):
        raise answers[0]
    return answers[0]
