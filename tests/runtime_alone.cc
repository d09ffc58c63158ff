// Links against the runtime and nothing of the build side: that it links is the test; that it refuses a foreign file
// in one line shows that what was linked works. With a plan as argument, it loads and runs that on zeros.
#include <stretto/context.h>
#include <stretto/engine.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

void run_on_zeros(const stretto::Engine& engine) {
  stretto::Context context = engine.context();
  std::vector<std::vector<char>> memory;
  std::vector<stretto::InputView> inputs;
  std::vector<stretto::OutputView> outputs;
  const auto input_infos = engine.inputs(), output_infos = engine.outputs();
  for (const auto& info : input_infos) {
    memory.emplace_back(info.bytes);
    inputs.emplace_back(info.name, memory.back().data(), info.bytes);
  }
  for (const auto& info : output_infos) {
    memory.emplace_back(info.bytes);
    outputs.emplace_back(info.name, memory.back().data(), info.bytes);
  }
  context.run(inputs, outputs);
  context.run_async(inputs, outputs).wait();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run_on_zeros(stretto::Engine::load(argc > 1 ? argv[1] : argv[0]));
  } catch (const stretto::Error& e) {
    const bool expected = argc == 1 && e.kind() == stretto::ErrorKind::bad_input;
    std::printf("%s: %s\n", expected ? "refused as it should be" : "error", e.what());
    return expected ? 0 : 1;
  }
  return argc > 1 ? 0 : 1;
}
