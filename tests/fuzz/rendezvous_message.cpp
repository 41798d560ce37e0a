// SPDX-License-Identifier: LGPL-2.1-or-later
// The rendezvous' messages: any text. What parses is written as text that means the same; what a server relays is
// strict JSON that a second server would relay unchanged.
#include "gst/rendezvous/protocol.h"
#include "ice-core/base/text.h"
#include "tests/fuzz/fuzz.h"

namespace rdv = gstice::rendezvous;

namespace {

void check_shown(const ice::Error& error) {
  FUZZ_CHECK(ice::printable(error.message, 1000) == error.message, "errors are fit to be shown");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = rdv::parse(text);
  const auto relayed = rdv::parse_for_relay(text);
  if (!message) {
    check_shown(message.error());
    FUZZ_CHECK(!relayed.ok(), "what a client refuses is not relayed");
    return 0;
  }
  const std::string written = rdv::to_text(*message);
  const auto again = rdv::parse(written);
  FUZZ_CHECK(again.ok() || written.size() > rdv::kMaxMessageBytes, "what is written can be read");
  if (again) {
    FUZZ_CHECK(again->index() == message->index(), "a message keeps its kind");
    FUZZ_CHECK(rdv::to_text(*again) == written, "what is written means the same");
  }
  if (!relayed) {
    check_shown(relayed.error());
    return 0;
  }
  const auto twice = rdv::parse_for_relay(relayed->canonical);
  FUZZ_CHECK(twice.ok(), "what is relayed can be relayed");
  FUZZ_CHECK(twice->canonical == relayed->canonical, "relaying changes nothing more");
  FUZZ_CHECK(rdv::to_text(twice->message) == written, "the receiver reads what the server read");
  return 0;
}
