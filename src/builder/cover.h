// The cover: which candidates compute the graph, in which layouts, by which tactics, so that the whole takes least
// time.
//
// Every node has alternatives: to be the root of a candidate, inside one, or a view; each with layouts. An alternative
// costs its step's time, an edge of the graph the reformat between the layouts on its ends. The cheapest choice is a
// partitioned boolean quadratic problem (pbqp.h). Costs begin as estimates; what the solution uses is timed and the
// problem solved again, until everything it uses was timed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builder/candidates.h"
#include "builder/views.h"
#include "tactics/select/selector.h"

namespace stretto {

struct CoverStep {
  Candidate candidate;
  Signature signature;
  bool is_view = false;
  View view;           // when is_view
  BoundProblem bound;  // when not
  Choice choice;       // when not
};

struct Cover {
  std::vector<CoverStep> steps;  // in the order of their roots in the graph
  double seconds = 0;            // sum of what was measured, reformats included
};

struct CoverOptions {
  std::vector<Layout> blocked;  // the blocked layouts worth considering
  bool fuse = true;
  std::vector<std::pair<std::string, std::string>> node_tactics;  // node name → the tactic it must use
  double reformat_weight = 1;  // multiplies the cost of reformats, to find other good plans
  /// Called while tactics are timed: how many of how many, and which problem.
  std::function<void(int done, int total, const Problem&)> progress;
};

Result<Cover> choose_cover(const ir::Graph& graph, Selector& selector, const CoverOptions& options);

/// The problem of changing a value's layout.
Problem reformat_problem(const TensorType& type, Layout from, Layout to);

}  // namespace stretto
