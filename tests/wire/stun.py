# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small STUN (RFC 8489) of the wire tests' own. It shares no code with ice-core: hashlib signs, zlib checks."""
import hashlib
import hmac
import ipaddress
import os
import struct
import zlib
from dataclasses import dataclass, field

COOKIE = 0x2112A442
REQUEST, INDICATION, SUCCESS, ERROR = 0x0001, 0x0011, 0x0101, 0x0111  # of the Binding method

MAPPED_ADDRESS, USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, UNKNOWN_ATTRIBUTES = 0x0001, 0x0006, 0x0008, 0x0009, 0x000A
MESSAGE_INTEGRITY_SHA256, XOR_MAPPED_ADDRESS, PRIORITY, USE_CANDIDATE = 0x001C, 0x0020, 0x0024, 0x0025
SOFTWARE, FINGERPRINT, ICE_CONTROLLED, ICE_CONTROLLING = 0x8022, 0x8028, 0x8029, 0x802A


def attribute(kind: int, value: bytes = b"") -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def looks_like(datagram: bytes) -> bool:
    return (len(datagram) >= 20 and datagram[0] < 0x40 and struct.unpack_from("!I", datagram, 4)[0] == COOKIE
            and struct.unpack_from("!H", datagram, 2)[0] == len(datagram) - 20)


def xor_address(ip: str, port: int, tid: bytes) -> bytes:
    packed = ipaddress.ip_address(ip).packed
    mask = struct.pack("!I", COOKIE) + tid
    return (struct.pack("!BBH", 0, 1 if len(packed) == 4 else 2, port ^ (COOKIE >> 16))
            + bytes(a ^ b for a, b in zip(packed, mask)))


def build(kind: int, tid: bytes, attributes: list[bytes], key: str | None = None, sha256: bool = False,
          fingerprint: bool = True, behind: list[bytes] = ()) -> bytes:
    """`key` signs; `behind` stands between the integrity and the fingerprint, where nothing may stand."""
    body = b"".join(attributes)

    def so_far(more: int) -> bytes:
        return struct.pack("!HHI", kind, len(body) + more, COOKIE) + tid + body

    if key is not None:
        if sha256:
            body += attribute(MESSAGE_INTEGRITY_SHA256, hmac.digest(key.encode(), so_far(36), "sha256"))
        else:
            body += attribute(MESSAGE_INTEGRITY, hmac.digest(key.encode(), so_far(24), "sha1"))
    body += b"".join(behind)
    if fingerprint:
        body += attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(so_far(8)) ^ 0x5354554E))
    return so_far(0)


def new_tid() -> bytes:
    return os.urandom(12)


@dataclass
class Message:
    """A message that was received, every attribute in its place."""
    raw: bytes
    kind: int = 0
    tid: bytes = b""
    attributes: list[tuple[int, bytes]] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> "Message":
        kind, length, cookie = struct.unpack_from("!HHI", raw)
        assert cookie == COOKIE and length == len(raw) - 20 and length % 4 == 0, "not a STUN message"
        message = cls(raw, kind, raw[8:20])
        at = 20
        while at < len(raw):
            name, size = struct.unpack_from("!HH", raw, at)
            assert at + 4 + size <= len(raw), "an attribute runs over the end"
            padding = raw[at + 4 + size:at + 4 + size + -size % 4]
            assert padding == bytes(len(padding)), "padding is not zero (RFC 8489 14: SHOULD)"
            message.attributes.append((name, raw[at + 4:at + 4 + size]))
            message.offsets.setdefault(name, at)
            at += 4 + size + -size % 4
        return message

    def get(self, name: int) -> bytes | None:
        return next((value for kind, value in self.attributes if kind == name), None)

    def has(self, name: int) -> bool:
        return self.get(name) is not None

    def number(self, name: int) -> int | None:
        value = self.get(name)
        return None if value is None else int.from_bytes(value, "big")

    def names(self) -> list[int]:
        return [kind for kind, _ in self.attributes]

    def signed_by(self, key: str) -> bool:
        """By MESSAGE-INTEGRITY, or by MESSAGE-INTEGRITY-SHA256 where only that is there."""
        for name, digest in ((MESSAGE_INTEGRITY, "sha1"), (MESSAGE_INTEGRITY_SHA256, "sha256")):
            if name in self.offsets:
                at, value = self.offsets[name], self.get(name)
                head = self.raw[:2] + struct.pack("!H", at + 4 + len(value) - 20) + self.raw[4:at]
                return hmac.digest(key.encode(), head, digest) == value
        return False

    def fingerprint_is_right(self) -> bool:
        at = self.offsets.get(FINGERPRINT)
        return at is not None and at + 8 == len(self.raw) and (
            self.number(FINGERPRINT) == zlib.crc32(self.raw[:at]) ^ 0x5354554E)

    def mapped(self) -> tuple[str, int] | None:
        value = self.get(XOR_MAPPED_ADDRESS)
        if value is None:
            return None
        mask = struct.pack("!I", COOKIE) + self.tid
        port = struct.unpack_from("!H", value, 2)[0] ^ (COOKIE >> 16)
        return str(ipaddress.ip_address(bytes(a ^ b for a, b in zip(value[4:], mask)))), port

    def error(self) -> int | None:
        value = self.get(ERROR_CODE)
        return None if value is None else value[2] * 100 + value[3]

    def unknown(self) -> list[int]:
        value = self.get(UNKNOWN_ATTRIBUTES) or b""
        return [code for (code,) in struct.iter_unpack("!H", value)]


assert hashlib.sha1(b"abc").hexdigest().startswith("a9993e36")  # the tests' own ruler is straight
