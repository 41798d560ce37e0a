// SPDX-License-Identifier: LGPL-2.1-or-later
// Which agent belongs to a session name under a topmost ancestor. The agents are remembered by the ancestor itself, and
// weakly: they live as long as an element or the application holds them, and another ancestor at the same address
// cannot inherit them.
#include <map>
#include <mutex>

#include "gst/agent/ice_agent.h"

namespace gstice {
namespace {

using Agents = std::map<std::string, WeakObject<GstIceAgent>>;

std::mutex registry_mutex;  // guards every Agents map; a leaf lock but for GObject's own

GQuark agents_quark() {
  static const GQuark quark = g_quark_from_static_string("gst-ice-agents");
  return quark;
}

void destroy_agents(gpointer agents) {
  std::unique_ptr<Agents>(static_cast<Agents*>(agents)).reset();
}

Agents& agents_under(GstObject* topmost) {
  if (auto* known = static_cast<Agents*>(g_object_get_qdata(G_OBJECT(topmost), agents_quark()))) return *known;
  auto fresh = std::make_unique<Agents>();
  Agents& agents = *fresh;
  g_object_set_qdata_full(G_OBJECT(topmost), agents_quark(), fresh.release(), destroy_agents);
  return agents;
}

}  // namespace

ObjectRef<GstIceAgent> agent_of(GstObject* topmost, const std::string& session) {
  const std::lock_guard lock(registry_mutex);
  Agents& agents = agents_under(topmost);
  if (const auto known = agents.find(session); known != agents.end()) {
    if (auto agent = known->second.lock()) return agent;
    agents.erase(known);
  }
  ObjectRef<GstIceAgent> agent(
      static_cast<GstIceAgent*>(gst_object_ref_sink(g_object_new(GST_TYPE_ICE_AGENT, nullptr))));
  agents.try_emplace(session, agent.get());
  return agent;
}

}  // namespace gstice
