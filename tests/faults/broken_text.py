"""Broken XML, JSON, weights and configurations."""

import json
import struct

from tests.faults.broken import Case, Maker, cut, empty, noise, page, replaced, written

ENTITY = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
LAUGHS = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
BOX = b"<xmax>30</xmax>"


def header(change) -> Maker:
    """A safetensors file with another header."""

    def make(content, rng):
        (length,) = struct.unpack("<Q", content[:8])
        told = json.loads(content[8 : 8 + length])
        text = change(told)
        text = text if isinstance(text, bytes) else json.dumps(told).encode()
        return struct.pack("<Q", len(text)) + text + content[8 + length :]

    return make


CASES = [
    Case("voc", "an entity", lambda c, rng: ENTITY + c.replace(b"galaxy", b"&b;"), ("an entity",)),
    Case("voc", "many entities", lambda c, rng: LAUGHS + c, ("an entity",)),
    Case("voc", "a document type", lambda c, rng: b'<!DOCTYPE annotation SYSTEM "a.dtd">' + c,
         ("a document type",)),
    Case("voc", "cut off", cut, ("gz2-1.xml", "wanted XML")),
    Case("voc", "empty", empty, ("gz2-1.xml", "wanted XML")),
    Case("voc", "a page", page, ("gz2-1.xml",)),
    Case("voc", "other XML", written(b"<svg/>"), ("an <annotation>", "<svg>")),
    Case("voc", "outside the image", replaced(BOX, b"<xmax>99</xmax>"), ("a box inside the",)),
    Case("voc", "inside out", replaced(BOX, b"<xmax>3</xmax>"), ("gz2-1.xml",)),
    Case("voc", "no number", replaced(BOX, b"<xmax>wide</xmax>"), ("gz2-1.xml", "wide")),
    Case("voc", "an infinite number", replaced(BOX, b"<xmax>inf</xmax>"), ("gz2-1.xml",)),
    Case("voc", "another image", replaced(b"gz2-1.png", b"gz2-2.png"), ("which it lacks",)),
    Case("voc", "another size", replaced(b"<width>64", b"<width>65"), ("64 x 48 pixels",)),
    Case("voc", "another class", replaced(b"<name>galaxy", b"<name>nebula"), ("nebula",)),
    Case("voc", "no name", replaced(b"<filename>gz2-1.png</filename>", b""), ("filename",)),
    Case("voc", "a huge file", lambda c, rng: c.ljust(5 << 20), ("at most 4 MiB",)),
    Case("votable", "an entity", replaced(b'<?xml version="1.0"?>', ENTITY), ("table of images",)),
    Case("votable", "a page", page, ("table of images", "an HTML page")),
    Case("votable", "cut off", cut, ("table of images",)),
    Case("votable", "another band", replaced(b"F378", b"F660"), ("none in f378",)),
    Case("votable", "an address of this machine", replaced(b"https://splus.example.org/a.fits",
                                                           b"file:///etc/passwd"), ("none in",)),
    Case("safetensors", "empty", empty, ("w.safetensors", "wanted safetensors")),
    Case("safetensors", "cut off", lambda c, rng: c[:-3], ("w.safetensors", "wanted safetensors")),
    Case("safetensors", "a page", page, ("w.safetensors", "wanted safetensors")),
    Case("safetensors", "a long header", lambda c, rng: struct.pack("<Q", 1 << 60) + c[8:],
         ("w.safetensors", "wanted safetensors")),
    Case("safetensors", "no JSON", header(lambda told: b"{" * 40), ("wanted safetensors",)),
    Case("safetensors", "tensors beyond the end",
         header(lambda told: told["a"].update(data_offsets=[0, 10**9])), ("wanted safetensors",)),
    Case("safetensors", "another shape", header(lambda told: told["a"].update(shape=[99, 99])),
         ("wanted safetensors",)),
    Case("safetensors", "another type", header(lambda told: told["a"].update(dtype="X9")),
         ("wanted safetensors",)),
    Case("pth", "a call", written(b"cbuiltins\nprint\n."), ("w.pth", "wanted weights")),
    Case("pth", "cut off", cut, ("w.pth", "wanted weights")),
    Case("pth", "noise", noise, ("w.pth", "wanted weights")),
    Case("json", "cut off", lambda c, rng: c[:-4], ("p.json", "wanted JSON")),
    Case("json", "without end", written(b"[" * 100_000), ("p.json", "wanted JSON")),
    Case("json", "another alphabet", written(b'{"a": "\xff"}'), ("p.json", "wanted JSON")),
    Case("config", "no YAML", written(b"surveys: {sdss: [1, 2\n"), ("config.yaml", "YAML")),
    Case("config", "a tab", written(b"surveys:\n\tsdss: 1\n"), ("config.yaml", "YAML")),
    Case("config", "a list", written(b"- surveys\n- datasets\n"), ("config.yaml", "list")),
    Case("config", "empty", empty, ("config",)),
    Case("config", "noise", noise, ("config.yaml",)),
    Case("config", "an unknown block", replaced(b"\nsurveys:", b"\nsurvey:"), ("'survey'",)),
    Case("config", "an object of Python", lambda c, rng: c + b"\nx: !!python/object:os.system {}\n",
         ("config.yaml", "YAML")),
    Case("config", "a password", replaced(b"\nmirror: null", b"\nmirror: https://me:secret@h/x"),
         ("password",)),
    Case("config", "a token", replaced(b"\nmirror: null", b"\nmirror: https://h/x?token=secret"),
         ("token",)),
]  # fmt: skip
