#include "quantize/recipe.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace stretto::quantize {
namespace {

const std::string kHash(64, 'a');
const std::string kHead = "stretto recipe 1\nmodel " + kHash + "\n";

Recipe example() {
  Recipe r;
  r.model_sha256 = kHash;
  r.notes = {"minmax: 31.20 dB", "a \"quote\" and a \\", "minmax: 31.20 dB"};
  r.values["conv \"1\"\\\n"] = {0.1f, 128, Method::entropy, {-1.5f, 1e-30f}, 41.25f};
  r.values["y"] = {kSmallestScale, 0, Method::manual, {0, std::numeric_limits<float>::max()}};
  r.nodes["conv1"] = {NodeType::int8, ""};
  r.nodes["soft max"] = {NodeType::fp32, "has \"no\" integer form"};
  r.nodes["head"] = {NodeType::fp16, "asked for"};
  r.weights["conv1"] = {0.1f, 1.f / 3, 3.4e-8f};
  r.correction["conv1"] = {-0.f, 1e-45f, -123456.7f};
  r.rounding["conv1"] = Rounding(7, {0xa5, 0x07});
  r.equalise["y"] = {2, 0.3333333f};
  return r;
}

std::string failure(const std::string& text) {
  auto r = parse_recipe(text, "r.txt");
  return r.ok() ? "" : r.status().message();
}

TEST(Recipe, reads_back_what_it_writes_to_the_bit) {
  std::string text = to_text(example());
  auto read = parse_recipe(text, "r.txt");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, example());
  EXPECT_EQ(to_text(*read), text);
  EXPECT_TRUE(std::signbit(read->correction["conv1"][0]));
}

TEST(Recipe, random_floats_round_trip) {
  std::mt19937 engine(1);
  Recipe r;
  r.model_sha256 = kHash;
  while (r.correction["n"].size() < 5000) {
    auto bits = static_cast<uint32_t>(engine());
    float v;
    std::memcpy(&v, &bits, 4);
    if (std::isfinite(v)) r.correction["n"].push_back(v);
  }
  auto read = parse_recipe(to_text(r), "r.txt");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, r);
}

TEST(Recipe, comments_empty_lines_order_and_line_ends_are_free) {
  auto r = parse_recipe("# mine\r\n\n" + kHead +
                            "\n  node \"b\"   int8\n# why\nvalue \"v\" scale 1 zero 2 method manual "
                            "observed 0 1\nnode \"a\"\tfp32 \"x\"\nend\n\n# after\n",
                        "r.txt");
  ASSERT_TRUE(r.ok()) << r.status().message();
  EXPECT_EQ(r->nodes.size(), 2u);
  EXPECT_EQ(r->values["v"].zero, 2);
}

TEST(Recipe, errors_say_file_line_and_what) {
  for (auto [line, part] : {
           std::pair{"value \"v\" scale 0 zero 0 method mse observed 0 1", "the scale is 0"},
           {"value \"v\" scale -1 zero 0 method mse observed 0 1", "the scale is -1"},
           {"value \"v\" scale inf zero 0 method mse observed 0 1", "finite"},
           {"value \"v\" scale nan zero 0 method mse observed 0 1", "finite"},
           {"value \"v\" scale 1e999 zero 0 method mse observed 0 1", "no number"},
           {"value \"v\" scale 1x zero 0 method mse observed 0 1", "no number"},
           {"value \"v\" scale 1 zero 256 method mse observed 0 1", "0 to 255"},
           {"value \"v\" scale 1 zero -1 method mse observed 0 1", "0 to 255"},
           {"value \"v\" scale 1 zero 99999999999 method mse observed 0 1", "no number"},
           {"value \"v\" scale 1 zero 0 method guess observed 0 1", "no method"},
           {"value \"v\" scale 1 zero 0 method mse observed 2 1", "reversed"},
           {"value \"v\" scale 1 zero 0 method mse observed 2", "no number"},
           {"value \"v\" zero 0 scale 1 method mse observed 2 3", "'scale' is expected"},
           {"value v scale 1 zero 0 method mse observed 0 1", "in quotes"},
           {"value \"v scale 1", "closing quote"},
           {"value \"\" scale 1 zero 0 method mse observed 0 1", "empty"},
           {"value \"\\zz\" scale 1", "backslash"},
           {"value \"\\", "backslash"},
           {"node \"n\" int4", "int8, fp32 and fp16"},
           {"node \"n\" int8 why", "in quotes"},
           {"node \"n\" int8 \"why\" now", "stands behind"},
           {"node \"n\"int8", "a space"},
           {"weights \"n\" 3 1 2", "does not fit"},
           {"weights \"n\" 3 10 20", "no number"},
           {"weights \"n\" 2 1 2 3", "stands behind"},
           {"weights \"n\" 9000000000000000000 1 2", "does not fit"},
           {"weights \"n\" -1", "does not fit"},
           {"weights \"n\" 0", "does not fit"},
           {"weights \"n\" 1 0", "expected"},
           {"equalise \"v\" 1 -2", "factor"},
           {"correction \"n\" 1 inf", "finite"},
           {"rounding \"n\" 5 ff", "hexadecimal"},
           {"rounding \"n\" 4 fg", "digits"},
           {"rounding \"n\" 3 ff", "past the count"},
           {"rounding \"n\" 9223372036854775807 ff", "hexadecimal"},
           {"colour \"n\"", "begins no line"},
           {"end\nnode \"n\" int8", "behind 'end'"},
       }) {
    std::string message = failure(kHead + line + "\nend\n");
    EXPECT_NE(message.find(part), std::string::npos) << line << " gave: " << message;
    EXPECT_TRUE(message.starts_with("r.txt:3: ") || message.starts_with("r.txt:4: ")) << message;
  }
  EXPECT_NE(failure(kHead + "node \"n\" int8\nnode \"n\" fp32\nend\n").find("r.txt:4: 'n' stands twice"),
            std::string::npos);
  EXPECT_NE(failure(kHead).find("cut off"), std::string::npos);
  EXPECT_NE(failure("").find("cut off"), std::string::npos);
  EXPECT_NE(failure("stretto recipe 2\n").find("only 1"), std::string::npos);
  EXPECT_NE(failure("ELF").find("not a recipe"), std::string::npos);
  EXPECT_NE(failure("stretto recipe 1\nmodel abc\n").find("64 digits"), std::string::npos);
  EXPECT_NE(failure(kHead + "node \"" + std::string(10000, 'x') + "\" int8\nend\n").find("longer"), std::string::npos);
}

TEST(Recipe, another_model_is_refused_with_both_hashes) {
  EXPECT_TRUE(check_model(example(), kHash, "m.onnx", "r.txt").ok());
  Status s = check_model(example(), std::string(64, 'b'), "m.onnx", "r.txt");
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find(kHash), std::string::npos);
  EXPECT_NE(s.message().find("m.onnx has bbb"), std::string::npos);
}

/// Bytes changed, removed, doubled and moved: the parser either refuses or gives a recipe that round-trips.
TEST(Recipe, no_mutation_of_the_text_breaks_the_parser) {
  const std::string seed_text = to_text(example());
  std::mt19937 engine(7);
  auto below = [&](size_t n) { return engine() % n; };
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = seed_text;
    for (size_t edits = 1 + below(4); edits > 0 && !text.empty(); --edits) {
      const size_t at = below(text.size()), length = 1 + below(8);
      switch (below(5)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, length);
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), length * 4));
          break;
        case 3:
          text.resize(at);
          break;
        default:
          text[at] = "0123456789.e-\" \n"[below(16)];
          break;
      }
    }
    auto r = parse_recipe(text, "r.txt");
    if (!r.ok()) {
      EXPECT_TRUE(r.status().message().starts_with("r.txt:")) << r.status().message();
      EXPECT_EQ(r.status().message().find('\n'), std::string::npos);
      continue;
    }
    ++accepted;
    auto again = parse_recipe(to_text(*r), "again");
    ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << text;
    EXPECT_EQ(*again, *r);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace stretto::quantize
