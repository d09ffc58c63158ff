// Engine: a loaded plan, shared by any number of contexts. Part of the runtime: links without the build side.
#pragma once

#include <stretto/context.h>
#include <stretto/error.h>
#include <stretto/types.h>

#include <memory>
#include <string>
#include <vector>

namespace stretto {

class Plan;

struct ContextOptions {
  int threads = 0;  ///< workers, the caller included; 0: the CPUs this process may use
  int program = 0;  ///< which set of input shapes, in the order they were built
  /// When runs come at a steady rate with rests between them, as from a camera, wake the processors and fetch the
  /// weights shortly before the next one is due. Costs a fifth of a run's processor time at most; runs without a rhythm
  /// cost nothing. Idle-priority threads do it, as many as `threads`.
  bool pacing = true;
  /// CPUs for the threads, one each, in turn; the calling thread is the first of them and joins with
  /// Context::place_caller(). Empty: wherever the system puts them.
  std::vector<int> cpus;
  /// 1 to 99: threads belong to the system's first-in-first-out real-time class (needs root or `ulimit -r`). 0: as
  /// usual.
  int priority = 0;
};

/// Cheap to copy: copies share the plan. Immutable, so safe to use from any thread.
class Engine {
 public:
  /// `device` as for load().
  explicit Engine(const Plan& plan, const std::string& device = {});
  /// Maps the file; weights are not copied. Throws Error (bad_input: damaged or foreign; failed: needs another
  /// machine). `check_weights` compares the checksum of the weights as well, which reads the whole file. `device`:
  /// which GPU a plan for one runs on, "cuda:1"; empty: the first. A plan for another device than named is refused.
  static Engine load(const std::string& path, bool check_weights = false, const std::string& device = {});

  int programs() const;
  std::vector<TensorInfo> inputs(int program = 0) const;
  std::vector<TensorInfo> outputs(int program = 0) const;
  /// Known exactly before anything runs.
  MemoryUse memory(int program = 0, int threads = 0) const;
  /// The preprocessing recorded at build time; empty if none.
  std::string preprocess() const;

  Context context(const ContextOptions& options = {}) const;

  struct Impl;
  const std::shared_ptr<const Impl>& impl() const { return impl_; }

 private:
  explicit Engine(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace stretto
