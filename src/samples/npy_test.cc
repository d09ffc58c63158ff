#include "samples/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace stretto::samples {
namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> out(text.size());
  std::memcpy(out.data(), text.data(), text.size());
  return out;
}

std::vector<std::byte> file_with(const std::string& header, size_t data_bytes, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  if (version > 1) file += std::string(2, '\0');
  return bytes_of(file + header + std::string(data_bytes, 'x'));
}

TEST(Npy, RoundTrips) {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3, 4}, Shape{0, 5}}) {
    std::vector<float> values(static_cast<size_t>(elements(shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.5f - 1;
    const TensorType type{DType::f32, shape};
    const std::vector<std::byte> file = to_npy(type, values.data());
    EXPECT_EQ((file.size() - type.bytes()) % 64, 0u);
    const auto back = parse_npy(file, "a.npy");
    ASSERT_TRUE(back.ok()) << back.status().message();
    EXPECT_EQ(back->type(), type);
    EXPECT_TRUE(values.empty() || std::memcmp(back->data(), values.data(), type.bytes()) == 0);
  }
}

TEST(Npy, ReadsEveryVersionAndSpelling) {
  const std::string header = "{\"shape\": (2,), 'fortran_order': False, 'descr': '<i8'}\n";
  for (char version : {1, 2, 3}) {
    const auto tensor = parse_npy(file_with(header, 16, version), "a.npy");
    ASSERT_TRUE(tensor.ok()) << tensor.status().message();
    EXPECT_EQ(tensor->type(), (TensorType{DType::i64, {2}}));
  }
}

TEST(Npy, RefusesWhatItCannotRead) {
  const char* headers[] = {
      "{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }",
      "{'descr': '<f4', 'fortran_order': True, 'shape': (2,2), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,99999999999999), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
      "{'descr': '<f4', 'fortran_order': False}",
      "{",
      "",
  };
  for (const char* header : headers) {
    const auto tensor = parse_npy(file_with(header, 8), "a.npy");
    EXPECT_FALSE(tensor.ok()) << header;
    EXPECT_EQ(tensor.status().code(), Code::bad_input);
    EXPECT_EQ(tensor.status().message().rfind("a.npy: ", 0), 0u);
  }
}

TEST(Npy, SurvivesDamagedFiles) {
  const float values[] = {1, 2, 3, 4};
  const std::vector<std::byte> good = to_npy({DType::f32, {2, 2}}, values);
  std::mt19937 random(1);
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(parse_npy(std::span(good).first(n), "a.npy").ok());
  }
  for (int i = 0; i < 20000; ++i) {
    auto bad = good;
    for (int k = 0; k < 3; ++k) bad[random() % bad.size()] = static_cast<std::byte>(random());
    (void)parse_npy(bad, "a.npy");
  }
}

}  // namespace
}  // namespace stretto::samples
