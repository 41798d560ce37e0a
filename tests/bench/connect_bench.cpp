// SPDX-License-Identifier: LGPL-2.1-or-later
// Time to connect: two agents on loopback, one component, opposite roles, from the moment both have the other's
// description until both are connected. Ours and libnice's in turns.
//   connect_bench [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <vector>

#include "tests/bench/agents.h"

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

Milliseconds connect_ours() {
  GstElement* pipelines[2];
  GstElement* elements[2];
  for (int i = 0; i < 2; ++i) {
    pipelines[i] = gst_pipeline_new(nullptr);
    elements[i] = gst_element_factory_make("icesink", nullptr);
    if (elements[i] == nullptr) throw std::runtime_error("no icesink: is GST_PLUGIN_PATH set?");
    gst_bin_add(GST_BIN(pipelines[i]), elements[i]);
  }
  Milliseconds took{};
  {
    bench::IceAgents agents(elements[0], elements[1]);
    for (GstElement* pipeline : pipelines) gst_element_set_state(pipeline, GST_STATE_PLAYING);
    agents.wait_gathered();
    took = agents.connect();
  }
  for (GstElement* pipeline : pipelines) {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
  }
  return took;
}

Milliseconds connect_libnice() {
  bench::NiceAgents agents;
  for (const int index : {0, 1}) agents.discard_media(index);
  agents.gather();
  return agents.connect();
}

struct Figures {
  double median;
  double smallest;
  double largest;
};

Figures figures(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 50;
  try {
    std::vector<double> ours;
    std::vector<double> libnice;
    for (int round = 0; round < rounds; ++round) {
      ours.push_back(connect_ours().count());
      libnice.push_back(connect_libnice().count());
    }
    const Figures our_figures = figures(ours);
    const Figures nice_figures = figures(libnice);
    std::printf("time to connect, two agents on loopback, %d rounds in turns:\n", rounds);
    std::printf("  %-8s  median %6.2f ms  (%.2f to %.2f)\n", "gst-ice", our_figures.median, our_figures.smallest,
                our_figures.largest);
    std::printf("  %-8s  median %6.2f ms  (%.2f to %.2f)\n", "libnice", nice_figures.median, nice_figures.smallest,
                nice_figures.largest);
    std::printf("  libnice takes %.1f times as long\n", nice_figures.median / our_figures.median);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "connect_bench: %s\n", problem.what());
    return 1;
  }
  return 0;
}
