// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints the NAT matrix as docs/nat-matrix-sim.md shows it; the exit status tells whether every cell is as the oracle
// says.
#include <iostream>

#include "tests/sim/nat_matrix.h"

int main() {
  return sim::print_matrix(std::cout) ? 0 : 1;
}
