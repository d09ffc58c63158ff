// GpuTrial: a tactic of a GPU on a trial's data.
#pragma once

#include "device/gpu.h"
#include "tactics/select/trial.h"

namespace stretto {

/// Several copies of all buffers in the GPU's memory, as a Trial has them on the CPU; timed as a graph that runs over
/// them in turn, by the GPU's clock. A step costs in it what it costs between others.
class GpuTrial final : public TrialRun {
 public:
  /// `tactic` is of cuda_tactic_table(). Fails when the GPU has no room.
  static Result<std::unique_ptr<TrialRun>> make(std::shared_ptr<Gpu> gpu, const TrialData& data, const Tactic& tactic,
                                                const Config& config);

  Result<Tensor> run_once() override;
  double time_round() override;
  size_t scratch_bytes() const override { return booking_.scratch_bytes; }

 private:
  /// Parts of memory_, each beginning at a multiple of kPartBytes.
  struct Copy {
    std::vector<const void*> src;
    std::byte *output = nullptr, *weights = nullptr, *scratch = nullptr;
  };

  GpuTrial(std::shared_ptr<Gpu> gpu, const TrialData& data, const Tactic& tactic, const Config& config);
  Status fill_copies();
  /// The first copy, from the host; the others are copies of it.
  Status fill_first(const std::vector<std::byte>& packed);
  Status fill_guarded(std::byte* memory, size_t bytes) const;
  Status check_guard(const std::byte* memory, size_t bytes, const char* what) const;

  std::shared_ptr<Gpu> gpu_;
  const TrialData& data_;
  const Tactic& tactic_;
  Config config_;
  std::string problem_;
  Booking booking_;
  GpuMemory memory_;  // of all copies
  std::vector<Copy> copies_;
  std::vector<StrettoStep> steps_;
  GpuGraph once_, round_;
};

}  // namespace stretto
