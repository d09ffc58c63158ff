#include <algorithm>

#include "kernels/cpu/tables.h"
#include "plan/quote.h"
#include "runtime/context_impl.h"
#include "runtime/throw.h"

namespace stretto {
namespace {

using plan::Binding;
using plan::quote;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::bad_usage, message);
}

std::string names_of(const std::vector<Binding>& bindings) {
  std::string names;
  for (const Binding& b : bindings) names += (names.empty() ? "" : ", ") + quote(b.name);
  return names;
}

template <class View>
void check_view(const char* kind, const Binding& binding, const View& view) {
  const std::string_view name = view.name;
  if (view.bytes != binding.type.bytes()) {
    refuse(std::string(kind) + " " + quote(name) + " takes " + std::to_string(binding.type.bytes()) + " bytes (" +
           to_string(binding.type) + "), not " + std::to_string(view.bytes));
  }
  if (view.data == nullptr) refuse(std::string(kind) + " " + quote(name) + " has no memory: its pointer is null");
  if (reinterpret_cast<uintptr_t>(view.data) % size_of(binding.type.dtype) != 0) {
    refuse(std::string(kind) + " " + quote(name) + " must be aligned to " +
           std::to_string(size_of(binding.type.dtype)) + " bytes");
  }
}

/// Puts each view's pointer at the place of the binding with its name.
template <class View, class Pointer>
void bind_views(const char* kind, const std::vector<Binding>& bindings, std::span<const View> views,
                std::vector<Pointer>& pointers) {
  std::fill(pointers.begin(), pointers.end(), nullptr);
  for (const View& view : views) {
    const auto found =
        std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.name == view.name; });
    if (found == bindings.end()) {
      refuse(std::string("there is no ") + kind + " " + quote(view.name) + "; the network has " + names_of(bindings));
    }
    check_view(kind, *found, view);
    Pointer& pointer = pointers[static_cast<size_t>(found - bindings.begin())];
    if (pointer != nullptr) refuse(std::string(kind) + " " + quote(view.name) + " is given twice");
    pointer = view.data;
  }
  for (size_t i = 0; i < bindings.size(); ++i) {
    if (pointers[i] == nullptr)
      refuse(std::string(kind) + " " + quote(bindings[i].name) + " is missing; give all of them");
  }
}

bool overlap(const void* a, size_t a_bytes, const void* b, size_t b_bytes) {
  const auto x = reinterpret_cast<uintptr_t>(a), y = reinterpret_cast<uintptr_t>(b);
  return x < y + b_bytes && y < x + a_bytes;
}

/// Keeps the time of each step.
struct StepTimer : StepObserver {
  explicit StepTimer(std::vector<StepTime>& t) : times(t) {}
  void step_done(int i, int64_t nanoseconds) override {
    times[static_cast<size_t>(i)].ms = static_cast<double>(nanoseconds) * 1e-6;
  }
  std::vector<StepTime>& times;
};

}  // namespace

void Context::Impl::bind(std::span<const InputView> input_views, std::span<const OutputView> output_views) {
  const plan::Program& program = executor->program();
  bind_views("input", program.inputs, input_views, inputs);
  bind_views("output", program.outputs, output_views, outputs);
  for (size_t o = 0; o < outputs.size(); ++o) {
    const Binding& out = program.outputs[o];
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Binding& in = program.inputs[i];
      if (overlap(outputs[o], out.type.bytes(), inputs[i], in.type.bytes())) {
        refuse("the memory of output " + quote(out.name) + " overlaps that of input " + quote(in.name));
      }
    }
    for (size_t i = 0; i < o; ++i) {
      const Binding& other = program.outputs[i];
      if (overlap(outputs[o], out.type.bytes(), outputs[i], other.type.bytes())) {
        refuse("the memory of output " + quote(out.name) + " overlaps that of output " + quote(other.name));
      }
    }
  }
}

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

int Context::threads() const {
  return impl_->executor->threads();
}

void Context::place_caller() const {
  throw_if_failed(place_thread(pthread_self(), impl_->executor->placement(), 0));
}

void Context::run(std::span<const InputView> inputs, std::span<const OutputView> outputs) {
  impl_->wait_for_queue();
  impl_->bind(inputs, outputs);
  impl_->executor->run(impl_->inputs, impl_->outputs);
  throw_if_failed(impl_->executor->failure());
}

void Context::run(std::initializer_list<InputView> inputs, std::initializer_list<OutputView> outputs) {
  run(std::span(inputs.begin(), inputs.size()), std::span(outputs.begin(), outputs.size()));
}

Pending Context::run_async(std::span<const InputView> inputs, std::span<const OutputView> outputs) {
  impl_->bind(inputs, outputs);
  if (!impl_->queue) impl_->queue = std::make_unique<AsyncQueue>(*impl_->executor);
  return Pending(impl_->queue->submit(impl_->inputs, impl_->outputs));
}

Pending Context::run_async(std::initializer_list<InputView> inputs, std::initializer_list<OutputView> outputs) {
  return run_async(std::span(inputs.begin(), inputs.size()), std::span(outputs.begin(), outputs.size()));
}

std::vector<StepTime> Context::profile(std::span<const InputView> inputs, std::span<const OutputView> outputs) {
  impl_->wait_for_queue();
  impl_->bind(inputs, outputs);
  std::vector<StepTime> times;
  for (const plan::Step& step : impl_->executor->program().steps) {
    StepTime time;
    time.name = step.name;
    time.op = op::display_name(step.problem.nodes.front().attrs);
    time.tactic = step.tactic;
    time.precision = precision_of(step.problem, find_tactic(step.tactic, step.tactic_version));
    time.gflop = step.problem.flops() * 1e-9;
    times.push_back(std::move(time));
  }
  StepTimer timer(times);
  impl_->executor->run(impl_->inputs, impl_->outputs, &timer);
  throw_if_failed(impl_->executor->failure());
  return times;
}

}  // namespace stretto
