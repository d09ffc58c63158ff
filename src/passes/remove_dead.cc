// Nodes and constants that no output depends on.
#include "passes/passes.h"

namespace stretto::passes {

Result<int> run_remove_dead(ir::Graph& graph) {
  return graph.remove_dead();
}

}  // namespace stretto::passes
