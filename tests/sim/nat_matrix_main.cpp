// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints the NAT matrix as docs/nat-matrix-sim.md shows it; the exit status tells whether every cell is as the oracle
// says.
#include <iostream>

#include "tests/sim/nat_matrix.h"

#include <cstring>

// nat-matrix                 the tables
// nat-matrix ROW COLUMN turn|stun   one meeting, with its story; rows and columns counted from 0 as in the tables
int main(int count, char** values) {
  if (count != 4) return sim::print_matrix(std::cout) ? 0 : 1;
  const auto plans = sim::matrix_plans();
  const auto plan = [&](const char* text) { return plans.at(static_cast<std::size_t>(std::atoi(text))); };
  const bool turn = std::strcmp(values[3], "turn") == 0;
  const sim::MeetingResult result =
      sim::meet({plan(values[1]), plan(values[2]), true, true, turn, turn}, {.story = &std::cout});
  std::cout << text(result.reach) << ' ' << result.types << ' ' << result.explanation << ' '
            << (result.breach ? *result.breach : std::string()) << '\n';
  return result.breach ? 1 : 0;
}
