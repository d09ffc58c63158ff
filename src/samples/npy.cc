#include "samples/npy.h"

#include <fmt/format.h>

#include <cctype>
#include <cstring>
#include <optional>
#include <string_view>

namespace stretto::samples {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxHeader = 64 << 10;

struct TypeCode {
  DType dtype;
  const char* code;
};
constexpr TypeCode kCodes[] = {
    {DType::f32, "<f4"}, {DType::f64, "<f8"}, {DType::f16, "<f2"}, {DType::i8, "|i1"},
    {DType::u8, "|u1"},  {DType::i16, "<i2"}, {DType::u16, "<u2"}, {DType::i32, "<i4"},
    {DType::u32, "<u4"}, {DType::i64, "<i8"}, {DType::u64, "<u8"}, {DType::boolean, "|b1"},
};

std::optional<DType> dtype_of(std::string_view code) {
  for (const TypeCode& t : kCodes) {
    if (code == t.code) return t.dtype;
  }
  return std::nullopt;
}

std::string_view code_of(DType dtype) {
  for (const TypeCode& t : kCodes) {
    if (dtype == t.dtype) return t.code;
  }
  return "<V2";  // bf16: NumPy has none; raw bytes of two
}

/// Reads the Python dictionary of the header: strings, True/False, and one tuple of numbers.
class HeaderScanner {
 public:
  explicit HeaderScanner(std::string_view text) : text_(text) {}

  bool eat(char c) {
    skip();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<std::string_view> quoted() {
    skip();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) return std::nullopt;
    const size_t end = text_.find(text_.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value;
  }
  std::string_view word() {
    skip();
    size_t n = 0;
    while (n < text_.size() && std::isalpha(static_cast<unsigned char>(text_[n]))) ++n;
    const std::string_view value = text_.substr(0, n);
    text_.remove_prefix(n);
    return value;
  }
  std::optional<int64_t> number() {
    skip();
    int64_t value = 0;
    size_t n = 0;
    while (n < text_.size() && std::isdigit(static_cast<unsigned char>(text_[n]))) {
      if (n > 15) return std::nullopt;
      value = value * 10 + (text_[n++] - '0');
    }
    if (n == 0) return std::nullopt;
    text_.remove_prefix(n);
    return value;
  }

 private:
  void skip() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front()))) text_.remove_prefix(1);
  }
  std::string_view text_;
};

struct Header {
  std::string descr;
  bool fortran = false;
  Shape shape;
};

std::optional<Shape> scan_tuple(HeaderScanner& in) {
  if (!in.eat('(')) return std::nullopt;
  Shape shape;
  while (!in.eat(')')) {
    const std::optional<int64_t> n = in.number();
    if (!n || shape.size() >= kMaxRank) return std::nullopt;
    shape.push_back(*n);
    if (!in.eat(',')) {
      if (!in.eat(')')) return std::nullopt;
      break;
    }
  }
  return shape;
}

std::optional<Header> scan_header(std::string_view text) {
  HeaderScanner in(text);
  Header header;
  int seen = 0;
  if (!in.eat('{')) return std::nullopt;
  while (!in.eat('}')) {
    const auto key = in.quoted();
    if (!key || !in.eat(':') || ++seen > 3) return std::nullopt;
    if (*key == "descr") {
      const auto value = in.quoted();
      if (!value) return std::nullopt;
      header.descr = *value;
    } else if (*key == "fortran_order") {
      const std::string_view value = in.word();
      if (value != "True" && value != "False") return std::nullopt;
      header.fortran = value == "True";
    } else if (*key == "shape") {
      const auto shape = scan_tuple(in);
      if (!shape) return std::nullopt;
      header.shape = *shape;
    } else {
      return std::nullopt;
    }
    if (!in.eat(',')) {
      if (!in.eat('}')) return std::nullopt;
      break;
    }
  }
  return seen == 3 ? std::optional(header) : std::nullopt;
}

}  // namespace

bool is_npy(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<Tensor> parse_npy(std::span<const std::byte> bytes, const std::string& where) {
  const Status damaged =
      bad_input(fmt::format("{}: not a .npy file, or a damaged one; write it with numpy.save", where));
  if (!is_npy(bytes) || bytes.size() < 12) return damaged;
  const auto byte_at = [&](size_t i) { return static_cast<size_t>(bytes[i]); };
  const size_t version = byte_at(6);
  if (version < 1 || version > 3) {
    return bad_input(
        fmt::format("{}: .npy version {} is not known (1 to 3 are); write it with numpy.save", where, version));
  }
  size_t begin = 10, header_bytes = byte_at(8) | byte_at(9) << 8;
  if (version > 1) {
    header_bytes |= byte_at(10) << 16 | byte_at(11) << 24;
    begin = 12;
  }
  if (header_bytes > kMaxHeader || begin + header_bytes > bytes.size()) return damaged;
  const auto header = scan_header({reinterpret_cast<const char*>(bytes.data()) + begin, header_bytes});
  if (!header) return damaged;
  const auto dtype = dtype_of(header->descr);
  if (!dtype) {
    return bad_input(fmt::format("{}: elements of type '{}' are not taken; convert with .astype(numpy.float32)", where,
                                 header->descr));
  }
  if (header->fortran && header->shape.size() > 1) {
    return bad_input(fmt::format("{}: in Fortran order; save numpy.ascontiguousarray(x)", where));
  }
  const auto count = checked_elements(header->shape);
  if (!count) return damaged;
  const std::span<const std::byte> data = bytes.subspan(begin + header_bytes);
  const TensorType type{*dtype, header->shape};
  if (data.size() != type.bytes()) {
    return bad_input(fmt::format("{}: {} bytes of data where {} takes {}; the file is damaged", where, data.size(),
                                 to_string(type), type.bytes()));
  }
  Tensor tensor(type);
  if (!data.empty()) std::memcpy(tensor.mutable_data(), data.data(), data.size());
  return tensor;
}

std::vector<std::byte> to_npy(const TensorType& type, const void* data) {
  std::string shape = "(";
  for (int i = 0; i < type.shape.size(); ++i) shape += fmt::format("{}{}", i ? ", " : "", type.shape[i]);
  shape += type.shape.size() == 1 ? ",)" : ")";
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", code_of(type.dtype), shape);
  const size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((64 - unpadded % 64) % 64, ' ');
  header += '\n';
  std::string file(kMagic);
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  std::vector<std::byte> out(file.size() + type.bytes());
  std::memcpy(out.data(), file.data(), file.size());
  if (type.bytes() != 0) std::memcpy(out.data() + file.size(), data, type.bytes());
  return out;
}

}  // namespace stretto::samples
