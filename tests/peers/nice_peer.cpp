// SPDX-License-Identifier: LGPL-2.1-or-later
// libnice as the other side: a NiceAgent, with nicesink and nicesrc as its media elements.
//   nice_peer controlling|controlled trickle|whole
#include <agent.h>
#include <gst/gst.h>

#include <memory>
#include <string>

#include "tests/peers/commands.h"
#include "tests/peers/media_echo.h"

namespace {

class NicePeer {
 public:
  NicePeer(GMainLoop* loop, bool controlling, bool trickle) : trickle_(trickle) {
    agent_ = nice_agent_new_full(g_main_loop_get_context(loop), NICE_COMPATIBILITY_RFC5245,
                                 trickle ? NICE_AGENT_OPTION_ICE_TRICKLE : NICE_AGENT_OPTION_NONE);
    g_object_set(agent_, "controlling-mode", controlling ? TRUE : FALSE, "ice-tcp", FALSE, "upnp", FALSE, nullptr);
    g_signal_connect(agent_, "new-candidate-full", G_CALLBACK(on_candidate), this);
    g_signal_connect(agent_, "candidate-gathering-done", G_CALLBACK(on_gathering_done), this);
    g_signal_connect(agent_, "component-state-changed", G_CALLBACK(on_state), this);
    stream_ = nice_agent_add_stream(agent_, 1);

    pipeline_ = gst_parse_launch(
        "appsrc name=in ! nicesink name=sink sync=false async=false   nicesrc name=src ! appsink name=out", nullptr);
    for (const char* name : {"sink", "src"}) {
      GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_), name);
      g_object_set(element, "agent", agent_, "stream", stream_, "component", 1, nullptr);
      gst_object_unref(element);
    }
    echo_ = std::make_unique<peers::MediaEcho>(pipeline_);
  }

  ~NicePeer() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    echo_.reset();
    gst_object_unref(pipeline_);
    nice_agent_remove_stream(agent_, stream_);
    g_object_unref(agent_);
  }

  NicePeer(const NicePeer&) = delete;
  NicePeer& operator=(const NicePeer&) = delete;

  void start() {
    gchar* ufrag = nullptr;
    gchar* pwd = nullptr;
    nice_agent_get_local_credentials(agent_, stream_, &ufrag, &pwd);
    peers::say(std::string("ufrag ") + ufrag);
    peers::say(std::string("pwd ") + pwd);
    g_free(ufrag);
    g_free(pwd);
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    nice_agent_gather_candidates(agent_, stream_);
  }

  void command(const std::string& word, const std::string& rest) {
    if (word == "ask") {
      echo_->ask(std::stoul(rest));
    } else if (word == "ufrag") {
      ufrag_ = rest;
    } else if (word == "pwd") {
      pwd_ = rest;
      if (trickle_) nice_agent_set_remote_credentials(agent_, stream_, ufrag_.c_str(), pwd_.c_str());
    } else if (word == "candidate") {
      NiceCandidate* candidate = nice_agent_parse_remote_candidate_sdp(agent_, stream_, ("a=" + rest).c_str());
      if (candidate == nullptr) return;  // a kind that this libnice does not know
      candidates_ = g_slist_append(candidates_, candidate);
      if (trickle_) hand_over_candidates();
    } else if (word == "end") {
      if (!trickle_) {
        nice_agent_set_remote_credentials(agent_, stream_, ufrag_.c_str(), pwd_.c_str());
        hand_over_candidates();
      } else {
        nice_agent_peer_candidate_gathering_done(agent_, stream_);
      }
    }
  }

 private:
  void hand_over_candidates() {
    nice_agent_set_remote_candidates(agent_, stream_, 1, candidates_);
    g_slist_free_full(candidates_, reinterpret_cast<GDestroyNotify>(nice_candidate_free));
    candidates_ = nullptr;
  }

  static void on_candidate(NiceAgent* agent, NiceCandidate* candidate, gpointer) {
    if (candidate->type != NICE_CANDIDATE_TYPE_HOST) return;
    gchar* line = nice_agent_generate_local_candidate_sdp(agent, candidate);
    const std::string text(line);
    g_free(line);
    peers::say("candidate " + (text.rfind("a=", 0) == 0 ? text.substr(2) : text));
  }

  static void on_gathering_done(NiceAgent*, guint, gpointer) { peers::say("end"); }

  static void on_state(NiceAgent*, guint, guint, guint state, gpointer data) {
    auto* self = static_cast<NicePeer*>(data);
    if (state == NICE_COMPONENT_STATE_FAILED) peers::say("error libnice says failed");
    if ((state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY) && !self->connected_) {
      self->connected_ = true;
      peers::say("connected");
    }
  }

  bool trickle_;
  bool connected_ = false;  // touched by the main loop only
  NiceAgent* agent_ = nullptr;
  guint stream_ = 0;
  GstElement* pipeline_ = nullptr;
  std::unique_ptr<peers::MediaEcho> echo_;
  std::string ufrag_;
  std::string pwd_;
  GSList* candidates_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 3) return 2;
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  {
    NicePeer peer(loop, std::string(argv[1]) == "controlling", std::string(argv[2]) == "trickle");
    const peers::Commands commands(loop, [&peer](const auto& word, const auto& rest) { peer.command(word, rest); });
    peer.start();
    g_main_loop_run(loop);
  }
  g_main_loop_unref(loop);
  return 0;
}
