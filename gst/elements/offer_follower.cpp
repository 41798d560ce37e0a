// SPDX-License-Identifier: LGPL-2.1-or-later
// See offer_follower.h.
#include "gst/elements/offer_follower.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gstice {
namespace {

/// A player waits for no-more-pads before it plays anything. A stream whose caps take longer than this comes late.
constexpr std::chrono::seconds kPatience{3};

struct StructureFree {
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};

}  // namespace

OfferFollower::OfferFollower(GstBin* bin, IceElement& ice) : bin_(bin), ice_(ice) {}

bool OfferFollower::start(guint latency) {
  {
    const std::lock_guard lock(mutex_);
    peer_gone_ = false;
    stopping_ = false;
    latency_ = latency;
  }
  group_id_ = gst_util_group_id_next();
  returns_ = std::make_shared<FlowReturns>();
  first_pad_.reset();
  no_more_pads_ = false;
  said_what_is_missing_ = false;
  return work_.start([this] {
    // A handler may let go of the bin.
    const ObjectRef<GstBin> alive = new_ref(bin_);
    return follow();
  });
}

void OfferFollower::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.stop();
}

void OfferFollower::remove_pads() {
  Pads pads;
  {
    const std::lock_guard lock(mutex_);
    pads.swap(pads_);
  }
  for (const auto& [stream, pad] : pads) pad->remove();
}

void OfferFollower::peer_gone() {
  {
    const std::lock_guard lock(mutex_);
    peer_gone_ = true;
  }
  work_.wake();
}

void OfferFollower::set_latency(guint latency) {
  {
    const std::lock_guard lock(mutex_);
    latency_ = latency;
  }
  for (const auto& [stream, pad] : pads()) pad->set_latency(latency);
}

OfferFollower::Pads OfferFollower::pads() const {
  const std::lock_guard lock(mutex_);
  return pads_;
}

Selection OfferFollower::selection() const {
  const auto address = ice_.address();
  return address ? Selection{address->stream, address->component} : Selection{};
}

// ---- on our thread ----

std::optional<BackgroundWork::Clock::time_point> OfferFollower::follow() {
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    gone = std::exchange(peer_gone_, false);
  }
  if (gone) {
    // The icesrcs end by themselves. Where there never was one, somebody came who had nothing for us.
    if (!first_pad_) wait_for_another_peer();
    return std::nullopt;
  }
  remove_ended();
  const auto agent = ice_.joined_agent();
  if (!agent) return std::nullopt;
  const std::unique_ptr<GstStructure, StructureFree> structure(agent->remote_offer());
  const auto offer = offered_streams(structure.get(), selection());
  if (!offer) return std::nullopt;
  end_missing(*offer);
  add_new(*offer);
  keep_a_living_flow();
  say_what_is_missing(*offer, selection());
  return finish_when_complete(*offer);
}

/// A player that came before anybody who sends goes on waiting, in a session that is new.
void OfferFollower::wait_for_another_peer() {
  ice_.leave();
  if (ice_.join()) ice_.gather();
}

void OfferFollower::remove_ended() {
  Pads ended;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, pad] : pads_) {
      if (pad->is_ending() && pad->has_ended()) ended.try_emplace(stream, pad);
    }
    for (const auto& [stream, pad] : ended) pads_.erase(stream);
  }
  for (const auto& [stream, pad] : ended) pad->remove();
}

void OfferFollower::end_missing(const OfferedStreams& offer) {
  for (const auto& entry : pads()) {
    StreamPad& pad = *entry.second;
    const bool same = std::ranges::any_of(offer.ready, [&](const auto& offered) { return pad.carries(offered); });
    const bool unsettled = std::ranges::find(offer.awaited, pad.flow()) != offer.awaited.end();
    if (!same && !unsettled) pad.end();
  }
}

void OfferFollower::add_new(const OfferedStreams& offer) {
  for (const OfferedStream& stream : offer.ready) {
    StreamPad::Surroundings in{bin_, nullptr, 0, group_id_, returns_, [this] { look(); }};
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      // One that is still ending gives way first; then we are here again.
      if (pads_.contains(stream.flow.stream.value)) continue;
      in.latency = latency_;
    }
    const auto agent = ice_.agent();
    in.agent = agent.get();
    const auto pad = StreamPad::make(in, stream);
    if (!pad) continue;
    {
      const std::lock_guard lock(mutex_);
      pads_.try_emplace(stream.flow.stream.value, pad);
    }
    if (!first_pad_) first_pad_ = BackgroundWork::Clock::now();
    pad->expose();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    pad->run();
    gst_element_post_message(GST_ELEMENT(bin_), gst_message_new_latency(GST_OBJECT(bin_)));
  }
}

/// The flow that keeps us in the session shall not be one that nobody sends on any more: its consent would run out.
void OfferFollower::keep_a_living_flow() {
  const Flow ours = ice_.flow();
  std::optional<Flow> living;
  for (const auto& [stream, pad] : pads()) {
    if (pad->is_ending()) continue;
    if (pad->flow() == ours) return;
    if (!living) living = pad->flow();
  }
  if (living) ice_.move_to(*living);
}

void OfferFollower::say_what_is_missing(const OfferedStreams& offer, const Selection& selection) {
  if (!offer.ready.empty() || !offer.awaited.empty()) {
    said_what_is_missing_ = false;
    return;
  }
  if (std::exchange(said_what_is_missing_, true)) return;
  const std::string wanted = selection.stream ? "stream " + std::to_string(*selection.stream) : "anything";
  GST_ELEMENT_INFO(bin_, RESOURCE, NOT_FOUND,
                   ("The peer in the room does not send %s; waiting until it does", wanted.c_str()), (nullptr));
}

std::optional<BackgroundWork::Clock::time_point> OfferFollower::finish_when_complete(const OfferedStreams& offer) {
  if (no_more_pads_ || !first_pad_) return std::nullopt;
  const auto latest = *first_pad_ + kPatience;
  if (!offer.complete() && BackgroundWork::Clock::now() < latest) return latest;
  no_more_pads_ = true;
  gst_element_no_more_pads(GST_ELEMENT(bin_));
  return std::nullopt;
}

}  // namespace gstice
