#include "kernels/cpu/x86/avx512_integer/product_vec.h"
//
#include "kernels/cpu/x86/depthwise_integer_loops.h"

namespace stretto::kernels::avx512_integer {

void depthwise_integer(const StepArgs& args, TaskId id) {
  depthwise_integer_task<ProductVec>(args, id);
}

}  // namespace stretto::kernels::avx512_integer
