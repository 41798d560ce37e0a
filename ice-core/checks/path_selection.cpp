// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/path_selection.h"

#include <algorithm>

#include "ice-core/checks/nomination.h"

namespace ice {

void PathSelection::choose(TimePoint now, Stream& stream, ComponentId component_id) {
  const auto found = stream.components.find(component_id);
  if (found == stream.components.end()) return;
  Component& component = found->second;

  CandidatePair* best = nullptr;
  for (const auto& pair : stream.checklist.pairs()) {
    if (pair->component != component_id || !pair->valid) continue;
    if (best == nullptr || (pair->nominated && !best->nominated)) best = pair.get();
  }
  if (best == nullptr) {
    if (component.selected) revoke(stream, component);
    return;
  }
  if (component.selected == best->id && component.nominated == best->nominated) return;

  component.selected = best->id;
  component.nominated = best->nominated;
  component.had_path = true;
  component.consent.start(now, best->last_response, context_.random);
  context_.trace([&] {
    return std::string(best->nominated ? "selected (nominated) " : "selected (valid) ") + pair_text(stream, *best);
  });
  context_.emit(PathChanged{stream.id, component_id,
                            PathChanged::Path{best->transport,
                                              best->remote_address,
                                              stream.local(best->local).candidate,
                                              stream.remote(best->remote).candidate,
                                              best->nominated,
                                              {}}});
}

void PathSelection::nominated(TimePoint now, Stream& stream, CandidatePair& valid) {
  valid.nominated = true;
  // RFC 8445 8.1.2: no more checks of this component, but those under way may still be answered.
  const ComponentId component = valid.component;
  std::vector<PairId> removed;
  for (const auto& pair : stream.checklist.pairs()) {
    if (pair->component != component || !pair->listed || pair->valid || pair->valid_pair) continue;
    if (pair->state == PairState::waiting || pair->state == PairState::frozen) removed.push_back(pair->id);
  }
  for (const PairId id : removed) stream.checklist.remove(id);
  choose(now, stream, component);
}

void PathSelection::lost(TimePoint now, Stream& stream, CandidatePair& pair, const std::string& why) {
  context_.trace([&] { return "lost " + pair_text(stream, pair) + ": " + why; });
  pair.valid = false;
  pair.nominated = false;
  pair.nominate_on_success = false;
  pair.nomination = NominationStep::none;
  pair.valid_pair.reset();
  pair.state = PairState::failed;
  pair.failure = why;
  if (pair.checked_pair) {
    if (CandidatePair* checked = stream.checklist.find(*pair.checked_pair); checked != nullptr) {
      checked->state = PairState::failed;
      checked->valid_pair.reset();
      checked->nominate_on_success = false;
      checked->nomination = NominationStep::none;
      checked->failure = why;
    }
  }
  // Media from there is trusted no longer either: the other side of the same validation.
  if (auto transport = context_.transports.find(pair.transport); transport != context_.transports.end()) {
    if (std::erase(transport->second.validated, pair.remote_address) > 0) {
      context_.emit(SourceRevoked{pair.transport, pair.remote_address, {}});
    }
  }
  choose(now, stream, pair.component);
}

void PathSelection::revoke(Stream& stream, Component& component) {
  component.consent.stop();
  component.nominated = false;
  if (!component.selected) return;
  component.selected.reset();
  context_.emit(PathChanged{stream.id, component.id, std::nullopt});
}

void PathSelection::nominate_where_due(TimePoint now) {
  ask_again_.reset();
  if (context_.role != Role::controlling) return;
  for (auto& entry : context_.streams) {
    Stream& stream = entry.second;  // clang 14 captures no structured binding
    for (const auto& [component_id, component] : stream.components) {
      const NominationVerdict verdict = judge_nomination(stream.checklist, component_id, now, context_.pacer.ta());
      if (verdict.ask_again) ask_again_ = std::min(ask_again_.value_or(*verdict.ask_again), *verdict.ask_again);
      if (verdict.nominate == nullptr) continue;
      CandidatePair* checked = stream.checklist.find(verdict.nominate->checked_pair.value_or(verdict.nominate->id));
      if (checked == nullptr) continue;
      checked->nomination = NominationStep::queued;
      stream.checklist.triggered().push(checked->id);
      context_.trace([&] { return "nominating " + pair_text(stream, *checked); });
    }
  }
}

}  // namespace ice
