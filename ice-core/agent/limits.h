// SPDX-License-Identifier: LGPL-2.1-or-later
// How much a peer can make us remember.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ice {

inline constexpr std::uint32_t kMaxStreamId = 255;
inline constexpr std::uint16_t kMaxComponentId = 256;  // RFC 8445 13
/// Remote candidates of one stream, learned ones included.
inline constexpr std::size_t kMaxRemoteCandidates = 500;
/// Peer-reflexive ones among them: beyond it the oldest that led to nothing makes room. A check can be replayed from
/// anywhere (RFC 8445 19.3), and must not keep out what the peer signals.
inline constexpr std::size_t kMaxLearnedCandidates = 100;
/// So many new peer-reflexive candidates of one IP are taken on one transport in kCrowdInterval. Where NATs show another
/// port for each port that they see, two agents that answer every check from a new port by a check to it would do
/// nothing else; no pair of that kind can ever succeed (its answer comes from elsewhere, 7.2.5.2.1).
inline constexpr std::size_t kMaxCrowd = 8;
/// Candidates kept for streams that do not exist yet, over all of them.
inline constexpr std::size_t kMaxOrphanCandidates = 500;
/// Local candidates of one stream, those learned from answers included, after which no more are learned.
inline constexpr std::size_t kMaxLocalCandidates = 1000;
/// Requests remembered until the peer's credentials are known.
inline constexpr std::size_t kMaxEarlyChecks = 100;

}  // namespace ice
