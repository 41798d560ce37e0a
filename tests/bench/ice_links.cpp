// SPDX-License-Identifier: LGPL-2.1-or-later
// The links of icesink and icesrc, and of nicesink and nicesrc.
#include "tests/bench/agents.h"
#include "tests/bench/media_link.h"

namespace bench {

namespace {

class IceLink : public MediaLink {
 public:
  IceLink() : MediaLink("icesink name=sender", "icesrc name=receiver"), agents_(sender_, receiver_) {
    play();
    agents_.wait_gathered();
    agents_.connect();
  }

 private:
  IceAgents agents_;
};

class NiceLink : public MediaLink {
 public:
  NiceLink() : MediaLink("nicesink name=sender sync=false async=false", "nicesrc name=receiver") {
    g_object_set(sender_, "agent", agents_.agent(0), "stream", agents_.stream(0), "component", 1, nullptr);
    g_object_set(receiver_, "agent", agents_.agent(1), "stream", agents_.stream(1), "component", 1, nullptr);
    agents_.discard_media(0);
    play();
    agents_.gather();
    agents_.connect();
  }
  ~NiceLink() override { stop(); }  // the elements let go of the agents before these end

 private:
  NiceAgents agents_;
};

}  // namespace

std::unique_ptr<MediaLink> make_ice_link() {
  return std::make_unique<IceLink>();
}
std::unique_ptr<MediaLink> make_nice_link() {
  return std::make_unique<NiceLink>();
}

}  // namespace bench
