// Everything that must hold in a plan before anyone computes an address from it. FORMAT.md lists the rules.
#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "plan/plan.h"
#include "plan/quote.h"
#include "plan/written.h"

namespace stretto::plan {
namespace {

constexpr size_t kMaxPrograms = 256;
constexpr uint32_t kMaxCompute = 1000;
constexpr size_t kMaxBindings = 1024;
constexpr size_t kMaxItems = size_t{1} << 20;  // tensors, steps
constexpr uint64_t kMaxArenaBytes = uint64_t{1} << 40;

Status wrong(const std::string& what) {
  return bad_input(what + "; the plan is damaged, build it again");
}

bool inside(uint64_t offset, uint64_t bytes, uint64_t limit) {
  return offset <= limit && bytes <= limit - offset;
}

/// Kernels read blocked tensors a block at a time, plain ones by elements.
uint64_t alignment_of(const ProgramTensor& t) {
  return std::min<uint64_t>(64,
                            size_of(element_of(t.type.dtype, t.layout)) * static_cast<uint64_t>(block_of(t.layout)));
}

Status check_type(const TensorType& type, const std::string& what) {
  if (!is_valid_dtype(static_cast<unsigned>(type.dtype))) return wrong(what + " has an unknown element type");
  const auto count = checked_elements(type.shape);
  if (!count || *count == 0) return wrong(what + " has an impossible shape");
  return {};
}

Status check_layout(const ProgramTensor& t, const std::string& what) {
  if (std::find(std::begin(kLayouts), std::end(kLayouts), t.layout) == std::end(kLayouts)) {
    return wrong(what + " has an unknown layout");
  }
  if (!is_valid(t.type, t.layout)) return wrong(what + " has a layout that its shape or type cannot take");
  if (t.layout == Layout::plain) return {};
  Shape padded = t.type.shape;
  padded[1] += block_of(t.layout);
  if (!checked_elements(padded)) return wrong(what + " is too large");
  return {};
}

class ProgramVerifier {
 public:
  ProgramVerifier(const Program& program, uint64_t weights_bytes)
      : program_(program), weights_bytes_(weights_bytes), outputs_(program.outputs.size()) {}

  Status verify() {
    const Program& p = program_;
    if (p.inputs.size() > kMaxBindings || p.outputs.empty() || p.outputs.size() > kMaxBindings) {
      return wrong("the number of inputs or outputs is out of range");
    }
    if (p.tensors.size() > kMaxItems || p.steps.size() > kMaxItems) return wrong("there are too many tensors or steps");
    if (p.arena_bytes > kMaxArenaBytes || p.worker_scratch_bytes > kMaxArenaBytes) {
      return wrong("the arena or the scratch of a worker is larger than 1 TiB");
    }
    STRETTO_TRY(check_bindings(p.inputs, Place::input, "input"));
    STRETTO_TRY(check_bindings(p.outputs, Place::output, "output"));
    for (const ProgramTensor& t : p.tensors) STRETTO_TRY(check_tensor(t));
    for (const Step& s : p.steps) STRETTO_TRY(check_step(s).in("step " + quote(s.name)));
    for (const Binding& b : p.outputs) {
      if (!is_written(p.tensors[b.tensor])) return wrong("no step writes output " + quote(b.name));
    }
    return {};
  }

 private:
  Status check_bindings(const std::vector<Binding>& bindings, Place place, std::string_view kind) const {
    std::set<std::string_view> names;
    for (size_t i = 0; i < bindings.size(); ++i) {
      const Binding& b = bindings[i];
      const std::string what = std::string(kind) + " " + quote(b.name);
      if (b.name.empty()) return wrong("an " + std::string(kind) + " has no name");
      if (!names.insert(b.name).second) return wrong(what + " is there twice");
      STRETTO_TRY(check_type(b.type, what));
      if (b.tensor >= program_.tensors.size()) return wrong(what + " names a tensor that is not there");
      const ProgramTensor& t = program_.tensors[b.tensor];
      if (t.where.place != place || t.where.binding != i || t.where.offset != 0 || t.layout != Layout::plain ||
          !(t.type == b.type)) {
        return wrong(what + " does not agree with its tensor");
      }
    }
    return {};
  }

  Status check_tensor(const ProgramTensor& t) const {
    const std::string what = "tensor " + quote(t.name);
    STRETTO_TRY(check_type(t.type, what));
    STRETTO_TRY(check_layout(t, what));
    uint64_t limit = 0;
    switch (t.where.place) {
      case Place::arena:
        limit = program_.arena_bytes;
        break;
      case Place::weights:
        limit = weights_bytes_;
        break;
      case Place::input:
      case Place::output: {
        const auto& bindings = t.where.place == Place::input ? program_.inputs : program_.outputs;
        if (t.where.binding >= bindings.size()) return wrong(what + " belongs to a binding that is not there");
        if (t.layout != Layout::plain) return wrong(what + " is in the caller's memory but not plain");
        limit = bindings[t.where.binding].type.bytes();
        break;
      }
      default:
        return wrong(what + " is in an unknown place");
    }
    if (t.where.offset % alignment_of(t) != 0) return wrong(what + " is not aligned");
    if (!inside(t.where.offset, stored_bytes(t.type, t.layout), limit)) {
      return wrong(what + " ends behind the memory it is in");
    }
    return {};
  }

  Status check_operand(uint32_t number, const Operand& operand, const char* what) const {
    if (number >= program_.tensors.size()) return wrong(std::string("its ") + what + " is not there");
    const ProgramTensor& t = program_.tensors[number];
    if (!(t.type == operand.type) || t.layout != operand.layout) {
      return wrong(std::string("its ") + what + " " + quote(t.name) + " does not agree with its problem");
    }
    return {};
  }

  Status check_step(const Step& s) {
    STRETTO_TRY(validate(s.problem));
    const std::vector<int> inputs = s.problem.with_role(Role::input);
    if (inputs.size() != s.inputs.size()) return wrong("the number of inputs does not agree with its problem");
    for (size_t i = 0; i < inputs.size(); ++i) {
      STRETTO_TRY(check_operand(s.inputs[i], s.problem.operands[static_cast<size_t>(inputs[i])], "input"));
      const ProgramTensor& t = program_.tensors[s.inputs[i]];
      if (!is_written(t)) return wrong("it reads " + quote(t.name) + " before that is written");
    }
    STRETTO_TRY(check_operand(s.output, s.problem.output(), "output"));
    const ProgramTensor& out = program_.tensors[s.output];
    if (out.where.place != Place::arena && out.where.place != Place::output) {
      return wrong("it writes to memory that is only read");
    }
    if (s.weights_offset % 64 != 0 || !inside(s.weights_offset, s.weights_bytes, weights_bytes_)) {
      return wrong("its weights are not inside the pool");
    }
    if (s.scratch_offset % 64 != 0 || s.scratch_offset > program_.arena_bytes) {
      return wrong("its scratch is not inside the arena");
    }
    written_to(out).add(out.where.offset, out.where.offset + stored_bytes(out.type, out.layout));
    return {};
  }

  WrittenBytes& written_to(const ProgramTensor& t) {
    return t.where.place == Place::arena ? arena_ : outputs_[t.where.binding];
  }

  bool is_written(const ProgramTensor& t) {
    if (t.where.place == Place::input || t.where.place == Place::weights) return true;
    return written_to(t).covers(t.where.offset, t.where.offset + stored_bytes(t.type, t.layout));
  }

  const Program& program_;
  uint64_t weights_bytes_;
  WrittenBytes arena_;
  std::vector<WrittenBytes> outputs_;
};

bool is_time(float ms) {
  return std::isfinite(ms) && ms >= 0;
}

Status check_times(const Plan& plan) {
  const Times& t = plan.times;
  if (t.step_ms.empty() && t.total_ms.empty()) return {};
  if (t.step_ms.size() != plan.programs.size() || t.total_ms.size() != plan.programs.size()) {
    return wrong("its times are of another number of programs");
  }
  for (size_t i = 0; i < t.step_ms.size(); ++i) {
    const auto& steps = t.step_ms[i];
    if (!steps.empty() && steps.size() != plan.programs[i].steps.size()) {
      return wrong("its times are of another number of steps");
    }
    if (!is_time(t.total_ms[i]) || !std::all_of(steps.begin(), steps.end(), is_time)) {
      return wrong("one of its times is not a time");
    }
  }
  return {};
}

}  // namespace

Status verify(const Plan& plan) {
  if (name_of(plan.required_isa).empty() || !isa_from_name(name_of(plan.required_isa))) {
    return wrong("it needs an unknown instruction set");
  }
  if (plan.device != Device::cpu && plan.device != Device::cuda) return wrong("it is for an unknown device");
  if (plan.compute > kMaxCompute || (plan.device == Device::cpu && plan.compute != 0)) {
    return wrong("the compute capability it needs is out of range");
  }
  if (plan.programs.empty() || plan.programs.size() > kMaxPrograms) {
    return wrong("the number of programs is out of range");
  }
  if (reinterpret_cast<uintptr_t>(plan.weights.data()) % 64 != 0) return internal_error("weights are not aligned");
  for (size_t i = 0; i < plan.programs.size(); ++i) {
    STRETTO_TRY(ProgramVerifier(plan.programs[i], plan.weights.size()).verify().in("program " + std::to_string(i)));
  }
  return check_times(plan);
}

}  // namespace stretto::plan
