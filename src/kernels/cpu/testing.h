// For tests of kernels: problems written in code, and a check of one tactic on one problem against the reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tactics/reorder.h"
#include "tactics/select/random_operands.h"
#include "tactics/select/reference.h"
#include "tactics/tactic.h"

namespace stretto::kernels::testing {

/// Builds a problem node by node: `auto x = b.in({1, 3, 7, 5}); b.node(op::Unary{…}, {x}); Problem p = b.done();`
class Builder {
 public:
  int in(Shape shape, Layout layout = Layout::plain, DType dtype = DType::f32) {
    return add({{dtype, shape}, layout, Role::input});
  }
  int constant(Shape shape, DType dtype = DType::f32) { return add({{dtype, shape}, Layout::plain, Role::constant}); }
  int node(op::Attrs attrs, std::vector<int> inputs) {
    Problem::Node n{std::move(attrs), std::move(inputs), 0};
    std::vector<TensorType> types;
    for (int i : n.inputs) types.push_back(problem_.operands[static_cast<size_t>(i)].type);
    Result<TensorType> type = op::infer(n.attrs, types);
    if (!type.ok()) std::fprintf(stderr, "problem: %s\n", type.status().message().c_str());
    STRETTO_CHECK(type.ok());
    n.output = add({*type, Layout::plain, Role::internal});
    problem_.nodes.push_back(n);
    return n.output;
  }
  Problem done(Layout layout = Layout::plain) {
    Operand& out = problem_.operands.back();
    out.role = Role::output;
    out.layout = layout;
    Status valid = validate(problem_);
    if (!valid.ok()) std::fprintf(stderr, "%s\n", valid.message().c_str());
    STRETTO_CHECK(valid.ok());
    return problem_;
  }

 private:
  int add(Operand o) {
    problem_.operands.push_back(o);
    return static_cast<int>(problem_.operands.size()) - 1;
  }
  Problem problem_;
};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};

/// Floats in [−3, 3) or [0.5, 2); integers in [−5, 5].
inline Tensor random_tensor(const TensorType& type, bool positive, uint64_t seed) {
  Tensor tensor(type);
  Random random{seed};
  for (int64_t i = 0; i < type.elements(); ++i) {
    double u = random.unit();
    ref::Scalar v{positive ? 0.5 + 1.5 * u : 6 * u - 3, static_cast<int64_t>(11 * u) - 5};
    ref::store(tensor.mutable_data(), type.dtype, i, v);
  }
  return tensor;
}

/// Memory at an address that is aligned to `alignment` and no more, between bytes that must not change.
class Guarded {
 public:
  Guarded(size_t bytes, size_t alignment, unsigned char fill) : bytes_(bytes), memory_(bytes + 4 * kGuard, kValue) {
    auto at = reinterpret_cast<uintptr_t>(memory_.data()) + kGuard;
    at = (at + 127) / 128 * 128 + alignment % 128;
    data_ = reinterpret_cast<unsigned char*>(at);
    std::memset(data_, fill, bytes);
  }
  std::byte* data() const { return reinterpret_cast<std::byte*>(data_); }
  bool intact() const {
    for (const unsigned char* p = memory_.data(); p != memory_.data() + memory_.size(); ++p) {
      if ((p < data_ || p >= data_ + bytes_) && *p != kValue) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kGuard = 128;
  static constexpr unsigned char kValue = 0xFF;  // NaN, so that reading it shows
  size_t bytes_;
  std::vector<unsigned char> memory_;
  unsigned char* data_ = nullptr;
};

/// The alignment that a step may count on (device/task.h).
inline size_t alignment_of(const Operand& o) {
  return size_of(element_of(o.type.dtype, o.layout)) * static_cast<size_t>(block_of(o.layout));
}

/// Of rows that round values or weights to f16.
inline constexpr double kHalfTolerance = 2e-3;

inline bool is_plain(const Problem& problem) {
  return std::all_of(problem.operands.begin(), problem.operands.end(),
                     [](const Operand& o) { return o.layout == Layout::plain; });
}

/// Whether a problem's random data must fit each other, as random_operands makes it.
inline bool is_quantised(const Problem& problem) {
  for (const Problem::Node& node : problem.nodes) {
    const DType dtype = problem.operands[static_cast<size_t>(node.inputs[0])].type.dtype;
    const bool windows = std::holds_alternative<op::Pool>(node.attrs) || std::holds_alternative<op::Reduce>(node.attrs);
    if (windows && (dtype == DType::u8 || dtype == DType::i8)) return true;
    if (std::holds_alternative<op::Quantize>(node.attrs) || std::holds_alternative<op::Dequantize>(node.attrs) ||
        std::holds_alternative<op::Requantize>(node.attrs) || std::holds_alternative<op::Lookup>(node.attrs) ||
        std::holds_alternative<op::ConvInteger>(node.attrs) || std::holds_alternative<op::GemmInteger>(node.attrs) ||
        std::holds_alternative<op::ConvTransposeInteger>(node.attrs)) {
      return true;
    }
  }
  return false;
}

/// Sums that come in from outside are within some hundreds of zero.
inline RandomOperands quantised_operands(const Problem& problem) {
  RandomOperands random = random_operands(problem);
  for (Tensor& input : random.inputs) {
    Random numbers{7};
    if (input.dtype() != DType::i32) continue;
    for (int32_t& v : input.as_mutable<int32_t>()) v = static_cast<int32_t>(numbers.unit() * 600) - 300;
  }
  return random;
}

inline RandomOperands test_operands(const Problem& problem) {
  if (is_quantised(problem)) return quantised_operands(problem);
  RandomOperands random;
  bool positive = wants_positive(problem);
  uint64_t seed = 1;
  for (const Operand& o : problem.operands) {
    ++seed;
    if (o.role == Role::input) {
      random.inputs.push_back(random_tensor(o.type, positive, seed));
      round_as_stored(o.layout, random.inputs.back());
    }
    if (o.role == Role::constant) random.constants.push_back(random_tensor(o.type, positive, seed));
  }
  return random;
}

/// One tactic on one problem with random data.
class Check {
 public:
  Check(const Problem& problem, const Tactic& tactic, const Config& config)
      : Check(problem, tactic, config, test_operands(problem)) {}
  Check(const Problem& problem, const Tactic& tactic, const Config& config, const RandomOperands& operands)
      : problem_(problem),
        tactic_(tactic),
        booking_(tactic.book(problem, config)),
        inputs_(operands.inputs),
        constants_(operands.constants) {
    weights_ = std::make_unique<Guarded>(booking_.weights_bytes, 64, 0x7F);
    if (booking_.weights_bytes > 0 && tactic.pack) tactic.pack(problem, config, constants_, weights_->data());
  }

  /// Other data than random ones for input `i`.
  void set_input(size_t i, Tensor data) { inputs_[i] = std::move(data); }

  /// Empty, or what is wrong.
  std::string run(double tolerance = 2e-5) {
    if (std::string wrong = execute_twice(); !wrong.empty()) return wrong;
    return compare(is_rounded(problem_, &tactic_) ? kHalfTolerance : tolerance);
  }
  /// Empty, or how the output's bytes differ from `expected`.
  std::string run(const std::vector<std::byte>& expected) {
    if (std::string wrong = execute_twice(); !wrong.empty()) return wrong;
    const auto [at, other] = std::mismatch(first_.begin(), first_.end(), expected.begin(), expected.end());
    if (at == first_.end()) return {};
    return "byte " + std::to_string(at - first_.begin()) + ": " + std::to_string(static_cast<int>(*at)) +
           " instead of " + std::to_string(static_cast<int>(*other));
  }

 private:
  std::string execute_twice() {
    if (booking_.tasks[0] < 1) return "books no task";
    if (!weights_->intact()) return "packs past its weights";
    if (std::string wrong = execute(first_, 3, false); !wrong.empty()) return wrong;
    if (std::string wrong = execute(again_, 1, true); !wrong.empty()) return wrong;
    if (first_ != again_) return "results depend on the order of tasks or the number of workers";
    return {};
  }

  std::string execute(std::vector<std::byte>& result, int workers, bool backwards) {
    const Operand& out = problem_.output();
    size_t bytes = stored_bytes(out.type, out.layout);
    size_t stride = (booking_.worker_scratch_bytes + 191) / 64 * 64;
    Guarded dst(bytes, alignment_of(out), 0x7F), scratch(booking_.scratch_bytes, 64, 0x7F);
    std::vector<Guarded> inputs;
    std::vector<const void*> src;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Operand& o = problem_.operands[static_cast<size_t>(problem_.with_role(Role::input)[i])];
      inputs.emplace_back(stored_bytes(o.type, o.layout), alignment_of(o), 0);
      from_plain(o.type, o.layout, inputs_[i].data(), inputs.back().data());
      src.push_back(inputs.back().data());
    }
    Guarded all(stride * static_cast<size_t>(workers), 64, 0xFF);
    StepArgs args{booking_.params.data(), weights_->data(), src.data(), dst.data(), scratch.data(), all.data(), stride};
    for (int phase = 0; phase < kMaxPhases && booking_.tasks[static_cast<size_t>(phase)] > 0; ++phase) {
      int count = booking_.tasks[static_cast<size_t>(phase)];
      for (int i = 0; i < count; ++i) tactic_.task(args, {phase, backwards ? count - 1 - i : i, i % workers});
    }
    if (!dst.intact()) return "writes past its output";
    if (!scratch.intact()) return "writes past its scratch";
    if (!weights_->intact()) return "writes past its weights";
    for (const Guarded& input : inputs) {
      if (!input.intact()) return "writes around its inputs";
    }
    for (int w = 0; w < workers; ++w) {
      const std::byte* end = all.data() + static_cast<size_t>(w + 1) * stride;
      for (const std::byte* p = end - (stride - booking_.worker_scratch_bytes); p != end; ++p) {
        if (*p != std::byte{0xFF}) return "writes past a worker's scratch";
      }
    }
    result.assign(dst.data(), dst.data() + bytes);
    return {};
  }

  std::string compare(double tolerance) {
    const Operand& out = problem_.output();
    Tensor dense(out.type);
    to_plain(out.type, out.layout, first_.data(), dense.mutable_data());
    std::vector<std::byte> again(first_.size());
    from_plain(out.type, out.layout, dense.data(), again.data());
    if (again != first_) return "leaves something other than zero in padding lanes";
    double work = std::max(1.0, problem_.flops() / static_cast<double>(out.type.elements()));
    int count = static_cast<int>(std::clamp(1e6 / work, 50.0, 3000.0));
    ProblemReference reference(problem_, inputs_, constants_);
    double largest = 0, worst = 0;
    int64_t where = -1;
    bool exact = tactic_.numerics == Numerics::bit_exact || !is_float(out.type.dtype);
    for (int64_t point : sample_points(out.type.shape, 11, count)) {
      double r = reference.at(point);
      ref::Scalar got = ref::load(dense, point);
      double y = is_float(out.type.dtype) ? got.real : static_cast<double>(got.integer);
      if (y == r || (std::isnan(y) && std::isnan(r))) {
        largest = std::max(largest, std::isfinite(r) ? std::fabs(r) : 0);
        continue;
      }
      double difference = std::fabs(y - r);
      largest = std::max(largest, std::fabs(r));
      if (!(difference <= worst)) {
        worst = difference;
        where = point;
      }
    }
    if (where < 0) return {};
    double error = worst / std::max(largest, 1e-30);
    if (!exact && error <= tolerance) return {};
    return "error " + std::to_string(error) + " at element " + std::to_string(where) + ": " +
           std::to_string(ref::load(dense, where).real) + " instead of " + std::to_string(reference.at(where));
  }

  const Problem& problem_;
  const Tactic& tactic_;
  Booking booking_;
  std::vector<Tensor> inputs_, constants_;
  std::unique_ptr<Guarded> weights_;
  std::vector<std::byte> first_, again_;
};

/// Runs `tactic` on `problem` and returns what is wrong, or nothing.
inline std::string check(const Problem& problem, const Tactic& tactic, const Config& config) {
  return Check(problem, tactic, config).run();
}

}  // namespace stretto::kernels::testing
