#!/usr/bin/env python3
"""crypt_rules.py -- the encryption of objects as FORMAT.md tells it, programmed a second time.

  crypt_rules.py seal KEYFILE RUN NAME XXH3 <bytes >object
  crypt_rules.py open KEYFILE RUN NAME XXH3 <object >bytes
  crypt_rules.py id KEYFILE

AES is that of openssl's command, one block or in counter mode; GCM, HKDF and the header are written out here.
"""
import functools, hashlib, hmac, operator, subprocess, sys

MAGIC = b"gpm-crypt-1 "


def hkdf(key, salt, info, length):
    prk = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    out, block = b"", b""
    for i in range(1, 256):
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha256).digest()
        out += block
        if len(out) >= length:
            return out[:length]


def openssl(mode, key, data, iv=None):
    args = ["openssl", "enc", "-aes-256-" + mode, "-nopad", "-K", key.hex()] + (["-iv", iv.hex()] if iv else [])
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def multiply(x, y):
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return z


def table(h):
    """Products of h with each byte at each place, so that a block takes 16 look-ups."""
    return [[multiply(b << 8 * i, h) for b in range(256)] for i in range(16)]


def ghash(h, data):
    tables, y = table(h), 0
    for at in range(0, len(data), 16):
        y ^= int.from_bytes(data[at:at + 16], "big")
        y = functools.reduce(operator.xor, (tables[i][y >> 8 * i & 255] for i in range(16)))
    return y


def pad(data):
    return data + bytes(-len(data) % 16)


def tag_of(key, aad, encrypted):
    """NIST SP 800-38D with a nonce of 12 zero bytes."""
    h = int.from_bytes(openssl("ecb", key, bytes(16)), "big")
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(encrypted)).to_bytes(8, "big")
    s = ghash(h, pad(aad) + pad(encrypted) + lengths)
    return (s ^ int.from_bytes(openssl("ecb", key, bytes(15) + b"\1"), "big")).to_bytes(16, "big")


def counter(key, data):
    return openssl("ctr", key, data, bytes(15) + b"\2")


def key_id(master):
    return hkdf(master, b"", MAGIC + b"id", 8).hex().encode()


def object_key(master, salt, run, name, xxh3):
    return hkdf(master, salt, MAGIC + b"key\n" + run + b"\n" + name + b"\n" + xxh3, 32)


def header(master, length, run, name):
    return MAGIC + b"aes-256-gcm %s %d %s/%s\n" % (key_id(master), length, run, name)


def seal(master, run, name, xxh3, data):
    salt = hmac.new(hkdf(master, b"", MAGIC + b"salt", 32), data, hashlib.sha256).digest()[:16]
    key, head = object_key(master, salt, run, name, xxh3), header(master, len(data), run, name)
    encrypted = counter(key, data)
    return head + salt + encrypted + tag_of(key, head, encrypted)


def unseal(master, run, name, xxh3, data):
    head, rest = data[:data.index(b"\n") + 1], data[data.index(b"\n") + 1:]
    salt, encrypted, tag = rest[:16], rest[16:-16], rest[-16:]
    assert head == header(master, len(encrypted), run, name), "header"
    key = object_key(master, salt, run, name, xxh3)
    assert tag == tag_of(key, head, encrypted), "tag"
    return counter(key, encrypted)


if __name__ == "__main__":
    master = bytes.fromhex(open(sys.argv[2]).read().strip())
    if sys.argv[1] == "id":
        print(key_id(master).decode())
    else:
        run, name, xxh3 = [arg.encode() for arg in sys.argv[3:6]]
        work = seal if sys.argv[1] == "seal" else unseal
        sys.stdout.buffer.write(work(master, run, name, xxh3, sys.stdin.buffer.read()))
