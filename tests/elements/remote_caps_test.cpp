// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps that come from strangers: which are believed, and how long media waits for them.
#include <random>
#include <string>
#include <vector>

#include "gst/agent/remote_caps.h"
#include "gst/elements/caps_gate.h"
#include "gst/rendezvous/protocol.h"
#include "tests/elements/support.h"

using namespace test;
using gstice::CapsGate;
using gstice::InboundDatagram;
using gstice::parse_remote_caps;
using gstice::PeerCaps;
using What = CapsGate::Verdict::What;

namespace {

using namespace std::chrono_literals;

const CapsGate::TimePoint kStart{1h};

std::vector<InboundDatagram> datagrams(std::size_t count, std::size_t length, CapsGate::TimePoint arrival) {
  std::vector<InboundDatagram> result(count);
  for (InboundDatagram& each : result) {
    each.length = length;
    each.arrival = arrival;
  }
  return result;
}

PeerCaps said(PeerCaps::State state, unsigned peer = 1) {
  PeerCaps caps;
  caps.state = state;
  if (state == PeerCaps::State::known) caps.caps = parse_remote_caps("video/x-vp8").value();
  caps.peer = peer;
  caps.expected = true;
  return caps;
}

}  // namespace

GST_START_TEST(what_icesinks_send_is_believed_as_it_was_written) {
  const std::string of_1000_bytes(2000, 'A');
  for (const std::string& text : {
           std::string(
               "application/x-rtp, media=(string)video, payload=(int)96, clock-rate=(int)90000, "
               "encoding-name=(string)H264, packetization-mode=(string)1, profile-level-id=(string)42c015, "
               "sprop-parameter-sets=(string)\"Z0LAFdkA8Ae/4ChAAAADAEAAAAwDxYuS\\,aMuMsg\\=\\=\", "
               "ssrc=(uint)2342343242, timestamp-offset=(uint)42, seqnum-offset=(uint)7, a-framerate=(string)30"),
           std::string("application/x-rtcp"),
           std::string("application/x-srtp, ssrc=(uint)1"),
           std::string("video/mpegts, systemstream=(boolean)true, packetsize=(int)188"),
           std::string("video/x-raw, format=(string)I420, width=(int)320, height=(int)240, framerate=(fraction)30/1, "
                       "interlace-mode=(string)progressive, colorimetry=(string)bt601"),
           std::string("audio/x-raw, format=(string)S16LE, channels=(int)2, channel-mask=(bitmask)0x0000000000000003"),
           std::string("audio/x-opus, streamheader=(buffer)< 4f707573, 4f7075735461 >, channels=(int)2"),
           std::string("video/x-theora, streamheader=(buffer)< 807468656f7261 >"),
           std::string("audio/x-vorbis, a=(double)1.5, b=(gint64)-5, c=(guint64)18446744073709551615"),
           std::string("video/x-h264(memory:SystemMemory), stream-format=(string)byte-stream"),
           std::string("application/octet-stream"),
           "application/x-rtp, configuration=(string)" + of_1000_bytes,
       }) {
    const auto parsed = parse_remote_caps(text);
    fail_unless(parsed.ok(), "%s: %s", text.c_str(), parsed.ok() ? "" : parsed.error().message.c_str());
    GstCaps* wanted = gst_caps_from_string(text.c_str());
    fail_unless(gst_caps_is_equal(parsed.value().get(), wanted), "%s", text.c_str());
    // And as they are written, they come back.
    gchar* written = gst_caps_to_string(wanted);
    fail_unless(parse_remote_caps(written).ok(), "%s", written);
    g_free(written);
    gst_caps_unref(wanted);
  }
}
GST_END_TEST

GST_START_TEST(hostile_caps_are_refused_with_a_reason) {
  const std::string nested = std::string(5000, '<') + std::string(5000, '>');
  std::string many_fields = "video/x-raw";
  for (int i = 0; i < 500; ++i) many_fields += ", f" + std::to_string(i) + "=(int)1";
  for (const std::string& text : {
           std::string(""),
           std::string(" "),
           std::string("ANY"),
           std::string("EMPTY"),
           std::string("NONE"),
           std::string("video"),
           std::string("video/"),
           std::string("/x-raw"),
           std::string("video/x-raw extra"),
           std::string("model/x-raw"),
           std::string("ice/x-secret"),
           std::string("video/x-raw, format=(string){ I420, NV12 }"),
           std::string("video/x-raw, width=(int)[ 1, 2147483647 ]"),
           std::string("video/x-raw, width=[ 1, 2 ]"),
           std::string("video/x-raw, framerate=(fraction)[ 0/1, 30/1 ]"),
           std::string("video/x-raw; audio/x-raw"),
           std::string("video/x-raw; video/x-raw"),
           std::string("video/x-raw(memory:DMABuf)"),
           std::string("video/x-raw(memory:GLMemory), width=(int)1"),
           std::string("video/x-raw(ANY)"),
           std::string("video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition)"),
           std::string("video/x-raw, a=(GstCaps)video/x-raw"),
           std::string("video/x-raw, a=(GstCaps)\"video/x-raw\\, a\\=\\(GstCaps\\)x\""),
           std::string("video/x-raw, a=(structure)\"x\\;\""),
           std::string("video/x-raw, a=(taglist)\"x\""),
           std::string("video/x-raw, a=(GstStructure)x"),
           std::string("video/x-raw, a=(type)GstElement"),
           std::string("video/x-raw, a=(GstPipeline)x"),
           std::string("video/x-raw, a=(gpointer)0x1234"),
           std::string("video/x-raw, a=(datetime)2026-11-25"),
           std::string("video/x-raw, a=(NoSuchType)1"),
           std::string("video/x-raw, a=(int"),
           std::string("video/x-raw, a=(int)abc"),
           std::string("video/x-raw, a=(fraction)1/0"),
           std::string("video/x-raw, a=(buffer)zz"),
           std::string("video/x-raw, a="),
           std::string("video/x-raw, =(int)1"),
           std::string("video/x-raw, a=\"open"),
           std::string("video/x-raw, a=open\\"),
           std::string("video/x-raw, a=1:2"),
           std::string("video/x-raw, a=< 1, 2"),
           std::string("video/x-raw, a=1 >"),
           "video/x-raw, a=" + nested,
           "video/x-raw, a=(int)" + nested,
           many_fields,
           "video/x-raw, a=(string)" + std::string(gstice::rendezvous::kMaxCapsBytes, 'x'),
           "video/" + std::string(1000, 'x'),
           std::string("video/x-raw, a=(string)\"\n\""),
           std::string("video/x-raw, a=(string)\"\x1b[2J\""),
       }) {
    const auto parsed = parse_remote_caps(text);
    fail_if(parsed.ok(), "believed: %s", text.c_str());
    fail_if(parsed.error().message.empty());
  }
}
GST_END_TEST

GST_START_TEST(mutated_caps_are_believed_or_refused_and_do_no_harm) {
  const std::string valid =
      "application/x-rtp, media=(string)video, payload=(int)96, a=(fraction)30/1, b=(buffer)< 00, 11 >, "
      "c=(string)\"\\\"quoted\\\\\", d=(bitmask)0x3, e=(boolean)true, f=(guint64)5, g=< (int)1, (int)2 >";
  fail_unless(parse_remote_caps(valid).ok());
  // What the parser logs about nonsense is not looked at.
  gst_debug_set_active(FALSE);
  std::mt19937 random(20261125);
  int believed = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = valid;
    for (unsigned change = 1 + random() % 4; change > 0; --change) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(1 + random() % 255);
          break;
        case 1:
          text.erase(at, 1 + random() % 5);
          break;
        case 2:
          text.insert(at, 1, "(){}[]<>\",;=\\/:0x"[random() % 17]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 30));
      }
      if (text.empty()) text = " ";
    }
    const auto parsed = parse_remote_caps(text);
    if (!parsed) continue;
    ++believed;
    fail_unless(gst_caps_is_fixed(parsed.value().get()), "%s", text.c_str());
  }
  fail_unless(believed > 100, "%d", believed);
}
GST_END_TEST

GST_START_TEST(media_is_held_until_the_peer_says_what_it_is) {
  CapsGate gate;
  gate.hear(said(PeerCaps::State::unknown), kStart);
  const auto waiting = datagrams(3, 100, kStart + 10ms);
  auto verdict = gate.judge(waiting, kStart + 20ms);
  fail_unless(verdict.what == What::hold);
  fail_unless(verdict.until == kStart + 1010ms);
  const PeerCaps caps = said(PeerCaps::State::known);
  gate.hear(caps, kStart + 30ms);
  verdict = gate.judge(waiting, kStart + 30ms);
  fail_unless(verdict.what == What::pass && verdict.datagrams == 3 && verdict.caps == caps.caps);
  gate.applied(verdict.caps);
  fail_unless(gate.judge(waiting, kStart + 40ms).caps == nullptr, "the same caps were to be set twice");
  // A pad that was deactivated has forgotten them.
  gate.reset();
  fail_unless(gate.judge(waiting, kStart + 40ms).caps == caps.caps);
}
GST_END_TEST

GST_START_TEST(media_is_held_a_second_at_most_and_four_mebibytes) {
  CapsGate gate;
  gate.hear(said(PeerCaps::State::unknown), kStart);
  const auto few = datagrams(1, 1, kStart);
  fail_unless(gate.judge(few, kStart + 999ms).what == What::hold);
  fail_unless(gate.judge(few, kStart + 1000ms).what == What::give_up);
  const std::size_t most = CapsGate::kMaxHeldBytes / 1024;
  fail_unless(gate.judge(datagrams(most - 1, 1024, kStart), kStart).what == What::hold);
  fail_unless(gate.judge(datagrams(most, 1024, kStart), kStart).what == What::give_up);
  fail_unless(gate.judge(datagrams(CapsGate::kMaxHeldDatagrams, 1, kStart), kStart).what == What::give_up);
  gate.give_up();
  fail_unless(gate.judge(few, kStart).what == What::pass);
  // Caps that come late count all the same.
  gate.hear(said(PeerCaps::State::known), kStart + 2s);
  fail_unless(gate.judge(few, kStart + 2s).caps != nullptr);
}
GST_END_TEST

GST_START_TEST(data_without_caps_and_refused_caps_hold_nothing) {
  for (const auto state : {PeerCaps::State::none, PeerCaps::State::refused}) {
    CapsGate gate;
    gate.hear(said(state), kStart);
    const auto verdict = gate.judge(datagrams(2, 100, kStart), kStart);
    fail_unless(verdict.what == What::pass && verdict.datagrams == 2 && verdict.caps == nullptr);
  }
  CapsGate without_a_rendezvous;
  fail_unless(without_a_rendezvous.judge(datagrams(2, 100, kStart), kStart).what == What::pass);
}
GST_END_TEST

GST_START_TEST(what_an_earlier_peer_sent_goes_as_it_did_and_the_newcomers_waits) {
  CapsGate gate;
  const PeerCaps first = said(PeerCaps::State::known, 1);
  gate.hear(first, kStart);
  gate.applied(first.caps);
  auto waiting = datagrams(2, 100, kStart + 1s);
  const auto later = datagrams(3, 100, kStart + 3s);
  waiting.insert(waiting.end(), later.begin(), later.end());
  PeerCaps newcomer = said(PeerCaps::State::unknown, 2);
  newcomer.since = kStart + 2s;
  // The news of it comes later than its media.
  gate.hear(newcomer, kStart + 4s);
  auto verdict = gate.judge(waiting, kStart + 3s);
  fail_unless(verdict.what == What::pass && verdict.datagrams == 2 && verdict.caps == nullptr);
  verdict = gate.judge(later, kStart + 3s);
  fail_unless(verdict.what == What::hold && verdict.until == kStart + 4s);
  PeerCaps second = said(PeerCaps::State::known, 2);
  second.since = newcomer.since;
  gate.hear(second, kStart + 4s);
  // Still so when the newcomer's caps overtake what waits.
  verdict = gate.judge(waiting, kStart + 3s);
  fail_unless(verdict.what == What::pass && verdict.datagrams == 2 && verdict.caps == nullptr);
  verdict = gate.judge(later, kStart + 3s);
  fail_unless(verdict.datagrams == 3 && verdict.caps == second.caps);
}
GST_END_TEST

namespace {

Suite* remote_caps_suite() {
  Suite* s = suite_create("remote_caps");
  TCase* c = tcase_create("remote_caps");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, what_icesinks_send_is_believed_as_it_was_written);
  tcase_add_test(c, hostile_caps_are_refused_with_a_reason);
  tcase_add_test(c, mutated_caps_are_believed_or_refused_and_do_no_harm);
  tcase_add_test(c, media_is_held_until_the_peer_says_what_it_is);
  tcase_add_test(c, media_is_held_a_second_at_most_and_four_mebibytes);
  tcase_add_test(c, data_without_caps_and_refused_caps_hold_nothing);
  tcase_add_test(c, what_an_earlier_peer_sent_goes_as_it_did_and_the_newcomers_waits);
  return s;
}

}  // namespace

GST_CHECK_MAIN(remote_caps)
