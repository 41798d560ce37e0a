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
/// Candidates kept for streams that do not exist yet, over all of them.
inline constexpr std::size_t kMaxOrphanCandidates = 500;
/// Local candidates of one stream, those learned from answers included, after which no more are learned.
inline constexpr std::size_t kMaxLocalCandidates = 1000;
/// Requests remembered until the peer's credentials are known.
inline constexpr std::size_t kMaxEarlyChecks = 100;

}  // namespace ice
