// SPDX-License-Identifier: LGPL-2.1-or-later
// Consent lives through everything that stops the streaming thread: PAUSED, a blocked downstream, no icesrc at all.
//
// Each waits until a consent request was sent and answered in that situation, which takes 4 to 6 s. With
// GST_ICE_SLOW_TESTS set the blocked downstream is held for a minute, twice the life of a consent.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/elements/support.h"

using namespace test;

namespace {

/// A downstream that stands still while this lives.
class Block {
 public:
  explicit Block(GstPad* pad) : pad_(pad) {
    id_ = gst_pad_add_probe(pad,
                            static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER |
                                                         GST_PAD_PROBE_TYPE_BUFFER_LIST),
                            on_block, this, nullptr);
  }
  ~Block() { gst_pad_remove_probe(pad_, id_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void wait_until_it_holds() {
    std::unique_lock lock(mutex_);
    fail_unless(changed_.wait_for(lock, std::chrono::seconds(10), [this] { return holds_; }), "nothing was blocked");
  }

 private:
  static GstPadProbeReturn on_block(GstPad*, GstPadProbeInfo*, gpointer data) {
    auto& self = *static_cast<Block*>(data);
    const std::lock_guard lock(self.mutex_);
    self.holds_ = true;
    self.changed_.notify_all();
    return GST_PAD_PROBE_OK;
  }

  GstPad* pad_;
  gulong id_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool holds_ = false;
};

struct Consent {
  guint64 asked;
  guint64 answered;
};

Consent consent_of(Harness& harness) {
  return {stat(harness.element(), "consent-requests-sent"), stat(harness.element(), "responses-received")};
}

/// Both sides have asked for consent anew, and were answered.
void wait_for_fresh_consent(ConnectedPair& pair) {
  const Consent sink = consent_of(pair.sink);
  const Consent src = consent_of(pair.src);
  const auto fresh = [](Harness& harness, const Consent& before) {
    const Consent now = consent_of(harness);
    return now.asked > before.asked && now.answered > before.answered;
  };
  poll_until([&] { return fresh(pair.sink, sink) && fresh(pair.src, src); }, "consent to be renewed");
}

void expect_completed(ConnectedPair& pair) {
  expect_text(nick(pair.sink.element(), "ice-connection-state"), "completed");
  expect_text(nick(pair.src.element(), "ice-connection-state"), "completed");
}

void wait_completed(ConnectedPair& pair) {
  wait_for_nick(pair.sink.element(), "ice-connection-state", "completed");
  wait_for_nick(pair.src.element(), "ice-connection-state", "completed");
}

void expect_media(ConnectedPair& pair, unsigned number) {
  fail_unless_equals_int(gst_harness_push(pair.sink.get(), numbered_buffer(number, 100)), GST_FLOW_OK);
  for (int i = 0; i < 100; ++i) {
    GstBuffer* buffer = gst_harness_pull(pair.src.get());
    fail_unless(buffer != nullptr);
    const bool it = is_numbered(buffer, number, 100);
    gst_buffer_unref(buffer);
    if (it) return;
  }
  fail_unless(false, "the last buffer never came");
}

}  // namespace

GST_START_TEST(consent_lives_while_downstream_is_blocked) {
  ConnectedPair pair;
  wait_completed(pair);
  {
    Block block(pair.src.get()->sinkpad);
    fail_unless_equals_int(gst_harness_push(pair.sink.get(), numbered_buffer(0, 100)), GST_FLOW_OK);
    block.wait_until_it_holds();
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(g_getenv("GST_ICE_SLOW_TESTS") != nullptr ? 60 : 0);
    do {
      wait_for_fresh_consent(pair);
      expect_completed(pair);
      gst_harness_push(pair.sink.get(), numbered_buffer(1, 100));
    } while (std::chrono::steady_clock::now() < end);
  }
  expect_media(pair, 2);
}
GST_END_TEST

GST_START_TEST(consent_lives_in_paused) {
  ConnectedPair pair;
  wait_completed(pair);
  pair.sink.set_state(GST_STATE_PAUSED);
  pair.src.set_state(GST_STATE_PAUSED);
  wait_for_fresh_consent(pair);
  expect_completed(pair);
  pair.src.set_state(GST_STATE_PLAYING);
  pair.sink.set_state(GST_STATE_PLAYING);
  expect_media(pair, 2);
}
GST_END_TEST

GST_START_TEST(an_icesink_alone_is_a_whole_peer_towards_another_icesink) {
  Harness one("icesink interfaces=127.0.0.1");
  Harness other("icesink interfaces=127.0.0.1 controlling=false");
  Signaling signaling(one.element(), other.element());
  one.set_state(GST_STATE_PLAYING);
  other.set_state(GST_STATE_PLAYING);
  signaling.exchange_credentials();
  wait_for_nick(one.element(), "ice-connection-state", "completed");
  wait_for_nick(other.element(), "ice-connection-state", "completed");
  poll_until(
      [&] {
        return stat(one.element(), "consent-requests-sent") > 0 && stat(other.element(), "consent-requests-sent") > 0;
      },
      "consent to be asked for");
  expect_text(nick(one.element(), "ice-connection-state"), "completed");
}
GST_END_TEST

namespace {

Suite* consent_suite() {
  Suite* s = suite_create("consent");
  TCase* c = tcase_create("consent");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 150);
  tcase_add_test(c, consent_lives_while_downstream_is_blocked);
  tcase_add_test(c, consent_lives_in_paused);
  tcase_add_test(c, an_icesink_alone_is_a_whole_peer_towards_another_icesink);
  return s;
}

}  // namespace

GST_CHECK_MAIN(consent)
