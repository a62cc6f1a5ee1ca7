"""Reads a delimited protobuf page and writes one message whose field 1 is each of the page's, for protoc --decode."""
import sys

page, at, joined = sys.stdin.buffer.read(), 0, bytearray()
while at < len(page):
    begin, size, shift = at, 0, 0
    more = True
    while more:
        more, size, shift = page[at] >= 128, size | (page[at] & 127) << shift, shift + 7
        at += 1
    at += size
    if at > len(page):
        sys.exit("the last message is cut short")
    joined += b"\x0a" + page[begin:at]
sys.stdout.buffer.write(joined)
