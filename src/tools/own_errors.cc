#include "tools/own_errors.h"

#include <algorithm>

#include "quantize/energies.h"

namespace stretto::tools {

OwnErrors::OwnErrors(std::shared_ptr<const ResolvedPlan> plan, const plan::Program& reference, const Mappings& mappings,
                     int threads)
    : plan_(std::move(plan)), mappings_(mappings), bench_(threads) {
  std::map<std::string, TensorType> types;
  for (const plan::Binding& input : reference.inputs) types[input.name] = input.type;
  for (const plan::Step& step : reference.steps) {
    types[reference.tensors[step.output].name] = reference.tensors[step.output].type;
  }
  // The real values of this shape have a name in the model, and the plan says what its integers stand for.
  const auto is_of_model = [&](const plan::ProgramTensor& tensor) {
    const auto found = types.find(model_name(mappings, tensor.name));
    return found != types.end() && found->second == TensorType{DType::f32, tensor.type.shape} &&
           is_known(mappings, tensor.name, tensor.type);
  };
  if (plan_->plan->device != plan::Device::cpu) return;  // its steps run by themselves here
  const plan::Program& program = plan_->plan->programs[0];
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const plan::Step& step = program.steps[i];
    Known known{i, {}};
    bool good = is_of_model(program.tensors[step.output]),
         integers = program.tensors[step.output].type.dtype == DType::u8;
    for (uint32_t input : step.inputs) {
      good = good && is_of_model(program.tensors[input]);
      integers = integers || program.tensors[input].type.dtype == DType::u8;
      known.sources.push_back(model_name(mappings, program.tensors[input].name));
    }
    if (good && integers) known_[program.tensors[step.output].name] = std::move(known);
  }
}

std::vector<std::string> OwnErrors::sources_of(const std::string& name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? std::vector<std::string>() : found->second.sources;
}

Result<std::optional<OwnError>> OwnErrors::of(const std::string& name, const std::map<std::string, Tensor>& exact,
                                              const Tensor& made) {
  const auto found = known_.find(name);
  if (found == known_.end()) return std::optional<OwnError>();
  const plan::Program& program = plan_->plan->programs[0];
  const plan::Step& step = program.steps[found->second.step];
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    const plan::ProgramTensor& tensor = program.tensors[step.inputs[i]];
    inputs.push_back(to_held(exact.at(found->second.sources[i]), tensor.name, tensor.type.dtype, mappings_));
  }
  const ResolvedStep& resolved = plan_->programs[0][found->second.step];
  STRETTO_ASSIGN(Tensor result, run_step(bench_, step.problem, *resolved.tactic, resolved.booking,
                                         plan_->plan->weights.data() + step.weights_offset, inputs));
  quantize::Energies energies;
  energies.add(exact.at(name), to_reals(std::move(result), name, mappings_), made);
  return std::optional<OwnError>(OwnError{quantize::to_decibel(energies.signal, energies.own),
                                          quantize::to_decibel(energies.signal, energies.inherited)});
}

}  // namespace stretto::tools
