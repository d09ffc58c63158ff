// Context: everything one stream of inferences needs: activations, scratch and its own workers.
#pragma once

#include <stretto/error.h>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace stretto {

/// The caller's memory for one input: a name and bytes, dense row-major, as large as the engine says.
struct InputView {
  std::string_view name;
  const void* data = nullptr;
  size_t bytes = 0;

  InputView(std::string_view n, const void* d, size_t b) : name(n), data(d), bytes(b) {}
  template <class T>
  InputView(std::string_view n, std::span<T> v) : name(n), data(v.data()), bytes(v.size_bytes()) {}
  template <class T>
  InputView(std::string_view n, const std::vector<T>& v) : name(n), data(v.data()), bytes(v.size() * sizeof(T)) {}
};

struct OutputView {
  std::string_view name;
  void* data = nullptr;
  size_t bytes = 0;

  OutputView(std::string_view n, void* d, size_t b) : name(n), data(d), bytes(b) {}
  template <class T>
  OutputView(std::string_view n, std::span<T> v) : name(n), data(v.data()), bytes(v.size_bytes()) {}
  template <class T>
  OutputView(std::string_view n, std::vector<T>& v) : name(n), data(v.data()), bytes(v.size() * sizeof(T)) {}
};

/// Says when an asynchronous run is done.
class Pending {
 public:
  /// Returns when the run is done. May be called once or more, from any thread, also when the Context is gone.
  void wait() const;
  bool done() const;

  struct Impl;
  explicit Pending(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<Impl> impl_;
};

/// Time of one step in a profiled run.
struct StepTime {
  std::string name;  ///< the model's nodes
  std::string op;    ///< "conv", "max_pool", …
  std::string tactic;
  std::string precision;  ///< "fp32", …
  double ms = 0;
  double gflop = 0;  ///< work in 10^9 operations
};

/// One run at a time: a context is not for two threads at once. Contexts of one engine are independent.
class Context {
 public:
  /// Every input and output of the network must be given, once, with exactly its size. Allocates nothing.
  /// Throws Error(bad_usage) before anything is computed if a name is unknown, missing, or a size is wrong.
  void run(std::initializer_list<InputView> inputs, std::initializer_list<OutputView> outputs);
  void run(std::span<const InputView> inputs, std::span<const OutputView> outputs);
  /// Returns at once; the caller's memory must stay valid until Pending::wait() returns. Runs are done in order, those
  /// of run() and profile() included. Throws as run() does, at once. A Context that goes finishes its runs first.
  Pending run_async(std::span<const InputView> inputs, std::span<const OutputView> outputs);
  Pending run_async(std::initializer_list<InputView> inputs, std::initializer_list<OutputView> outputs);
  /// Puts the calling thread, which takes part in every run(), where ContextOptions wants the context's first thread.
  /// Throws Error where the system refuses; nothing happens when the options name no place.
  void place_caller() const;
  /// A run that waits for each step and times it: slower than run() by the waits.
  std::vector<StepTime> profile(std::span<const InputView> inputs, std::span<const OutputView> outputs);

  int threads() const;

  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();

  struct Impl;
  explicit Context(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace stretto
