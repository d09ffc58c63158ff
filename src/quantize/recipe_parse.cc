// Reading a recipe: a line at a time, everything checked where it stands.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "quantize/recipe.h"

namespace stretto::quantize {
namespace {

constexpr size_t kLongestName = 4096;
constexpr size_t kLongestText = size_t{1} << 30;
constexpr size_t kSha256Digits = 64;

/// Text for a message: one line, not long.
std::string shown(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string out = "'";
  for (char c : text.substr(0, kMost)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + (text.size() > kMost ? "…'" : "'");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Reads one line from left to right.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  bool done() {
    skip_spaces();
    return rest_.empty();
  }
  size_t left() const { return rest_.size(); }

  std::string_view word() {
    skip_spaces();
    std::string_view w = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(w.size());
    return w;
  }

  Status keyword(std::string_view expected) {
    std::string_view w = word();
    if (w == expected) return {};
    return bad_input(fmt::format("{} where the word '{}' is expected", shown(w), expected));
  }

  /// A name or a reason in quotes.
  Result<std::string> quoted(std::string_view what) {
    skip_spaces();
    if (rest_.empty() || rest_.front() != '"') return bad_input(fmt::format("{} in quotes is expected", what));
    std::string out;
    for (size_t i = 1; i < rest_.size() && out.size() < kLongestName; ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        if (!rest_.empty() && rest_.front() != ' ' && rest_.front() != '\t') {
          return bad_input(fmt::format("a space is expected behind {} in quotes", what));
        }
        return out;
      }
      if (rest_[i] != '\\') {
        out += rest_[i];
        continue;
      }
      const int high = i + 2 < rest_.size() ? hex_digit(rest_[i + 1]) : -1;
      const int low = high < 0 ? -1 : hex_digit(rest_[i + 2]);
      if (low < 0) return bad_input(fmt::format("{} has a backslash without two hexadecimal digits behind it", what));
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
    return bad_input(fmt::format("{} has no closing quote, or is longer than {} bytes", what, kLongestName));
  }

  template <class T>
  Result<T> number(std::string_view what) {
    std::string_view w = word();
    T value{};
    auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), value);
    if (w.empty() || error != std::errc() || end != w.data() + w.size()) {
      return bad_input(fmt::format("{} is {}, which is no number that fits", what, shown(w)));
    }
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) return bad_input(fmt::format("{} is {}; a finite number is expected", what, value));
    }
    return value;
  }

  Result<float> scale(std::string_view what) {
    STRETTO_ASSIGN(float value, number<float>(what));
    if (is_scale(value)) return value;
    return bad_input(fmt::format("{} is {}; expected {} to {}", what, value, kSmallestScale, kLargestScale));
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

enum class Kind { any, scale, positive };

/// "4 0.1 0.2 0.3 0.4"
Result<std::vector<float>> read_numbers(Words& in, Kind kind) {
  STRETTO_ASSIGN(int64_t count, in.number<int64_t>("the count"));
  // Each number takes a space and a digit: the line bounds the memory.
  if (count < 1 || static_cast<uint64_t>(count) > in.left() / 2) {
    return bad_input(
        fmt::format("the count {} does not fit the line, which has at most {} numbers", count, in.left() / 2));
  }
  std::vector<float> numbers;
  numbers.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const std::string what = fmt::format("number {} of {}", i + 1, count);
    STRETTO_ASSIGN(float v, kind == Kind::scale ? in.scale(what) : in.number<float>(what));
    if (kind == Kind::positive && !is_scale(v)) {
      return bad_input(fmt::format("{} is {}; a factor is from {} to {}", what, v, kSmallestScale, kLargestScale));
    }
    numbers.push_back(v);
  }
  return numbers;
}

Result<Rounding> read_rounding(Words& in) {
  Rounding rounding;
  STRETTO_ASSIGN(rounding.count, in.number<int64_t>("the count"));
  std::string_view hex = in.word();
  if (rounding.count < 1 || rounding.count > static_cast<int64_t>(hex.size()) * 2 ||
      static_cast<int64_t>(hex.size()) != (rounding.count + 3) / 4 * 2) {
    return bad_input(fmt::format("{} hexadecimal digits for {} decisions; two are expected for every 4 begun",
                                 hex.size(), rounding.count));
  }
  rounding.bits.clear();
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return bad_input(fmt::format("{} has digits other than 0–9 and a–f", shown(hex)));
    rounding.bits.push_back(static_cast<uint8_t>(high * 16 + low));
  }
  if (rounding.count % 4 != 0 && rounding.bits.back() >> (rounding.count % 4 * 2) != 0) {
    return bad_input("the last byte has decisions past the count; write zeros there");
  }
  return rounding;
}

Result<ValueScale> read_value(Words& in) {
  ValueScale v;
  STRETTO_TRY(in.keyword("scale"));
  STRETTO_ASSIGN(v.scale, in.scale("the scale"));
  STRETTO_TRY(in.keyword("zero"));
  STRETTO_ASSIGN(v.zero, in.number<int32_t>("the zero point"));
  if (v.zero < 0 || v.zero > 255) return bad_input(fmt::format("the zero point is {}; expected 0 to 255", v.zero));
  STRETTO_TRY(in.keyword("method"));
  std::string_view method = in.word();
  auto known = method_from_name(method);
  if (!known) {
    return bad_input(
        fmt::format("{} is no method; known are minmax, percentile, entropy, mse, manual and "
                    "weighted_mse",
                    shown(method)));
  }
  v.method = *known;
  STRETTO_TRY(in.keyword("observed"));
  STRETTO_ASSIGN(v.observed.low, in.number<float>("the least observed number"));
  STRETTO_ASSIGN(v.observed.high, in.number<float>("the greatest observed number"));
  if (v.observed.low > v.observed.high) {
    return bad_input("the observed range is reversed; write the least number first");
  }
  if (in.done()) return v;
  STRETTO_TRY(in.keyword("sqnr"));
  STRETTO_ASSIGN(v.sqnr_db, in.number<float>("the signal to noise"));
  return v;
}

Result<NodeChoice> read_node(Words& in) {
  NodeChoice node;
  std::string_view type = in.word();
  if (type != "int8" && type != "fp32" && type != "fp16") {
    return bad_input(fmt::format("{} is no type of a node; known are int8, fp32 and fp16", shown(type)));
  }
  node.type = type == "int8" ? NodeType::int8 : type == "fp32" ? NodeType::fp32 : NodeType::fp16;
  if (!in.done()) {
    STRETTO_ASSIGN(node.reason, in.quoted("the reason"));
  }
  return node;
}

class Parser {
 public:
  Status line(std::string_view text) {
    Words in(text);
    if (in.done() || text.front() == '#') return {};
    if (ended_) return bad_input("nothing may stand behind 'end'; move the line before it");
    if (!begun_) return header(in);
    std::string_view statement = in.word();
    if (recipe_.model_sha256.empty()) return model(statement, in);
    STRETTO_TRY(this->statement(statement, in));
    if (!in.done()) return bad_input(fmt::format("{} stands behind what the line needs; remove it", shown(in.word())));
    return {};
  }

  Result<Recipe> finish() {
    if (ended_) return std::move(recipe_);
    return bad_input("the text stops before 'end': the file is cut off; fetch it again, or add the line 'end'");
  }

 private:
  Status header(Words& in) {
    if (in.word() != "stretto" || in.word() != "recipe") {
      return bad_input("the first line must be 'stretto recipe 1': this is not a recipe");
    }
    std::string_view version = in.word();
    if (version != "1" || !in.done()) {
      return bad_input(fmt::format("version {} of recipes is not known here, only 1; calibrate again", shown(version)));
    }
    begun_ = true;
    return {};
  }

  Status model(std::string_view statement, Words& in) {
    std::string_view digits = in.word();
    bool good = statement == "model" && digits.size() == kSha256Digits && in.done();
    for (char c : digits) good = good && hex_digit(c) >= 0;
    if (!good) {
      return bad_input("the second line must be 'model' and the SHA-256 of the model, 64 digits of 0–9 and a–f");
    }
    recipe_.model_sha256 = digits;
    return {};
  }

  /// Puts what `read` gives under the line's name; a name stands once.
  template <class T, class Read>
  static Status enter(Words& in, std::map<std::string, T>& into, Read read) {
    STRETTO_ASSIGN(std::string name, in.quoted("a name"));
    if (name.empty()) return bad_input("the name is empty");
    if (into.contains(name)) return bad_input(fmt::format("{} stands twice; remove one of the lines", shown(name)));
    STRETTO_ASSIGN(T entry, read(in));
    into.emplace(std::move(name), std::move(entry));
    return {};
  }

  Status statement(std::string_view statement, Words& in) {
    auto scales = [](Words& words) { return read_numbers(words, Kind::scale); };
    auto numbers = [](Words& words) { return read_numbers(words, Kind::any); };
    auto factors = [](Words& words) { return read_numbers(words, Kind::positive); };
    if (statement == "value") return enter(in, recipe_.values, read_value);
    if (statement == "node") return enter(in, recipe_.nodes, read_node);
    if (statement == "weights") return enter(in, recipe_.weights, scales);
    if (statement == "correction") return enter(in, recipe_.correction, numbers);
    if (statement == "rounding") return enter(in, recipe_.rounding, read_rounding);
    if (statement == "equalise") return enter(in, recipe_.equalise, factors);
    if (statement == "note") {
      STRETTO_ASSIGN(std::string note, in.quoted("a note"));
      recipe_.notes.push_back(std::move(note));
      return {};
    }
    if (statement == "end") {
      ended_ = true;
      return {};
    }
    return bad_input(
        fmt::format("{} begins no line of a recipe; known are note, value, node, weights, correction, "
                    "rounding, equalise and end",
                    shown(statement)));
  }

  Recipe recipe_;
  bool begun_ = false, ended_ = false;
};

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, const std::string& file) {
  if (text.size() > kLongestText) return bad_input(file + ": longer than 1 GiB: this is not a recipe");
  Parser parser;
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    STRETTO_TRY(parser.line(line).in(fmt::format("{}:{}", file, number)));
  }
  auto recipe = parser.finish();
  if (!recipe.ok()) return recipe.status().in(fmt::format("{}:{}", file, number + 1));
  return recipe;
}

}  // namespace stretto::quantize
