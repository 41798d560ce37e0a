// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/agent/connection_state.h"

#include <algorithm>
#include <map>

namespace ice {

const char* text(GatheringState state) {
  switch (state) {
    case GatheringState::fresh:
      return "new";
    case GatheringState::gathering:
      return "gathering";
    case GatheringState::complete:
      return "complete";
  }
  return "?";
}

const char* text(ConnectionState state) {
  switch (state) {
    case ConnectionState::fresh:
      return "new";
    case ConnectionState::checking:
      return "checking";
    case ConnectionState::connected:
      return "connected";
    case ConnectionState::completed:
      return "completed";
    case ConnectionState::disconnected:
      return "disconnected";
    case ConnectionState::failed:
      return "failed";
    case ConnectionState::closed:
      return "closed";
  }
  return "?";
}

const char* text(PairState state) {
  switch (state) {
    case PairState::frozen:
      return "frozen";
    case PairState::waiting:
      return "waiting";
    case PairState::in_progress:
      return "in-progress";
    case PairState::succeeded:
      return "succeeded";
    case PairState::failed:
      return "failed";
  }
  return "?";
}

TimePoint patience_ends(const Component& component, TimePoint checks_possible_since) {
  return std::max(checks_possible_since, component.added) + kPatience;
}

bool unused_by_peer(const AgentContext& context, const Stream& stream, ComponentId component) {
  const bool has_candidate = std::any_of(stream.remote_candidates.begin(), stream.remote_candidates.end(),
                                         [&](const auto& remote) { return remote.candidate.component == component; });
  if (has_candidate) return false;
  if (stream.remote_mentioned) return stream.remote_ended;
  bool others_ended = false;
  for (const auto& [id, other] : context.streams) {
    if (!other.remote_mentioned) continue;
    if (!other.remote_ended) return false;
    others_ended = true;
  }
  return others_ended;
}

namespace {

bool unfinished(const Stream& stream, ComponentId component) {
  return std::any_of(stream.checklist.pairs().begin(), stream.checklist.pairs().end(), [&](const auto& pair) {
    return pair->component == component && pair->listed && pair->unfinished();
  });
}

std::string where(const Stream& stream, const Component& component) {
  return "stream " + std::to_string(stream.id.value) + " component " + std::to_string(component.id.value);
}

std::string counted(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string explain_component(const AgentContext& context, const Stream& stream, const Component& component) {
  const std::string name = where(stream, component) + ": ";
  const auto locals = std::count_if(stream.local_candidates.begin(), stream.local_candidates.end(),
                                    [&](const auto& l) { return !l.gone && l.candidate.component == component.id; });
  const auto remotes = std::count_if(stream.remote_candidates.begin(), stream.remote_candidates.end(),
                                     [&](const auto& r) { return r.candidate.component == component.id; });
  const bool had_local = std::any_of(stream.local_candidates.begin(), stream.local_candidates.end(),
                                     [&](const auto& l) { return l.candidate.component == component.id; });
  if (locals == 0 && had_local) return name + "its local sockets failed";
  if (locals == 0) return name + "no local candidates (no usable network address, or no free port)";
  if (!context.remote_of(stream).complete()) return name + "the peer's ufrag and pwd are not known yet";
  if (remotes == 0) return name + "no remote candidates came from the peer";

  std::size_t pairs = 0;
  std::size_t open = 0;
  std::map<std::string, std::size_t> failures;
  for (const auto& pair : stream.checklist.pairs()) {
    if (pair->component != component.id || !pair->listed) continue;
    ++pairs;
    if (pair->unfinished()) ++open;
    if (pair->state == PairState::failed) ++failures[pair->failure];
  }
  if (pairs == 0) {
    return name + counted(static_cast<std::size_t>(locals), "local candidate") + " and " +
           counted(static_cast<std::size_t>(remotes), "remote candidate") +
           ", but no two of the same protocol and IP version";
  }
  std::string text = name + counted(pairs, "pair") + " tried";
  for (const auto& [why, count] : failures) text += ", " + std::to_string(count) + ": " + why;
  if (open > 0) text += ", " + std::to_string(open) + " still open";
  return text;
}

std::string explain_server(const Server& server) {
  std::string text;
  if (server.resolving) {
    text = "its name is still being resolved";
  } else if (!server.trouble.empty()) {
    text = server.trouble;
  } else if (server.candidates > 0) {
    text = "found " + counted(server.candidates, "candidate");
  } else if (server.asked) {
    text = server.answered ? "found nothing new" : "has not answered yet";
  } else {
    text = "was not asked: no local address of its IP version";
  }
  return server.remark.empty() ? text : text + ", " + server.remark;
}

std::string explain_servers(const AgentContext& context) {
  std::string text;
  for (const auto& [id, server] : context.servers.all()) {
    if (server.answered && server.trouble.empty()) continue;
    text += "; " + server.title() + " " + explain_server(server);
  }
  return text;
}

namespace {

std::string why_lost(const AgentContext& context, const Stream& stream, const Component& component) {
  const bool silent = std::any_of(stream.checklist.pairs().begin(), stream.checklist.pairs().end(), [&](const auto& p) {
    return p->component == component.id && p->failure == kConsentExpired;
  });
  if (silent) return where(stream, component) + ": the peer has not answered for 30 seconds (consent expired)";
  return explain_component(context, stream, component);
}

}  // namespace

ConnectionVerdict judge_connection(const AgentContext& context, TimePoint now,
                                   std::optional<TimePoint> checks_possible_since) {
  if (!checks_possible_since || context.streams.empty()) return {ConnectionState::fresh, {}};
  bool patient = now < *checks_possible_since + kPatience;

  bool all_have_path = true;
  bool all_nominated = true;
  bool doubtful = false;
  bool lost = false;
  bool all_had_path = true;
  std::string lost_failure;
  std::size_t used = 0;
  std::string failure;
  std::string unused;
  for (const auto& [stream_id, stream] : context.streams) {
    for (const auto& [component_id, component] : stream.components) {
      if (!component.selected && unused_by_peer(context, stream, component_id)) {
        unused += (unused.empty() ? "" : "; ") + explain_component(context, stream, component);
        continue;
      }
      ++used;
      const bool waits = now < patience_ends(component, *checks_possible_since);
      patient = patient || waits;
      all_have_path = all_have_path && component.selected.has_value();
      all_nominated = all_nominated && component.nominated;
      doubtful = doubtful || component.consent.doubtful(now);
      all_had_path = all_had_path && component.had_path;
      if (component.selected) continue;
      const bool open = unfinished(stream, component_id);
      if (component.had_path) {
        lost = true;
        if (!open && lost_failure.empty()) {
          lost_failure = why_lost(context, stream, component);
        }
      } else if (!waits && !open && stream.local_ended) {
        failure += (failure.empty() ? "" : "; ") + explain_component(context, stream, component);
      }
    }
  }
  // RFC 8863 4: while patience lasts, checklists that are still Running do not fail, not even by a lost consent.
  if (!lost_failure.empty() && (all_had_path || !patient)) return {ConnectionState::failed, lost_failure};
  if (!failure.empty()) return {ConnectionState::failed, failure};
  if (used == 0) {
    if (patient) return {ConnectionState::checking, {}};
    return {ConnectionState::failed, unused.empty() ? "there are no components" : unused};
  }
  if (lost) return {ConnectionState::disconnected, "the path is lost, another is being tried"};
  if (!all_have_path) return {ConnectionState::checking, {}};
  if (doubtful) return {ConnectionState::disconnected, "the peer has not answered for 12 seconds"};
  return {all_nominated ? ConnectionState::completed : ConnectionState::connected, {}};
}

}  // namespace ice
