// SPDX-License-Identifier: LGPL-2.1-or-later
// The addresses that users and players know: ice://host[:port]/room and ices://…. They may come from strangers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ice-core/base/result.h"

namespace gstice {

/// Bounds of the properties of these names.
inline constexpr unsigned kMaxStream = 255;
inline constexpr unsigned kMaxComponent = 256;

inline constexpr unsigned kDefaultRendezvousPort = 8765;

/// What an address says. Made by parse() only, so that every one is valid.
struct IceUri {
  std::string text;        ///< as it was given
  std::string rendezvous;  ///< the value of that property: ws://host:port/room for ice, wss://… for ices
  std::optional<unsigned> stream;
  std::optional<unsigned> component;

  /// The error is one sentence that names the part at fault, and quotes neither a password nor what the query holds.
  static ice::Result<IceUri> parse(std::string_view text);
};

/// Is it one of ours by its scheme, whatever follows?
[[nodiscard]] bool has_ice_scheme(std::string_view text);

}  // namespace gstice
