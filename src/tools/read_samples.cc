#include <stretto/samples.h>

#include <algorithm>
#include <optional>

#include "runtime/engine_impl.h"
#include "runtime/throw.h"
#include "samples/samples.h"

namespace stretto {
namespace {

const plan::Binding& input_of(const plan::Program& program, const std::string& name) {
  const std::vector<plan::Binding>& inputs = program.inputs;
  if (name.empty() && inputs.size() == 1) return inputs[0];
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const plan::Binding& b) { return b.name == name; });
  if (found != inputs.end()) return *found;
  std::string names;
  for (const plan::Binding& b : inputs) names += (names.empty() ? "'" : ", '") + b.name + "'";
  throw Error(ErrorKind::bad_usage, (name.empty() ? "the network has several inputs; say which of " + names
                                                  : "there is no input '" + name + "'; the network has " + names));
}

}  // namespace

FileSamples read_samples(const Engine& engine, const std::string& path, const std::string& input, int program) {
  const plan::Binding& binding = input_of(engine.impl()->program(program), input);
  std::optional<samples::Preprocessing> how;
  if (const std::string spec = engine.preprocess(); !spec.empty()) {
    how = value_or_throw(samples::parse_preprocessing(spec));
  }
  samples::SampleFile file = value_or_throw(samples::load_sample(path, binding.name, binding.type, how));
  return {file.samples, std::move(file.bytes)};
}

}  // namespace stretto
