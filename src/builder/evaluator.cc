#include "builder/evaluator.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "builder/candidates.h"
#include "builder/run_step.h"
#include "kernels/cpu/tables.h"
#include "tactics/select/selector.h"

namespace stretto {
namespace {

SelectorOptions estimates(Isa isa, int threads) {
  SelectorOptions options;
  options.isa = isa;
  options.threads = threads;
  options.mode = SelectMode::heuristic;
  return options;
}

/// What the chains of one evaluator share.
struct Workshop {
  Workshop(int threads, FloatKernels floats)
      : any_numerics(floats == FloatKernels::fastest),
        fast(cpu_tactic_tables(), estimates(best_isa(), threads), nullptr),
        portable(cpu_tactic_tables(), estimates(Isa::scalar, threads), nullptr),
        bench(threads) {}

  bool any_numerics;
  Selector fast, portable;
  StepBench bench;
};

/// One step: a problem, who solves it, and its weights.
class Step {
 public:
  Step(std::shared_ptr<Workshop> workshop, const ir::Graph& graph, BoundProblem bound, const Choice& choice)
      : workshop_(std::move(workshop)), problem_(std::move(bound.problem)), tactic_(choice.tactic) {
    booking_ = tactic_->book(problem_, choice.config);
    if (booking_.weights_bytes == 0) return;
    std::vector<Tensor> constants;
    for (ir::ValueId value : bound.constants) constants.push_back(graph.value(value).constant);
    weights_ = Memory(align_up(booking_.weights_bytes));
    tactic_->pack(problem_, choice.config, constants, weights_.data());
  }

  Result<Tensor> run(std::span<const Tensor> inputs) const {
    return run_step(workshop_->bench, problem_, *tactic_, booking_, weights_.data(), inputs);
  }

 private:
  std::shared_ptr<Workshop> workshop_;
  Problem problem_;
  const Tactic* tactic_;
  Booking booking_;
  Memory weights_;
};

/// The step that computes the chain at once; nothing where no kernel does as it must be done.
std::shared_ptr<const Step> step_for(const std::shared_ptr<Workshop>& workshop, const ir::Graph& graph,
                                     std::span<const ir::NodeId> chain, Status& why) {
  const Candidate candidate{{chain.begin(), chain.end()}, false};
  constexpr Layout kBytes = Layout::c16;
  std::optional<Choice> best;
  BoundProblem bound;
  for (const Signature& s :
       {Signature{kBytes, kBytes}, Signature{}, Signature{kBytes, Layout::plain}, Signature{Layout::plain, kBytes}}) {
    BoundProblem tried = bind(graph, candidate, s);
    auto choice = workshop->fast.guess(tried.problem);
    if (!choice.ok()) continue;
    if (choice->tactic->numerics != Numerics::bit_exact && !workshop->any_numerics) continue;
    if (best && best->seconds <= choice->seconds) continue;
    best = *choice;
    bound = std::move(tried);
  }
  if (!best) {
    bound = bind(graph, candidate, {});
    auto choice = workshop->portable.guess(bound.problem);
    if (!choice.ok()) {
      why = choice.status();
      return nullptr;
    }
    best = *choice;
  }
  return std::make_shared<const Step>(workshop, graph, std::move(bound), *best);
}

Result<quantize::Compute> prepare(const std::shared_ptr<Workshop>& workshop, const ir::Graph& graph,
                                  std::span<const ir::NodeId> chain) {
  Status why;
  if (auto step = step_for(workshop, graph, chain, why)) {
    return quantize::Compute([step](std::span<const Tensor> inputs) { return step->run(inputs); });
  }
  if (chain.size() == 1) return why.in("node '" + graph.node(chain[0]).name + "'");
  // Node by node: each reads what the one before made, and from outside what is its share.
  struct Part {
    quantize::Compute compute;
    std::vector<int> inputs;  // of the chain's, −1: what the part before made
  };
  const std::vector<ir::ValueId> outer = quantize::outer_inputs(graph, chain);
  std::vector<Part> parts;
  for (size_t i = 0; i < chain.size(); ++i) {
    STRETTO_ASSIGN(quantize::Compute compute, prepare(workshop, graph, chain.subspan(i, 1)));
    Part part{std::move(compute), {}};
    for (ir::ValueId in : quantize::outer_inputs(graph, chain.subspan(i, 1))) {
      const auto at = std::find(outer.begin(), outer.end(), in);
      part.inputs.push_back(at == outer.end() ? -1 : static_cast<int>(at - outer.begin()));
    }
    parts.push_back(std::move(part));
  }
  return quantize::Compute([parts](std::span<const Tensor> inputs) -> Result<Tensor> {
    Tensor made;
    for (const Part& part : parts) {
      std::vector<Tensor> given;
      for (int i : part.inputs) given.push_back(i < 0 ? made : inputs[static_cast<size_t>(i)]);
      STRETTO_ASSIGN(made, part.compute(given));
    }
    return made;
  });
}

}  // namespace

quantize::Prepare cpu_evaluator(int threads, FloatKernels floats) {
  auto workshop = std::make_shared<Workshop>(threads, floats);
  return
      [workshop](const ir::Graph& graph, std::span<const ir::NodeId> chain) { return prepare(workshop, graph, chain); };
}

}  // namespace stretto
