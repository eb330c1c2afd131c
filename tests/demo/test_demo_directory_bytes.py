"""Raw bytes at the sample directory's socket: framing, limits, and what is no LDAP."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.bind import bind_operation
from ldap3.protocol import rfc4511
from pyasn1.codec.ber import decoder, encoder

from ldap_token_bridge.demo.directory import MAX_MESSAGE
from ldap_token_bridge.demo.messages import MalformedMessage, Request, decode_request
from ldap_token_bridge.demo.people import person
from tests.support.demo_directory import Connect

ALICE = person("alice")
UNBIND = bytes.fromhex("30050201034200")


def bind_message(message_id: int, name: str, password: str) -> bytes:
    """A simple bind as ldap3 encodes it."""
    message = rfc4511.LDAPMessage()
    message["messageID"] = message_id
    message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(
        "bindRequest", bind_operation(3, "SIMPLE", name, password)
    )
    encoded: bytes = encoder.encode(message)
    return encoded


def tlv(tag: int, content: bytes) -> bytes:
    """One BER element, its length in the long form where that is needed (X.690 section 8.1.3)."""
    length = len(content)
    return bytes([tag, length] if length < 128 else [tag, 0x83, *length.to_bytes(3, "big")]) + content


def deep_filter(depth: int) -> bytes:
    """A base search of the rootDSE whose filter is so many nots around a presence. By hand: ldap3 recurses."""
    nested = tlv(0x87, b"objectClass")
    for _ in range(depth):
        nested = tlv(0xA2, nested)
    limits = bytes.fromhex("0a0100 0a0100 020100 020100 010100")
    return tlv(0x30, tlv(0x02, b"\x01") + tlv(0x63, tlv(0x04, b"") + limits + nested + tlv(0x30, b"")))


def talk(port: int, *parts: bytes) -> bytes:
    """Everything that is answered until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            client.sendall(part)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    return received


def codes(data: bytes) -> list[tuple[int, str, int]]:
    """The answers in a stream, each as (message id, kind, result code)."""
    found = []
    while data:
        message, data = decoder.decode(data, asn1Spec=rfc4511.LDAPMessage())
        answer = message["protocolOp"].getComponent()
        found.append((int(message["messageID"]), message["protocolOp"].getName(), int(answer["resultCode"])))
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes.fromhex("30800201036000"),  # an indefinite length
        bytes.fromhex("3085ffffffffff"),  # five octets of length
        bytes.fromhex("3084") + (MAX_MESSAGE + 1).to_bytes(4, "big"),
        bytes.fromhex("3000"),
        bytes.fromhex("3003020101"),
        bytes.fromhex("300402ff0142"),
        bytes.fromhex("30050201037f00"),
        bytes.fromhex("300c02010161070a010004000400"),  # a bind response
        tlv(0x30, bytes.fromhex("020101") + tlv(0x60, bytes.fromhex("020103 0400"))),  # a bind without its end
        bind_message(1, ALICE.dn, ALICE.password).replace(b"CN=Alice", b"CN=Al\xffce"),
        deep_filter(11),
        deep_filter(200),
        deep_filter(5000),
    ],
)
def test_what_is_no_request_ends_that_connection_alone(directory_port: int, connect: Connect, data: bytes) -> None:
    """A notice of disconnection with protocol error, the end of the stream, and everybody else goes on."""
    neighbour = connect(ALICE.dn, ALICE.password)
    assert neighbour.bind()
    assert codes(talk(directory_port, data)) == [(0, "extendedResp", 2)]
    assert neighbour.search(ALICE.dn, "(cn=*)")


@pytest.mark.parametrize("cut", [1, 2, 10, 40])
def test_stream_that_ends_in_a_message_is_just_closed(directory_port: int, connect: Connect, cut: int) -> None:
    """Half a message followed by the end of the stream gets no answer and harms nothing."""
    with socket.create_connection(("127.0.0.1", directory_port), timeout=10) as client:
        client.sendall(bind_message(1, ALICE.dn, ALICE.password)[:cut])
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert connect(ALICE.dn, ALICE.password).bind()


def test_messages_are_framed_from_a_stream(directory_port: int) -> None:
    """Octet by octet or several in one piece, each message is answered once and in order."""
    pieces = bind_message(1, ALICE.dn, ALICE.password) + bind_message(2, ALICE.dn, "wrong") + UNBIND
    expected = [(1, "bindResponse", 0), (2, "bindResponse", 49)]
    assert codes(talk(directory_port, pieces)) == expected
    assert codes(talk(directory_port, *(bytes([octet]) for octet in pieces))) == expected


def test_filter_of_ten_levels_is_still_read(directory_port: int) -> None:
    """The bound on a filter's depth lies well above what clients send."""
    assert codes(talk(directory_port, deep_filter(10) + UNBIND))[-1] == (1, "searchResDone", 0)


@given(st.data())
def test_decoder_answers_for_any_bytes(data: st.DataObject) -> None:
    """Whatever is changed in a good message, it is either read or called malformed: no other error, no endless work."""
    message = bytearray(data.draw(st.sampled_from([bind_message(1, ALICE.dn, ALICE.password), deep_filter(4), UNBIND])))
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        outcome: Request | MalformedMessage = decode_request(bytes(message))
    except MalformedMessage as error:
        outcome = error
    assert str(outcome)
    assert ALICE.password not in str(outcome)
