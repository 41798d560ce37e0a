// SPDX-License-Identifier: LGPL-2.1-or-later
// The messages of a peer that does anything: good checks and answers, and every way to get them wrong, as the input
// says.
#pragma once

#include <optional>
#include <string>

#include "ice-core/agent/agent.h"
#include "tests/fuzz/agent_watch.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {

/// The addresses of the peer and of strangers.
ice::Address remote_address(std::size_t which);
inline constexpr std::size_t kRemoteAddresses = 16;
/// The credentials of the peer's generations.
ice::Credentials remote_credentials(std::size_t which);
inline constexpr std::size_t kRemoteCredentials = 4;

/// A check for the agent whose credentials these are; two bytes of input at least, six at most.
ice::Bytes check_request(Input& input, const ice::Credentials& agent);
/// An answer to a request that the agent sent.
ice::Bytes check_answer(Input& input, const SentRequest& request, const ice::Address& mapped);
/// A good answer, signed by the peer's generation.
ice::Bytes good_answer(const SentRequest& request, const ice::Address& mapped, std::size_t generation);

/// A remote candidate of UDP and the like, four bytes of input.
ice::Candidate remote_candidate(Input& input);
ice::Description remote_description(Input& input);

}  // namespace fuzz
