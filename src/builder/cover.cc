#include "builder/cover.h"

#include <algorithm>
#include <map>
#include <set>

#include "builder/pbqp.h"

namespace stretto {
namespace {

/// Signatures expected to take longer than this many times the best are not timed, unless a solution wants them.
constexpr double kTimeMargin = 2.5;
constexpr int kMaxRounds = 8;
/// What a copy costs where a concatenation's input cannot be written in place: seconds a byte, and a step.
constexpr double kCopySecondsPerByte = 1e-10, kStepSeconds = 1e-6;
/// What a step waits for a value that another one wrote, half of it in another worker's cache, beyond what a trial on
/// data of its own shows: a depthwise step of 450 KB took 7 µs longer in a network than alone (AMD Zen 4, two cores).
constexpr double kHandOverSecondsPerByte = 1 / 64e9;

/// One candidate with one signature: a step that may be chosen.
struct Option {
  int candidate;
  Signature signature;
  BoundProblem bound;
  std::string key;
  Choice choice;
};

/// What a node may be: part of an option, or a view.
struct Alternative {
  int option = -1;  // −1: a view
  View view;
};

class CoverSearch {
 public:
  CoverSearch(const ir::Graph& graph, Selector& selector, const CoverOptions& options)
      : graph_(graph), selector_(selector), options_(options), order_(graph.topological_order()) {}

  Result<Cover> search() {
    STRETTO_TRY(list_options());
    STRETTO_TRY(time_likely());
    list_alternatives();
    for (int round = 0; round < kMaxRounds; ++round) {
      double total = 0;
      chosen_ = build().solve(&total);
      if (total == Pbqp::kForbidden) return internal_error("no consistent cover of the graph was found");
      STRETTO_ASSIGN(bool all_timed, time_chosen());
      if (all_timed) break;
    }
    return make_cover();
  }

 private:
  Status list_options() {
    candidates_ = find_candidates(graph_, options_.fuse);
    const std::vector<Signature> signatures = signatures_of(options_.blocked);
    for (size_t c = 0; c < candidates_.size(); ++c) {
      std::string refusal;
      bool found = false;
      std::set<std::string> seen;
      for (const Signature& signature : signatures) {
        BoundProblem bound = bind(graph_, candidates_[c], signature);
        std::string key = to_string(bound.problem);
        if (!seen.insert(key).second) continue;
        std::string forced = forced_tactic(candidates_[c].nodes);
        Result<Choice> guess = forced.empty() ? selector_.guess(bound.problem) : selector_.only(bound.problem, forced);
        if (!guess.ok()) {
          refusal = guess.status().message();
          continue;
        }
        found = true;
        if (!forced.empty()) key += " by " + forced;
        guess->measured = guess->measured || !forced.empty();
        all_.push_back({static_cast<int>(c), signature, std::move(bound), std::move(key), *guess});
      }
      if (selector_.options().half == HalfUse::wanted) keep_half(static_cast<int>(c));
      bool single = candidates_[c].nodes.size() == 1;
      if (!found && single && !forced_tactic(candidates_[c].nodes).empty()) {
        return failed("node '" + graph_.node(candidates_[c].root()).name + "': " + refusal);
      }
      if (!found && single && !view_of(graph_, candidates_[c].root(), Layout::plain)) {
        return failed("node '" + graph_.node(candidates_[c].root()).name + "': " + refusal);
      }
    }
    return {};
  }

  /// Of a candidate's options those that round to f16, if there are any.
  void keep_half(int candidate) {
    auto rounds = [&](const Option& o) { return is_half(o.bound.problem, o.choice.tactic); };
    auto drop = [&](const Option& o) { return o.candidate == candidate && !rounds(o); };
    auto keep = [&](const Option& o) { return o.candidate == candidate && rounds(o); };
    if (std::any_of(all_.begin(), all_.end(), keep)) std::erase_if(all_, drop);
  }

  /// The tactic that the user wants for one of the nodes; empty if none.
  std::string forced_tactic(const std::vector<ir::NodeId>& nodes) const {
    for (const auto& [name, tactic] : options_.node_tactics) {
      for (ir::NodeId id : nodes) {
        if (graph_.node(id).name == name) return tactic;
      }
    }
    return {};
  }

  /// Whether another candidate begins with the same nodes and goes on.
  std::vector<bool> find_prefixes() const {
    std::vector<bool> is_prefix(candidates_.size(), false);
    for (size_t c = 0; c + 1 < candidates_.size(); ++c) {
      if (candidates_[c].group) continue;
      const auto& a = candidates_[c].nodes;
      for (size_t d = c + 1; d < candidates_.size(); ++d) {
        const auto& b = candidates_[d].nodes;
        if (a.front() != b.front()) break;
        if (candidates_[d].group) continue;
        if (b.size() > a.size() && std::equal(a.begin(), a.end(), b.begin())) is_prefix[c] = true;
      }
    }
    return is_prefix;
  }

  /// Times the longest candidates in the signatures that look good. Shorter ones are taken to cost as much.
  Status time_likely() {
    std::vector<bool> is_prefix = find_prefixes();
    std::map<int, double> best;
    for (const Option& o : all_) {
      double& least = best.try_emplace(o.candidate, o.choice.seconds).first->second;
      least = std::min(least, o.choice.seconds);
    }
    // A member that is only ever good inside a longer candidate needs no timing of its own before it is chosen.
    std::set<ir::NodeId> covered;
    for (size_t c = 0; c < candidates_.size(); ++c) {
      if (is_prefix[c] || candidates_[c].group || candidates_[c].nodes.size() == 1) continue;
      if (covered.count(candidates_[c].nodes.front()) != 0) is_prefix[c] = true;
      covered.insert(candidates_[c].nodes.begin(), candidates_[c].nodes.end());
    }
    std::vector<int> todo;
    std::set<std::string> keys;
    for (size_t i = 0; i < all_.size(); ++i) {
      const Option& o = all_[i];
      const Candidate& candidate = candidates_[static_cast<size_t>(o.candidate)];
      bool inside = candidate.nodes.size() == 1 && covered.count(candidate.root()) != 0;
      if (is_prefix[static_cast<size_t>(o.candidate)] || inside || o.choice.measured) continue;
      if (o.choice.seconds <= kTimeMargin * best[o.candidate] && keys.insert(o.key).second) {
        todo.push_back(static_cast<int>(i));
      }
    }
    for (size_t i = 0; i < todo.size(); ++i) {
      report(static_cast<int>(i), static_cast<int>(todo.size()), todo[i]);
      STRETTO_TRY(time_option(todo[i]));
    }
    return {};
  }

  void report(int done, int total, int option) const {
    if (options_.progress) options_.progress(done, total, all_[static_cast<size_t>(option)].bound.problem);
  }

  Status time_option(int option) {
    const std::string& key = all_[static_cast<size_t>(option)].key;
    const Problem& problem = all_[static_cast<size_t>(option)].bound.problem;
    Result<Choice> found = selector_.choose(problem);
    // What f16 is too coarse for has other layouts.
    const bool may_fail = has_half_operand(problem) && selector_.options().mode == SelectMode::measure;
    if (!found.ok() && !may_fail) return found.status();
    Choice choice = found.ok() ? *found : all_[static_cast<size_t>(option)].choice;
    if (!found.ok()) choice.seconds = Pbqp::kForbidden;
    choice.measured = true;
    for (Option& o : all_) {
      if (o.key == key) o.choice = choice;
    }
    return {};
  }

  /// An option's cost: what was measured, or the estimate, but never less than a longer candidate that was measured.
  double cost_of(const Option& o) const {
    double cost = o.choice.seconds;
    if (o.choice.measured) return cost;
    const auto& nodes = candidates_[static_cast<size_t>(o.candidate)].nodes;
    for (const Option& other : all_) {
      const auto& longer = candidates_[static_cast<size_t>(other.candidate)].nodes;
      if (candidates_[static_cast<size_t>(other.candidate)].group) continue;
      if (other.choice.seconds == Pbqp::kForbidden) continue;
      if (!other.choice.measured || longer.size() <= nodes.size() || !(other.signature == o.signature)) continue;
      if (std::equal(nodes.begin(), nodes.end(), longer.begin())) cost = std::max(cost, other.choice.seconds);
    }
    return cost;
  }

  void list_alternatives() {
    variable_of_.assign(static_cast<size_t>(graph_.node_count()), -1);
    alternatives_.clear();
    for (ir::NodeId id : order_) {
      variable_of_[static_cast<size_t>(id)] = static_cast<int>(alternatives_.size());
      alternatives_.emplace_back();
      std::vector<Layout> layouts = options_.blocked;
      layouts.push_back(Layout::plain);
      for (Layout layout : layouts) {
        auto view = view_of(graph_, id, layout);
        if (view && forced_tactic({id}).empty()) alternatives_.back().push_back({-1, *view});
      }
    }
    for (size_t i = 0; i < all_.size(); ++i) {
      for (ir::NodeId member : candidates_[static_cast<size_t>(all_[i].candidate)].nodes) {
        auto variable = static_cast<size_t>(variable_of_[static_cast<size_t>(member)]);
        alternatives_[variable].push_back({static_cast<int>(i), {}});
      }
    }
  }

  bool is_root(const Alternative& a, ir::NodeId id) const {
    return a.option < 0 || candidates_[static_cast<size_t>(all_[static_cast<size_t>(a.option)].candidate)].root() == id;
  }
  bool has_member(const Alternative& a, ir::NodeId id) const {
    if (a.option < 0) return false;
    const auto& nodes = candidates_[static_cast<size_t>(all_[static_cast<size_t>(a.option)].candidate)].nodes;
    return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
  }
  Layout writes(const Alternative& a, ir::ValueId value) const {
    if (a.option < 0) return a.view.output;
    return output_layout(all_[static_cast<size_t>(a.option)].signature, graph_.value(value).type);
  }
  Layout reads(const Alternative& a, ir::ValueId value) const {
    if (a.option < 0) return a.view.input;
    const Option& o = all_[static_cast<size_t>(a.option)];
    for (size_t i = 0; i < o.bound.inputs.size(); ++i) {
      if (o.bound.inputs[i] != value) continue;
      auto operand = static_cast<size_t>(o.bound.problem.with_role(Role::input)[i]);
      return o.bound.problem.operands[operand].layout;
    }
    return Layout::plain;
  }

  double reformat_cost(ir::ValueId value, Layout from, Layout to) {
    if (from == to) return 0;
    const TensorType& type = graph_.value(value).type;
    std::string key = to_string(type) + std::string(name_of(from)) + std::string(name_of(to));
    auto known = reformat_costs_.find(key);
    if (known == reformat_costs_.end()) {
      Result<Choice> choice = selector_.choose(reformat_problem(type, from, to));
      known = reformat_costs_.emplace(key, choice.ok() ? choice->seconds : Pbqp::kForbidden).first;
    }
    return known->second * options_.reformat_weight;
  }

  double edge_cost(ir::NodeId producer, const Alternative& p, ir::NodeId user, const Alternative& u,
                   ir::ValueId value) {
    if (p.option >= 0 && p.option == u.option) return 0;
    if (has_member(p, user) || has_member(u, producer) || !is_root(p, producer)) return Pbqp::kForbidden;
    double cost = reformat_cost(value, writes(p, value), reads(u, value));
    bool copied = u.option < 0 && p.option < 0 && cost == 0 &&
                  std::holds_alternative<op::Concat>(graph_.node(user).attrs) &&
                  !std::holds_alternative<op::Concat>(graph_.node(producer).attrs);
    if (p.option >= 0 && u.option >= 0)
      cost += kHandOverSecondsPerByte * static_cast<double>(graph_.value(value).type.bytes());
    if (copied) cost += kStepSeconds + kCopySecondsPerByte * static_cast<double>(graph_.value(value).type.bytes());
    return cost;
  }

  Pbqp build() {
    Pbqp problem;
    for (ir::NodeId id : order_) {
      std::vector<double> costs;
      const ir::Node& node = graph_.node(id);
      for (const Alternative& a : alternatives_of(id)) {
        double cost = is_root(a, id) && a.option >= 0 ? cost_of(all_[static_cast<size_t>(a.option)]) : 0;
        for (ir::ValueId input : node.inputs) {
          const ir::Value& value = graph_.value(input);
          if (value.producer == ir::kNone && !value.is_constant()) {
            cost += reformat_cost(input, Layout::plain, reads(a, input));
          }
        }
        if (graph_.is_output(node.output)) {
          cost += is_root(a, id) ? reformat_cost(node.output, writes(a, node.output), Layout::plain) : Pbqp::kForbidden;
        }
        costs.push_back(cost);
      }
      problem.add_variable(std::move(costs));
    }
    for (ir::NodeId id : order_) {
      std::set<ir::ValueId> inputs(graph_.node(id).inputs.begin(), graph_.node(id).inputs.end());
      for (ir::ValueId input : inputs) {
        ir::NodeId producer = graph_.value(input).producer;
        if (producer == ir::kNone) continue;
        std::vector<double> costs;
        for (const Alternative& p : alternatives_of(producer)) {
          for (const Alternative& u : alternatives_of(id)) costs.push_back(edge_cost(producer, p, id, u, input));
        }
        problem.add_edge(variable_of_[static_cast<size_t>(producer)], variable_of_[static_cast<size_t>(id)], costs);
      }
    }
    return problem;
  }

  const std::vector<Alternative>& alternatives_of(ir::NodeId id) const {
    return alternatives_[static_cast<size_t>(variable_of_[static_cast<size_t>(id)])];
  }
  const Alternative& chosen_of(ir::NodeId id) const {
    int variable = variable_of_[static_cast<size_t>(id)];
    return alternatives_[static_cast<size_t>(variable)][static_cast<size_t>(chosen_[static_cast<size_t>(variable)])];
  }

  /// Times what the solution uses and was not timed; true when there was nothing left to time.
  Result<bool> time_chosen() {
    std::set<std::string> keys;
    std::vector<int> todo;
    for (ir::NodeId id : order_) {
      const Alternative& a = chosen_of(id);
      if (a.option < 0 || !is_root(a, id)) continue;
      const Option& o = all_[static_cast<size_t>(a.option)];
      if (!o.choice.measured && keys.insert(o.key).second) todo.push_back(a.option);
    }
    for (size_t i = 0; i < todo.size(); ++i) {
      report(static_cast<int>(i), static_cast<int>(todo.size()), todo[i]);
      STRETTO_TRY(time_option(todo[i]));
    }
    return todo.empty();
  }

  Cover make_cover() {
    Cover cover;
    for (ir::NodeId id : order_) {
      const Alternative& a = chosen_of(id);
      if (!is_root(a, id)) continue;
      CoverStep step;
      if (a.option < 0) {
        step.candidate = {{id}};
        step.is_view = true;
        step.view = a.view;
      } else {
        const Option& o = all_[static_cast<size_t>(a.option)];
        step.candidate = candidates_[static_cast<size_t>(o.candidate)];
        step.signature = o.signature;
        step.bound = o.bound;
        step.choice = o.choice;
        cover.seconds += o.choice.seconds;
      }
      cover.steps.push_back(std::move(step));
    }
    return cover;
  }

  const ir::Graph& graph_;
  Selector& selector_;
  const CoverOptions& options_;
  std::vector<ir::NodeId> order_;
  std::vector<Candidate> candidates_;
  std::vector<Option> all_;
  std::vector<std::vector<Alternative>> alternatives_;  // by variable
  std::vector<int> variable_of_;                        // by node
  std::vector<int> chosen_;                             // by variable
  std::map<std::string, double> reformat_costs_;
};

}  // namespace

Problem reformat_problem(const TensorType& type, Layout from, Layout to) {
  Problem problem;
  problem.operands = {{type, from, Role::input}, {type, to, Role::output}};
  problem.nodes = {{op::Reformat{}, {0}, 1}};
  return problem;
}

Result<Cover> choose_cover(const ir::Graph& graph, Selector& selector, const CoverOptions& options) {
  return CoverSearch(graph, selector, options).search();
}

}  // namespace stretto
