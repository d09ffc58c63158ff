#include "builder/run_step.h"

#include "tactics/reorder.h"

namespace stretto {
namespace {

void reserve(Memory& memory, size_t bytes) {
  if (memory.size() < bytes) memory = Memory(bytes);
}

}  // namespace

Result<Tensor> run_step(StepBench& bench, const Problem& problem, const Tactic& tactic, const Booking& booking,
                        const void* weights, std::span<const Tensor> inputs) {
  const std::vector<int> operands = problem.with_role(Role::input);
  STRETTO_CHECK(inputs.size() == operands.size());
  std::vector<Memory> blocked(inputs.size());
  std::vector<const void*> sources;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Operand& operand = problem.operands[static_cast<size_t>(operands[i])];
    if (!(inputs[i].type() == operand.type)) return internal_error("an input has another type than the graph says");
    sources.push_back(inputs[i].data());
    if (operand.layout == Layout::plain) continue;
    blocked[i] = Memory(align_up(stored_bytes(operand.type, operand.layout) + kAlignment));
    from_plain(operand.type, operand.layout, inputs[i].data(), blocked[i].data());
    sources.back() = blocked[i].data();
  }
  const Operand& output = problem.output();
  Tensor made(output.type);
  Memory stored;
  if (output.layout != Layout::plain) stored = Memory(align_up(stored_bytes(output.type, output.layout)));
  const size_t stride = align_up(booking.worker_scratch_bytes);
  reserve(bench.scratch, align_up(booking.scratch_bytes));
  reserve(bench.worker_scratch, stride * static_cast<size_t>(bench.pool.threads()));
  const StepArgs args{booking.params.data(),
                      static_cast<const std::byte*>(weights),
                      sources.data(),
                      stored ? static_cast<void*>(stored.data()) : made.mutable_data(),
                      bench.scratch.data(),
                      bench.worker_scratch.data(),
                      stride};
  const StepCall call{tactic.task, args, booking.tasks};
  bench.pool.run({&call, 1});
  if (stored) to_plain(output.type, output.layout, stored.data(), made.mutable_data());
  return made;
}

}  // namespace stretto
