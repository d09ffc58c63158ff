#include "kernels/cpu/generic/epilogue.h"

namespace stretto::kernels::generic {

EpilogueParams epilogue_of(const Problem& problem) {
  Epilogue e = *match_epilogue(problem);
  EpilogueParams p;
  p.act1 = e.has_act1;
  p.first = function_of(e.act1);
  p.binary = e.has_binary;
  p.kind = e.binary;
  if (e.has_binary) p.other = input_position(problem, e.other);
  p.act2 = e.has_act2;
  p.second = function_of(e.act2);
  return p;
}

}  // namespace stretto::kernels::generic
