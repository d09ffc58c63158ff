// The tasks of the table for AVX512-FP16, emulated: for tests alone.
#pragma once

#include "kernels/cpu/x86/conv_half_params.h"

namespace stretto::kernels::fp16_emulated {

void conv_direct(const StepArgs& args, TaskId id);
void channels(const StepArgs& args, TaskId id);
void conv_first(const StepArgs& args, TaskId id);
void conv_first_pool(const StepArgs& args, TaskId id);
void depthwise(const StepArgs& args, TaskId id);
void elementwise(const StepArgs& args, TaskId id);
void pool(const StepArgs& args, TaskId id);
void reduce(const StepArgs& args, TaskId id);
void resample(const StepArgs& args, TaskId id);
void separable(const StepArgs& args, TaskId id);
void winograd(const StepArgs& args, TaskId id);
void reformat(const StepArgs& args, TaskId id);

}  // namespace stretto::kernels::fp16_emulated
