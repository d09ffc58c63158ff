// A pretended GPU behind the plug-in's interface: memory is the host's, and
// what a GPU would run the host computes, one element after the other. With it,
// everything but the GPU itself is tested on machines that have none. Its clock
// runs by estimates, the same every time.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/interface.h"

struct StrettoGpu {};

namespace {

using namespace stretto;
using kernels::cuda::Asked;
using kernels::cuda::takes;

struct Recorded {
  TaskFunction task;
  Booking booking;
  std::vector<const void *> src;
  StepArgs args;
  double seconds;
};

int32_t fail(StrettoText *why, const std::string &text) {
  std::snprintf(why->text, sizeof why->text, "%s", text.c_str());
  return 1;
}

int32_t allocate(StrettoGpu *, uint64_t bytes, void **memory, StrettoText *why) {
  *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *memory == nullptr ? fail(why, "no memory") : 0;
}
void release(StrettoGpu *, void *memory) {
  std::free(memory);
}

}  // namespace

struct StrettoGraph {
  std::vector<Recorded> steps;
};

namespace {

int32_t launch(StrettoGpu *, StrettoGraph *graph, StrettoText *) {
  for (Recorded &step : graph->steps) {
    step.args.params = step.booking.params.data();
    step.args.src = step.src.data();
    step.task(step.args, {0, 0, 0});
  }
  return 0;
}

/// Computes nothing: what is timed is launched as well where its results count.
int32_t time_launches(StrettoGpu *, StrettoGraph *graph, int32_t, double *seconds, StrettoText *) {
  *seconds = 0;
  for (const Recorded &step : graph->steps) *seconds += step.seconds;
  return 0;
}

int32_t record(StrettoGpu *, const StrettoStep *steps, uint32_t number, StrettoGraph **out, StrettoText *why) {
  auto graph = std::make_unique<StrettoGraph>();
  for (uint32_t i = 0; i < number; ++i) {
    const StrettoStep &step = steps[i];
    Asked asked;
    if (!takes(step.row, step.problem, &step.config, asked)) return fail(why, "the row does not take its problem");
    if (asked.tactic->task == nullptr) return fail(why, std::string(asked.tactic->name) + " is for a GPU alone");
    Recorded recorded{asked.tactic->task, asked.tactic->book(*asked.problem, asked.config), {}, {}, 0};
    recorded.seconds = asked.tactic->estimate(*asked.problem, asked.config, 1);
    const size_t inputs = asked.problem->with_role(Role::input).size();
    recorded.src.assign(step.src, step.src + inputs);
    recorded.args.weights = static_cast<const std::byte *>(step.weights);
    recorded.args.dst = step.dst;
    recorded.args.scratch = static_cast<std::byte *>(step.scratch);
    graph->steps.push_back(std::move(recorded));
  }
  *out = graph.release();
  return 0;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const StrettoDeviceTable *stretto_device_v1(void) {
  static const StrettoDeviceTable table = [] {
    StrettoDeviceTable t{};
    kernels::cuda::fill_rows(t);
    t.count = [](int32_t *number, StrettoText *) -> int32_t {
      *number = 1;
      return 0;
    };
    t.describe = [](int32_t, StrettoGpuInfo *info, StrettoText *) -> int32_t {
      *info = {"Pretended GPU", 90, 1, 1000, 13000, 13000, uint64_t{1} << 30, uint64_t{1} << 20, 10};
      return 0;
    };
    t.open = [](int32_t, StrettoGpu **gpu, StrettoText *) -> int32_t {
      *gpu = new StrettoGpu;
      return 0;
    };
    t.close = [](StrettoGpu *gpu) { delete gpu; };
    t.allocate = allocate;
    t.release = release;
    t.allocate_host = allocate;
    t.release_host = release;
    t.copy = [](StrettoGpu *, void *to, const void *from, uint64_t bytes, StrettoText *) -> int32_t {
      std::memcpy(to, from, bytes);
      return 0;
    };
    t.fill = [](StrettoGpu *, void *memory, int32_t byte, uint64_t bytes, StrettoText *) -> int32_t {
      std::memset(memory, byte, bytes);
      return 0;
    };
    t.launch = launch;
    t.finish = [](StrettoGpu *, StrettoText *) -> int32_t { return 0; };
    t.time = time_launches;
    t.record = record;
    t.forget = [](StrettoGpu *, StrettoGraph *graph) { delete graph; };
    return t;
  }();
  return &table;
}
