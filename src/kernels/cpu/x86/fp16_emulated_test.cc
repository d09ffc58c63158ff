// The emulated table has every row, and its arithmetic rounds as f16 does.
#include "kernels/cpu/x86/fp16_emulated.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/cpu/x86/fp16_emulated/params.h"
#include "kernels/cpu/x86/table.h"

namespace stretto::kernels {
namespace {

const std::map<std::string_view, TaskFunction> kTasks = {
    {"cpu.avx512_fp16.conv_direct", fp16_emulated::conv_direct},
    {"cpu.avx512_fp16.conv_transpose", fp16_emulated::conv_direct},
    {"cpu.avx512_fp16.channels", fp16_emulated::channels},
    {"cpu.avx512_fp16.conv_first", fp16_emulated::conv_first},
    {"cpu.avx512_fp16.conv_first_pool", fp16_emulated::conv_first_pool},
    {"cpu.avx512_fp16.depthwise", fp16_emulated::depthwise},
    {"cpu.avx512_fp16.elementwise", fp16_emulated::elementwise},
    {"cpu.avx512_fp16.pool", fp16_emulated::pool},
    {"cpu.avx512_fp16.spatial_reduce", fp16_emulated::reduce},
    {"cpu.avx512_fp16.resample", fp16_emulated::resample},
    {"cpu.avx512_fp16.separable", fp16_emulated::separable},
    {"cpu.avx512_fp16.winograd", fp16_emulated::winograd},
    {"cpu.avx512_fp16.reformat", fp16_emulated::reformat},
};

}  // namespace

TacticTable fp16_emulated_table() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Tactic& tactic : x86_fp16_table()) names.push_back(std::string(tactic.name) + "_emulated");
    return names;
  }();
  static const std::vector<Tactic> kRows = [] {
    std::vector<Tactic> rows(x86_fp16_table().begin(), x86_fp16_table().end());
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].task = kTasks.at(rows[i].name);
      rows[i].name = kNames[i].c_str();
      rows[i].isa = Isa::avx512;
    }
    return rows;
  }();
  return kRows;
}

TEST(Fp16Emulated, EveryRowHasItsEmulation) {
  ASSERT_EQ(fp16_emulated_table().size(), x86_fp16_table().size());
  for (const Tactic& tactic : fp16_emulated_table()) EXPECT_EQ(tactic.isa, Isa::avx512);
}

}  // namespace stretto::kernels
