#include "device/plugin.h"

#include <gtest/gtest.h>

#include "device/gpu.h"

namespace stretto {
namespace {

TEST(Plugin, one_that_is_not_there_is_one_line) {
  const Status status = open_plugin("/no/such/libstretto_cuda.so").status();
  EXPECT_EQ(status.code(), Code::failed);
  EXPECT_NE(status.message().find("/no/such"), std::string::npos) << status.message();
  EXPECT_EQ(status.message().find('\n'), std::string::npos) << status.message();
}

TEST(Plugin, another_interface_is_refused_and_both_are_named) {
  const Status status = open_plugin(STRETTO_OTHER_INTERFACE).status();
  EXPECT_EQ(status.code(), Code::failed);
  EXPECT_NE(status.message().find("version " + std::to_string(STRETTO_CUDA_ABI)), std::string::npos);
  EXPECT_NE(status.message().find("version " + std::to_string(STRETTO_CUDA_ABI + 1)), std::string::npos);
}

TEST(Gpu, devices_have_names) {
  EXPECT_EQ(*gpu_number("cpu"), -1);
  EXPECT_EQ(*gpu_number("cuda"), 0);
  EXPECT_EQ(*gpu_number("cuda:0"), 0);
  EXPECT_EQ(*gpu_number("cuda:12"), 12);
  for (const char* wrong : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda:99999", "cuda0", "CUDA"}) {
    EXPECT_EQ(gpu_number(wrong).status().code(), Code::bad_usage) << wrong;
  }
  EXPECT_EQ(compute_text(90), "9.0");
}

}  // namespace
}  // namespace stretto
