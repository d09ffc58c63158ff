// TensorProto to Tensor.
#pragma once

#include <memory>

#include "base/status.h"
#include "base/tensor.h"
#include "onnx.pb.h"
#include "onnx/external.h"

namespace stretto::onnx {

struct LoadedTensor {
  Tensor tensor;
  bool borrowed = false;  // from the proto: its bytes must stay
};

/// In the tensor's own type. Borrows the proto's bytes (kept alive by `owner`) where they are aligned, else copies
/// once. Counts are checked before anything is allocated.
Result<LoadedTensor> load_tensor(const ::onnx::TensorProto& proto, const std::shared_ptr<const void>& owner,
                                 ExternalFiles& files);

/// f16, bf16 and f64 as f32 (rounded to nearest even); anything else as it is.
Tensor in_computed_type(const Tensor& tensor);

/// Infinities or NaNs among the elements of an f32 tensor.
bool has_non_finite(const Tensor& tensor);

}  // namespace stretto::onnx
