#include "builder/compile.h"

#include <algorithm>
#include <map>

#include "builder/arena.h"
#include "device/memory.h"
#include "kernels/cpu/tables.h"

namespace stretto {
namespace {

/// Memory that tensors share: a whole buffer, or (when `parent` is set) a part of another storage.
struct Storage {
  plan::Place place = plan::Place::arena;
  uint32_t binding = 0;
  uint64_t bytes = 0;
  int first = INT32_MAX, last = -1;  // steps that touch it
  int parent = -1;
  uint64_t parent_offset = 0;
  uint64_t weights_offset = 0;
};

struct Located {
  int storage;
  uint64_t offset;
};

class Compiler {
 public:
  Compiler(const ir::Graph& graph, const Cover& cover, Selector& selector, plan::WeightsPool& pool)
      : graph_(graph), cover_(cover), selector_(selector), pool_(pool) {}

  Result<plan::Program> compile() {
    for (size_t i = 0; i < graph_.inputs().size(); ++i) add_input(static_cast<uint32_t>(i));
    for (const CoverStep& step : cover_.steps) {
      STRETTO_TRY(step.is_view ? emit_view(step) : emit_step(step));
    }
    for (size_t i = 0; i < graph_.outputs().size(); ++i) STRETTO_TRY(bind_output(static_cast<uint32_t>(i)));
    place();
    return std::move(program_);
  }

 private:
  using Key = std::pair<ir::ValueId, Layout>;

  int add_storage(Storage storage) {
    storages_.push_back(storage);
    return static_cast<int>(storages_.size()) - 1;
  }

  uint32_t add_tensor(ir::ValueId value, Layout layout, Located where) {
    program_.tensors.push_back({graph_.value(value).name, graph_.value(value).type, layout, {}});
    located_.push_back(where);
    return static_cast<uint32_t>(program_.tensors.size() - 1);
  }

  uint32_t add_owned_tensor(ir::ValueId value, Layout layout) {
    Storage storage;
    storage.bytes = stored_bytes(graph_.value(value).type, layout);
    return add_tensor(value, layout, {add_storage(storage), 0});
  }

  void add_input(uint32_t number) {
    ir::ValueId id = graph_.inputs()[number];
    Storage storage;
    storage.place = plan::Place::input;
    storage.binding = number;
    storage.bytes = graph_.value(id).type.bytes();
    uint32_t tensor = add_tensor(id, Layout::plain, {add_storage(storage), 0});
    tensors_[{id, Layout::plain}] = tensor;
    program_.inputs.push_back({graph_.value(id).name, graph_.value(id).type, tensor});
  }

  /// The storage that holds everything `storage` is a part of.
  int root_of(int storage) const {
    while (storages_[static_cast<size_t>(storage)].parent >= 0)
      storage = storages_[static_cast<size_t>(storage)].parent;
    return storage;
  }

  void touch(uint32_t tensor, int step) {
    Storage& storage = storages_[static_cast<size_t>(located_[tensor].storage)];
    storage.first = std::min(storage.first, step);
    storage.last = std::max(storage.last, step);
  }

  int next_step() const { return static_cast<int>(program_.steps.size()); }

  /// The tensor that holds `value` in `layout`, made by a reformat step if there is none yet.
  Result<uint32_t> tensor_of(ir::ValueId value, Layout layout) {
    if (auto known = tensors_.find({value, layout}); known != tensors_.end()) return known->second;
    if (graph_.value(value).is_constant()) return constant_tensor(value);
    for (Layout other : kLayouts) {
      auto from = tensors_.find({value, other});
      if (from == tensors_.end()) continue;
      uint32_t to = add_owned_tensor(value, layout);
      STRETTO_TRY(emit_reformat(from->second, to));
      tensors_[{value, layout}] = to;
      return to;
    }
    return internal_error("value '" + graph_.value(value).name + "' is read before it is made");
  }

  Result<uint32_t> constant_tensor(ir::ValueId value) {
    const Tensor& constant = graph_.value(value).constant;
    Storage storage;
    storage.place = plan::Place::weights;
    storage.bytes = constant.bytes();
    storage.weights_offset = pool_.add({static_cast<const std::byte*>(constant.data()), constant.bytes()});
    uint32_t tensor = add_tensor(value, Layout::plain, {add_storage(storage), 0});
    tensors_[{value, Layout::plain}] = tensor;
    return tensor;
  }

  Status emit_reformat(uint32_t from, uint32_t to) {
    const plan::ProgramTensor &src = program_.tensors[from], &dst = program_.tensors[to];
    Problem problem = reformat_problem(src.type, src.layout, dst.layout);
    STRETTO_ASSIGN(Choice choice, selector_.choose(problem));
    plan::Step step;
    step.name = "reformat " + src.name;
    return finish_step(std::move(step), choice, std::move(problem), {from}, to, {});
  }

  Status finish_step(plan::Step step, const Choice& choice, Problem problem, std::vector<uint32_t> inputs,
                     uint32_t output, std::span<const Tensor> constants) {
    Booking booking = choice.tactic->book(problem, choice.config);
    if (booking.weights_bytes > 0) {
      std::vector<std::byte> packed(booking.weights_bytes + kAlignment);
      auto at = align_up(reinterpret_cast<uintptr_t>(packed.data())) - reinterpret_cast<uintptr_t>(packed.data());
      choice.tactic->pack(problem, choice.config, constants, packed.data() + at);
      step.weights_offset = pool_.add({packed.data() + at, booking.weights_bytes});
      step.weights_bytes = booking.weights_bytes;
    }
    for (uint32_t input : inputs) touch(input, next_step());
    touch(output, next_step());
    scratch_.push_back(booking.scratch_bytes);
    program_.worker_scratch_bytes = std::max<uint64_t>(program_.worker_scratch_bytes, booking.worker_scratch_bytes);
    step.tactic = choice.tactic->name;
    step.tactic_version = choice.tactic->version;
    step.config = choice.config;
    step.problem = std::move(problem);
    step.inputs = std::move(inputs);
    step.output = output;
    program_.steps.push_back(std::move(step));
    return {};
  }

  Status emit_step(const CoverStep& chosen) {
    plan::Step step;
    for (ir::NodeId id : chosen.candidate.nodes) {
      step.nodes.push_back(graph_.node(id).name);
      step.name += (step.name.empty() ? "" : "+") + graph_.node(id).name;
    }
    std::vector<uint32_t> inputs;
    std::vector<int> operands = chosen.bound.problem.with_role(Role::input);
    for (size_t i = 0; i < operands.size(); ++i) {
      Layout layout = chosen.bound.problem.operands[static_cast<size_t>(operands[i])].layout;
      STRETTO_ASSIGN(uint32_t tensor, tensor_of(chosen.bound.inputs[i], layout));
      inputs.push_back(tensor);
    }
    std::vector<Tensor> constants;
    for (ir::ValueId value : chosen.bound.constants) constants.push_back(graph_.value(value).constant);
    ir::ValueId result = graph_.node(chosen.candidate.root()).output;
    Layout layout = chosen.bound.problem.output().layout;
    uint32_t output = add_owned_tensor(result, layout);
    tensors_[{result, layout}] = output;
    return finish_step(std::move(step), chosen.choice, chosen.bound.problem, std::move(inputs), output, constants);
  }

  Status emit_view(const CoverStep& chosen) {
    ir::NodeId id = chosen.candidate.root();
    const ir::Node& node = graph_.node(id);
    if (std::holds_alternative<op::Concat>(node.attrs)) return emit_concat(id, chosen.view);
    STRETTO_ASSIGN(uint32_t source, tensor_of(node.inputs[0], chosen.view.input));
    Located where = located_[source];
    where.offset += static_cast<uint64_t>(view_offset(graph_, id, chosen.view, 0));
    tensors_[{node.output, chosen.view.output}] = add_tensor(node.output, chosen.view.output, where);
    return {};
  }

  /// Inputs that own their whole storage move into the result's; others are copied there.
  Status emit_concat(ir::NodeId id, const View& view) {
    const ir::Node& node = graph_.node(id);
    uint32_t result = add_owned_tensor(node.output, view.output);
    int whole = located_[result].storage;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      STRETTO_ASSIGN(uint32_t part, tensor_of(node.inputs[i], view.input));
      auto offset = static_cast<uint64_t>(view_offset(graph_, id, view, static_cast<int>(i)));
      Storage& storage = storages_[static_cast<size_t>(located_[part].storage)];
      bool movable = storage.place == plan::Place::arena && storage.parent < 0 && located_[part].offset == 0 &&
                     storage.bytes == stored_bytes(program_.tensors[part].type, view.input) &&
                     located_[part].storage != whole;
      if (movable) {
        storage.parent = whole;
        storage.parent_offset = offset;
      } else {
        uint32_t copy = add_tensor(node.inputs[i], view.input, {whole, offset});
        STRETTO_TRY(emit_reformat(part, copy));
      }
    }
    tensors_[{node.output, view.output}] = result;
    return {};
  }

  /// Blocked tensors need alignment that the caller's memory does not promise.
  bool holds_plain_alone(int storage) const {
    for (size_t t = 0; t < located_.size(); ++t) {
      if (root_of(located_[t].storage) == storage && program_.tensors[t].layout != Layout::plain) return false;
    }
    return true;
  }

  Status bind_output(uint32_t number) {
    ir::ValueId id = graph_.outputs()[number];
    STRETTO_ASSIGN(uint32_t tensor, tensor_of(id, Layout::plain));
    Storage& storage = storages_[static_cast<size_t>(located_[tensor].storage)];
    bool own = storage.place == plan::Place::arena && storage.parent < 0 && located_[tensor].offset == 0 &&
               storage.bytes == graph_.value(id).type.bytes() && holds_plain_alone(located_[tensor].storage);
    if (own) {
      storage.place = plan::Place::output;
      storage.binding = number;
    } else {
      Storage copy;
      copy.place = plan::Place::output;
      copy.binding = number;
      copy.bytes = graph_.value(id).type.bytes();
      uint32_t to = add_tensor(id, Layout::plain, {add_storage(copy), 0});
      STRETTO_TRY(emit_reformat(tensor, to));
      tensor = to;
    }
    program_.outputs.push_back({graph_.value(id).name, graph_.value(id).type, tensor});
    return {};
  }

  void place() {
    for (size_t s = 0; s < storages_.size(); ++s) {
      Storage& root = storages_[static_cast<size_t>(root_of(static_cast<int>(s)))];
      root.first = std::min(root.first, storages_[s].first);
      root.last = std::max(root.last, storages_[s].last);
    }
    std::vector<Buffer> buffers(storages_.size() + scratch_.size());
    for (size_t s = 0; s < storages_.size(); ++s) {
      const Storage& storage = storages_[s];
      bool owns = storage.place == plan::Place::arena && storage.parent < 0 && storage.last >= 0;
      buffers[s] = {owns ? storage.bytes : 0, storage.first, storage.last, 0};
    }
    for (size_t i = 0; i < scratch_.size(); ++i) {
      buffers[storages_.size() + i] = {scratch_[i], static_cast<int>(i), static_cast<int>(i), 0};
    }
    program_.arena_bytes = place_buffers(buffers);
    for (size_t i = 0; i < scratch_.size(); ++i)
      program_.steps[i].scratch_offset = buffers[storages_.size() + i].offset;
    for (size_t t = 0; t < located_.size(); ++t) {
      uint64_t offset = located_[t].offset;
      int storage = located_[t].storage;
      while (storages_[static_cast<size_t>(storage)].parent >= 0) {
        offset += storages_[static_cast<size_t>(storage)].parent_offset;
        storage = storages_[static_cast<size_t>(storage)].parent;
      }
      const Storage& root = storages_[static_cast<size_t>(storage)];
      plan::TensorRef& ref = program_.tensors[t].where;
      ref.place = root.place;
      ref.binding = root.binding;
      ref.offset = offset + (root.place == plan::Place::arena     ? buffers[static_cast<size_t>(storage)].offset
                             : root.place == plan::Place::weights ? root.weights_offset
                                                                  : 0);
    }
  }

  const ir::Graph& graph_;
  const Cover& cover_;
  Selector& selector_;
  plan::WeightsPool& pool_;
  plan::Program program_;
  std::vector<Storage> storages_;
  std::vector<Located> located_;     // by tensor of the program
  std::map<Key, uint32_t> tensors_;  // where each value is, by layout
  std::vector<uint64_t> scratch_;    // by step
};

}  // namespace

Result<plan::Program> compile_program(const ir::Graph& graph, const Cover& cover, Selector& selector,
                                      plan::WeightsPool& pool) {
  return Compiler(graph, cover, selector, pool).compile();
}

void set_device(plan::Plan& plan, const Gpu* gpu) {
  plan.device = gpu != nullptr ? plan::Device::cuda : plan::Device::cpu;
  for (const plan::Program& program : plan.programs) {
    for (const plan::Step& step : program.steps) {
      const Tactic* tactic = find_tactic(step.tactic, step.tactic_version);
      plan.compute = std::max(plan.compute, static_cast<uint32_t>(tactic->compute));
    }
  }
}

Result<std::shared_ptr<const ResolvedPlan>> resolve_on(const Gpu* gpu, std::shared_ptr<const plan::Plan> plan) {
  return resolve(std::move(plan), gpu != nullptr ? gpu->info().number : 0);
}

Result<std::shared_ptr<const ResolvedPlan>> compile_alone(const ir::Graph& graph, const Cover& cover,
                                                          Selector& selector, const Gpu* gpu) {
  auto plan = std::make_shared<plan::Plan>();
  plan::WeightsPool pool;
  STRETTO_ASSIGN(plan::Program program, compile_program(graph, cover, selector, pool));
  plan->programs.push_back(std::move(program));
  std::move(pool).give_to(*plan);
  set_device(*plan, gpu);
  return resolve_on(gpu, plan);
}

}  // namespace stretto
