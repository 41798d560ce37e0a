// SPDX-License-Identifier: LGPL-2.1-or-later
// The main() of a fuzz target where there is no libFuzzer: lives every input of some folders or files through once, so
// that what the fuzzer ever found is a test in every build, and counts in coverage.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

int main(int count, char** values) {
  std::vector<std::filesystem::path> inputs;
  for (int i = 1; i < count; ++i) {
    if (std::filesystem::is_directory(values[i])) {
      for (const auto& entry : std::filesystem::directory_iterator(values[i])) inputs.push_back(entry.path());
    } else {
      inputs.emplace_back(values[i]);
    }
  }
  std::sort(inputs.begin(), inputs.end());
  for (const auto& path : inputs) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::cerr << path.filename().string() << '\n';  // the last one named is the one that broke something
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::cout << inputs.size() << " inputs\n";
  return inputs.empty() ? 1 : 0;
}
