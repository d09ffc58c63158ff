#include "builder/kept_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "builder/guard.h"
#include "builder/reference.h"

namespace stretto {
namespace {

Tensor copy_of(const Tensor& tensor) {
  Tensor copy(tensor.type());
  std::memcpy(copy.mutable_data(), tensor.data(), tensor.bytes());
  return copy;
}

bool is_finite(const Tensor& tensor) {
  if (tensor.dtype() != DType::f32) return true;
  const auto values = tensor.as<float>();
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

size_t bytes_of(const std::vector<Tensor>& tensors) {
  size_t sum = 0;
  for (const Tensor& t : tensors) sum += t.bytes();
  return sum;
}

/// The error of one sample of an output: `bytes` of it, from byte `offset`.
double error_of(const Tensor& y, const Tensor& r, size_t offset, size_t bytes) {
  const size_t element = size_of(r.dtype());
  const size_t first = offset / element, count = bytes / element;
  if (r.dtype() == DType::f32) {
    return cosine_error(y.as<float>().subspan(first, count), r.as<float>().subspan(first, count));
  }
  const auto *a = static_cast<const std::byte*>(y.data()) + offset,
             *b = static_cast<const std::byte*>(r.data()) + offset;
  size_t other = 0;
  for (size_t i = 0; i < count; ++i) other += std::memcmp(a + i * element, b + i * element, element) != 0;
  return count == 0 ? 0 : static_cast<double>(other) / static_cast<double>(count);
}

}  // namespace

Result<KeptOut> KeptOut::open(const ir::Graph& graph, const Options& options) {
  KeptOut kept;
  STRETTO_ASSIGN(auto reference, compile_reference(graph, options.threads));
  STRETTO_ASSIGN(auto resolved, resolve(reference));
  STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, options.threads));
  STRETTO_ASSIGN(const InputSet set, InputSet::open(options.samples, harness.program(), options.preprocess));
  STRETTO_ASSIGN(const Share share, set.share(options.fifth ? Share::every_fifth : Share::all));
  STRETTO_ASSIGN(const int64_t total, set.count_batches(share));
  kept.too_few_ = options.fifth && share == Share::all;
  kept.division_ = set.division();
  BatchReader reader(set, harness.program(), share);
  for (size_t held = 0;;) {
    STRETTO_ASSIGN(const std::vector<Tensor>* inputs, reader.next());
    if (inputs == nullptr) break;
    if (held > kMostBytes) {
      kept.left_out_ += reader.samples();
      continue;
    }
    if (options.progress) options.progress(static_cast<int64_t>(kept.batches_.size()), total);
    if (!std::all_of(inputs->begin(), inputs->end(), is_finite)) {
      return bad_input(fmt::format("{}: a sample holds a number that is not finite; mend or remove it", reader.file()));
    }
    Batch batch;
    batch.samples = reader.samples();
    for (const Tensor& tensor : *inputs) batch.inputs.push_back(copy_of(tensor));
    harness.set_inputs(batch.inputs);
    harness.run();
    for (size_t i = 0; i < harness.program().outputs.size(); ++i) batch.expected.push_back(copy_of(harness.output(i)));
    held += bytes_of(batch.inputs) + bytes_of(batch.expected);
    kept.samples_ += batch.samples;
    kept.batches_.push_back(std::move(batch));
  }
  if (kept.batches_.empty()) return bad_input(options.samples + ": there is no sample to measure the error on");
  return kept;
}

std::vector<double> KeptOut::errors_of(Harness& harness, int64_t most) const {
  std::vector<double> errors(harness.program().outputs.size(), 0);
  int64_t count = 0;
  for (const Batch& batch : batches_) {
    if (count >= most) break;
    harness.set_inputs(batch.inputs);
    harness.run();
    for (size_t o = 0; o < errors.size(); ++o) {
      const size_t bytes = division_.output_bytes[o];
      for (int64_t s = 0; s < batch.samples; ++s) {
        errors[o] += error_of(harness.output(o), batch.expected[o], static_cast<size_t>(s) * bytes, bytes);
      }
    }
    count += batch.samples;
  }
  for (double& error : errors) error /= static_cast<double>(count);
  return errors;
}

}  // namespace stretto
