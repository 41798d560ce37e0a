// SPDX-License-Identifier: LGPL-2.1-or-later
// RawClient: RFC 6455 by hand.
#include "tests/rendezvous/raw_client.h"

#include <unistd.h>

namespace gstice::testing {

RawClient::RawClient(std::uint16_t port, const std::string& room) : socket_(connect_to(port)) {
  // The key is the example of RFC 6455 1.3.
  send_bytes("GET /" + room +
             " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  const std::string head = read_head(socket_.get());
  status_ = head.substr(0, head.find("\r\n"));
}

RawClient RawClient::with_hello(std::uint16_t port, const std::string& room, const std::string& peer) {
  RawClient client(port, room);
  client.send_text(hello_of(peer));
  return client;
}

std::string hello_of(const std::string& peer) {
  return R"({"type":"hello","version":1,"peer":")" + peer + R"(","token":"secret-of-)" + peer + R"("})";
}

std::string RawClient::frame(std::uint8_t first, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first));
  const auto size = static_cast<std::uint64_t>(payload.size());
  if (size < 126) {
    bytes += static_cast<char>(0x80 | size);
  } else if (size < 65536) {
    bytes += static_cast<char>(0x80 | 126);
    for (int shift = 8; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
  } else {
    bytes += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
  }
  bytes += std::string(4, '\0');  // a mask of zeros
  return bytes.append(payload);
}

std::string RawClient::read_exactly(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    if (!wait_readable(socket_.get())) return {};
    const ssize_t count = read(socket_.get(), bytes.data() + have, size - have);
    if (count <= 0) return {};
    have += static_cast<std::size_t>(count);
  }
  return bytes;
}

std::optional<RawClient::Received> RawClient::receive() {
  while (true) {
    const std::string head = read_exactly(2);
    if (head.empty()) return std::nullopt;
    std::uint64_t size = static_cast<std::uint8_t>(head[1]);
    if (size >= 126) {
      const std::string extended = read_exactly(size == 126 ? 2 : 8);
      if (extended.empty()) return std::nullopt;
      size = 0;
      for (const char byte : extended) size = size << 8 | static_cast<std::uint8_t>(byte);
    }
    Received received{static_cast<std::uint8_t>(head[0] & 0x0f), size == 0 ? "" : read_exactly(size)};
    if (size != 0 && received.payload.empty()) return std::nullopt;
    if (received.opcode != 9) return received;
  }
}

std::string RawClient::receive_text() {
  const auto received = receive();
  if (!received) return "(ended)";
  if (received->opcode == 1) return received->payload;
  if (received->opcode == 8 && received->payload.size() >= 2) {
    const int code =
        static_cast<std::uint8_t>(received->payload[0]) << 8 | static_cast<std::uint8_t>(received->payload[1]);
    return "(closed " + std::to_string(code) + " " + received->payload.substr(2) + ")";
  }
  return "(opcode " + std::to_string(received->opcode) + ")";
}

std::string RawClient::receive_text_with(std::string_view part) {
  while (true) {
    std::string text = receive_text();
    if (text.starts_with('(') || text.find(part) != std::string::npos) return text;
  }
}

}  // namespace gstice::testing
