// SPDX-License-Identifier: LGPL-2.1-or-later
// Our side: icesink and icesrc driven by nothing but their properties and signals, as an application would.
//   our_peer controlling|controlled trickle|whole
// `trickle` hands on each candidate as it comes; `whole` gives one description when all are known.
#include <gst/gst.h>

#include <memory>
#include <string>

#include "tests/peers/commands.h"
#include "tests/peers/media_echo.h"

namespace {

class OurPeer {
 public:
  OurPeer(bool controlling, bool trickle) : trickle_(trickle) {
    pipeline_ = gst_parse_launch("appsrc name=in ! icesink name=sink   icesrc name=src ! appsink name=out", nullptr);
    sink_ = gst_bin_get_by_name(GST_BIN(pipeline_), "sink");
    echo_ = std::make_unique<peers::MediaEcho>(pipeline_);
    g_object_set(sink_, "controlling", controlling ? TRUE : FALSE, nullptr);
    g_signal_connect(sink_, "on-ice-candidate", G_CALLBACK(on_candidate), this);
    g_signal_connect(sink_, "notify::ice-connection-state", G_CALLBACK(on_state), this);
    GstBus* bus = gst_element_get_bus(pipeline_);
    bus_watch_ = gst_bus_add_watch(bus, on_message, nullptr);
    gst_object_unref(bus);
  }

  ~OurPeer() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    g_source_remove(bus_watch_);
    echo_.reset();
    gst_object_unref(sink_);
    gst_object_unref(pipeline_);
  }

  OurPeer(const OurPeer&) = delete;
  OurPeer& operator=(const OurPeer&) = delete;

  void start() {
    gst_element_set_state(pipeline_, GST_STATE_READY);
    for (const char* name : {"ufrag", "pwd"}) {
      gchar* value = nullptr;
      g_object_get(sink_, (std::string("local-") + name).c_str(), &value, nullptr);
      peers::say(std::string(name) + " " + (value != nullptr ? value : ""));
      g_free(value);
    }
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
  }

  void command(const std::string& word, const std::string& rest) {
    if (word == "ask") {
      echo_->ask(std::stoul(rest));
    } else if (!trickle_) {
      collect(word, rest);
    } else if (word == "ufrag" || word == "pwd") {
      g_object_set(sink_, ("remote-" + word).c_str(), rest.c_str(), nullptr);
    } else if (word == "candidate") {
      g_signal_emit_by_name(sink_, "add-ice-candidate", 0U, rest.c_str());
    } else if (word == "end") {
      g_signal_emit_by_name(sink_, "add-ice-candidate", 0U, "");
    }
  }

 private:
  void collect(const std::string& word, const std::string& rest) {
    if (word == "ufrag" || word == "pwd") {
      credentials_ += "a=ice-" + word + ":" + rest + "\r\n";
    } else if (word == "candidate") {
      candidates_ += "a=" + rest + "\r\n";
    } else if (word == "end") {
      const std::string description = credentials_ + candidates_ + "a=end-of-candidates\r\n";
      g_object_set(sink_, "remote-description", description.c_str(), nullptr);
    }
  }

  static void on_candidate(GstElement*, guint, const gchar* candidate, gpointer) {
    peers::say(*candidate != '\0' ? std::string("candidate ") + candidate : std::string("end"));
  }

  static void on_state(GstElement* sink, GParamSpec*, gpointer data) {
    auto* self = static_cast<OurPeer*>(data);
    gint state = 0;
    gboolean controlling = FALSE;
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(sink), "ice-connection-state");
    g_object_get(sink, "ice-connection-state", &state, "controlling", &controlling, nullptr);
    const GEnumValue* value = g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, state);
    const std::string name = value != nullptr ? value->value_nick : "";
    if ((name == "connected" || name == "completed") && !self->connected_) {
      self->connected_ = true;
      peers::say("connected");
    }
    if (name == "completed") peers::say(controlling ? "role controlling" : "role controlled");
  }

  static gboolean on_message(GstBus*, GstMessage* message, gpointer) {
    GError* error = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, nullptr);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) gst_message_parse_warning(message, &error, nullptr);
    if (error != nullptr) peers::say(std::string("error ") + error->message);
    g_clear_error(&error);
    return G_SOURCE_CONTINUE;
  }

  bool trickle_;
  bool connected_ = false;  // touched by the event thread only
  GstElement* pipeline_ = nullptr;
  GstElement* sink_ = nullptr;
  guint bus_watch_ = 0;
  std::unique_ptr<peers::MediaEcho> echo_;
  std::string credentials_;
  std::string candidates_;
};

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 3) return 2;
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  {
    OurPeer peer(std::string(argv[1]) == "controlling", std::string(argv[2]) == "trickle");
    const peers::Commands commands(loop, [&peer](const auto& word, const auto& rest) { peer.command(word, rest); });
    peer.start();
    g_main_loop_run(loop);
  }
  g_main_loop_unref(loop);
  return 0;
}
